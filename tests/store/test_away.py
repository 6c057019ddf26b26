"""What stands in for a store that cannot be opened."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from gateway.interfaces import StoreBusyError
from gateway.model.directory import Directory
from gateway.model.envelope import Relayed, RelayState
from gateway.model.facts import Lookup
from gateway.store.away import AwaitedStore
from gateway.store.sqlite import SqliteStore

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
LISTS = Directory(domains=frozenset({"corp.example"}))


def awaited(path: Path) -> AwaitedStore:
    """Return the stand-in for a store in whose place stands something else."""
    path.write_bytes(b"This is no database. " * 100)
    return AwaitedStore(partial(SqliteStore.open, path), LISTS, StoreBusyError("it is away"))


async def test_every_question_is_refused_with_what_is_wrong(path: Path) -> None:
    store = awaited(path)
    for question in (
        store.recall(Lookup("one@x.example")),
        store.kept("1"),
        store.waiting(),
        store.dismiss("1"),
        store.purge(NOON),
        store.prune(NOON, NOON),
        store.recover(NOON),
    ):
        with pytest.raises(StoreBusyError, match="it is away"):
            await question


def test_the_lists_hold_while_it_is_away(path: Path) -> None:
    store = awaited(path)
    assert (store.directory, store.jobs) == (LISTS, 0)


def test_why_it_cannot_be_opened_is_told_as_of_the_last_try(path: Path) -> None:
    store = awaited(path)
    with pytest.raises(StoreBusyError):
        store.try_again()
    assert "is no database" in store.trouble
    store.close()


async def test_it_is_the_store_once_that_can_be_opened(path: Path) -> None:
    store = awaited(path)
    path.unlink()  # noqa: ASYNC240 - a small file, and nobody else waits
    store.try_again()
    with closing(store):
        assert store.trouble == ""
        assert store.directory.known
        assert store.directory.domains == frozenset()
        store.settle("1", b"", Relayed(RelayState.RELAYED))
        assert store.jobs == 1
        assert await store.kept("1") is None
        assert await store.waiting() == ()
        assert await store.purge(NOON) == 0
        assert await store.prune(NOON, NOON) == 0
        assert await store.recover(NOON) == 0
        await store.dismiss("1")
