"""What goes on beside the mail while the store is away."""

from __future__ import annotations

import asyncio
from contextlib import closing
from functools import partial
from pathlib import Path

import structlog
from structlog.testing import capture_logs

from gateway.interfaces import StoreBusyError
from gateway.model.directory import Directory
from gateway.standby import Standby
from gateway.store import database
from gateway.store.away import AwaitedStore
from gateway.store.lists import place_of
from gateway.store.sqlite import SqliteStore


def log() -> structlog.stdlib.BoundLogger:
    """Return a log."""
    made: structlog.stdlib.BoundLogger = structlog.get_logger()
    return made


async def test_work_rests_while_the_store_is_away_and_goes_on_after(tmp_path: Path) -> None:
    path, worked = tmp_path / "replygate.db", asyncio.Event()

    async def work() -> None:
        worked.set()

    store = AwaitedStore(partial(SqliteStore.open, path), Directory(), StoreBusyError("away"))
    with capture_logs() as said, closing(store):
        standby = Standby(store, path, log())
        again = asyncio.ensure_future(standby.again(work, 0.01))
        await asyncio.sleep(0.03)
        rested = not worked.is_set()
        await standby.until_there()
        await asyncio.wait_for(worked.wait(), 10)
        again.cancel()
    assert rested
    assert [line["event"] for line in said] == ["the store cannot be opened", "the store is back"]


async def test_a_newer_store_that_comes_under_way_is_told_and_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "replygate.db"
    SqliteStore.open(path).close()
    connection = database.connect(path)
    connection.execute("INSERT INTO migrations VALUES (9999, '9999_later.sql', 0)")
    store = AwaitedStore(partial(SqliteStore.open, path), Directory(), StoreBusyError("away"))
    with capture_logs() as said, closing(store):
        waiting = asyncio.ensure_future(Standby(store, path, log()).until_there())
        async with asyncio.timeout(10):
            while len(said) < 2:  # noqa: ASYNC110 - a log tells nobody
                await asyncio.sleep(0.05)
        connection.execute("DELETE FROM migrations WHERE number = 9999")
        connection.close()
        await asyncio.wait_for(waiting, 10)
    assert "Upgrade replygate" in said[1]["trouble"]
    assert said[-1]["event"] == "the store is back"


async def test_what_cannot_be_done_yet_is_done_once_it_can(tmp_path: Path) -> None:
    with closing(SqliteStore.open(tmp_path / "replygate.db")) as store:
        tries = []

        async def work() -> None:
            tries.append(1)
            if len(tries) == 1:
                raise StoreBusyError("not yet")

        await Standby(store, tmp_path / "replygate.db", log()).until_done(work)
    assert len(tries) == 2


async def test_a_trouble_is_told_once(tmp_path: Path) -> None:
    tries, often = [], asyncio.Event()

    async def work() -> None:
        tries.append(1)
        if len(tries) == 3:
            often.set()
        raise StoreBusyError("locked")

    with closing(SqliteStore.open(tmp_path / "replygate.db")) as store, capture_logs() as said:
        again = asyncio.ensure_future(Standby(store, tmp_path, log()).again(work, 0.0))
        await asyncio.wait_for(often.wait(), 10)
        again.cancel()
    assert [line["event"] for line in said] == ["waiting for the store"]


async def test_lists_are_kept_when_they_changed(tmp_path: Path) -> None:
    path = tmp_path / "replygate.db"
    with closing(SqliteStore.open(path)) as store:
        standby = Standby(store, path, log())
        await standby.keep_lists()
        before = place_of(path).stat().st_ino
        await standby.keep_lists()
        assert place_of(path).stat().st_ino == before


async def test_lists_that_cannot_be_kept_are_told_of(tmp_path: Path) -> None:
    path = tmp_path / "replygate.db"
    with closing(SqliteStore.open(path)) as store, capture_logs() as said:
        await Standby(store, tmp_path / "gone" / "replygate.db", log()).keep_lists()
    assert [line["event"] for line in said] == ["the lists cannot be kept beside the store"]
