"""A gateway that starts without its store, or goes on without it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any

import pysqlite3
import pytest

from gateway.model.policy import Policy
from gateway.model.trust import Trust
from gateway.pipeline import Pipeline, Settings
from gateway.store.entries import Entries
from gateway.store.lists import place_of
from gateway.store.spool import FolderSpool
from gateway.store.sqlite import SqliteStore
from gateway.trust.keys import Keys
from gateway.trust.verifier import Verifier
from tests.letters import envelope_of
from tests.next_hop import next_hop
from tests.torture.gate import Gate, Zygote
from tests.torture.test_faults import LOG, PATIENCE_S, decided, gate, offer, send, waiting


async def listed(made: Gate) -> None:
    """Return when the lists are kept beside the store."""
    async with asyncio.timeout(PATIENCE_S):
        while not place_of(made.database).exists():  # noqa: ASYNC110 - another process makes it
            await asyncio.sleep(0.02)


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Hold the record as another program does."""
    other: Any = pysqlite3.connect(database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.close()


@contextmanager
def damaged(database: Path) -> Iterator[None]:
    """Have something else in the place of the record."""
    whole = database.read_bytes()
    database.write_bytes(b"This is no database. " * 400)
    try:
        yield
    finally:
        database.write_bytes(whole)


@contextmanager
def hidden(database: Path) -> Iterator[None]:
    """Have nothing there that can be opened."""
    aside = database.rename(database.with_name("aside"))
    database.mkdir()
    try:
        yield
    finally:
        database.rmdir()
        aside.rename(database)


@pytest.mark.parametrize("fault", [locked, damaged, hidden])
async def test_mail_passes_a_gateway_that_starts_without_its_store_and_is_decided_later(
    starter: Zygote, tmp_path: Path, fault: Callable[[Path], AbstractContextManager[None]]
) -> None:
    async with gate(starter, tmp_path) as (made, hop):
        await listed(made)
        await made.stop()
        with fault(made.database):
            await made.start()
            assert (await send(made, offer(1))).startswith("250")
            assert (await send(made, offer(2), LOG)).startswith("250")
            assert waiting(made) == 2
        await decided(made, {1, 2})
        assert made.log.read_text().count("the store cannot be opened") == 1
    assert len(hop.taken) == 1


async def test_without_its_lists_a_gateway_without_its_store_keeps_nothing_and_defers_copies(
    starter: Zygote, tmp_path: Path
) -> None:
    async with next_hop() as hop:
        made = Gate(starter, tmp_path, hop.port)
        made.furnish()
        with damaged(made.database):
            await made.start()
            assert (await send(made, offer(1))).startswith("250")
            assert (await send(made, offer(2), LOG)).startswith("451")
            assert waiting(made) == 0
            await made.kill()
    assert len(hop.taken) == 1


async def test_deferring_holds_for_a_start_without_the_store(
    starter: Zygote, tmp_path: Path
) -> None:
    async with next_hop() as hop:
        more = '[store]\non_store_failure = "defer"\n'
        made = Gate(starter, tmp_path, hop.port, more=more)
        made.furnish()
        with damaged(made.database):
            await made.start()
            assert (await send(made, offer(1))).startswith("451")
            await made.kill()
    assert hop.taken == []


async def test_a_newer_store_is_not_opened_and_says_so(starter: Zygote, tmp_path: Path) -> None:
    async with next_hop() as hop:
        made = Gate(starter, tmp_path, hop.port)
        made.furnish()
        connection = pysqlite3.connect(made.database)
        connection.execute("INSERT INTO migrations VALUES (9999, '9999_later.sql', 0)")
        connection.commit()
        connection.close()
        await made.start()
        assert not made.ready.is_set()
        assert "Upgrade replygate" in made.log.read_text()


async def test_a_gateway_whose_store_was_replaced_leaves_the_spool_to_the_next_one(
    tmp_path: Path,
) -> None:
    database, spool = tmp_path / "replygate.db", FolderSpool(tmp_path / "spool")

    def pipeline(store: SqliteStore) -> Pipeline:
        return Pipeline(store, spool, Verifier(Trust(), Keys(None)), Settings(Policy()))

    with closing(SqliteStore.open(database)) as old:
        database.rename(tmp_path / "aside.db")
        with closing(SqliteStore.open(database)) as new:
            await spool.put(envelope_of(offer(1)), "store-unavailable")
            assert await pipeline(old).decide_later() == 0
            assert await pipeline(new).decide_later() == 1
    with Entries(database) as entries:
        assert [entry.message_id for entry in entries.search()] == ["1@corp.example"]
