"""What several nodes on one database owe each other."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from gateway.interfaces import StoreBusyError
from gateway.model.directory import NeverLog
from gateway.model.place import ServedPath
from gateway.store.database import StoreVersionError
from gateway.store.entries import Entries
from gateway.store.outbox import SqliteOutbox
from gateway.store.postgres import pools
from gateway.store.postgres.nodes import GONE_AFTER, node_of
from gateway.store.postgres.store import PostgresStore
from gateway.store.registry import Registry
from tests.postgres import PostgresServer, postgres_server, programs
from tests.store.office import LOGGED, Clock, Office, decision, letter
from tests.store.postgres.conftest import CONFIGURED, Nodes

PATIENCE_S = 10.0


def until(seen: Callable[[], bool]) -> None:
    """Wait for what another thread does."""
    end = time.monotonic() + PATIENCE_S
    while not seen():
        assert time.monotonic() < end


def state_of(office: Office, message_id: str) -> str:
    with Entries(office.path, clock=office.clock) as entries:
        found = entries.find(message_id)
    assert found is not None
    return str(found.relayed.state)


async def test_the_same_message_by_two_nodes_at_once_is_one_entry(
    two: tuple[Office, Office],
) -> None:
    for number in range(20):
        cases = [await one.case(letter(number)) for one in two]
        ids = await asyncio.gather(
            *(
                one.store.record(case, decision(**LOGGED))
                for one, case in zip(two, cases, strict=True)
            )
        )
        assert len(set(ids)) == 1
    with Entries(two[0].path, clock=two[0].clock) as entries:
        assert [len(found.sightings) for found in entries.search()] == [2] * 20


async def test_a_reply_and_its_parent_by_two_nodes_at_once_are_one_thread(
    two: tuple[Office, Office],
) -> None:
    first, second = two
    for number in range(0, 20, 2):
        parent = await first.case(letter(number))
        reply = await second.case(letter(number + 1, cites=[number]))
        await asyncio.gather(
            first.store.record(parent, decision()), second.store.record(reply, decision())
        )
        threads = (await first.facts(letter("ask", cites=[number, number + 1]))).threads
        assert len(threads) == 1


async def test_what_one_node_records_the_other_knows(two: tuple[Office, Office]) -> None:
    first, second = two
    await first.log(letter(1))
    (thread,) = (await second.facts(letter(2, cites=[1]))).threads
    assert thread.tracked


async def test_octets_that_one_node_keeps_the_other_reads(two: tuple[Office, Office]) -> None:
    first, second = two
    entries = [await one.record(letter(number)) for number, one in enumerate(two)]
    for number, entry in enumerate(entries):
        for one in (first, second):
            kept = await one.store.kept(entry)
            assert kept is not None
            assert kept.envelope.content.octets == letter(number)


async def test_a_change_of_the_directory_is_heard_by_the_other_node(
    two: tuple[Office, Office],
) -> None:
    first, second = two
    with first.registry() as registry:
        registry.add_never_log("private.example")

    def heard() -> bool:
        return any(isinstance(e, NeverLog) for e in second.store.directory.never_log)

    until(heard)


async def test_what_a_node_left_is_unknown_when_it_starts_again(node: Nodes) -> None:
    first = node("first")
    await first.record(letter(1), relayed=None)
    first.store.close()  # type: ignore[attr-defined] # a store, whose protocol has no end
    node("first")
    assert state_of(first, "1@client.example") == "unknown"


async def test_a_node_that_starts_leaves_alone_what_another_relays(node: Nodes) -> None:
    first = node("first")
    await first.record(letter(1), relayed=None)
    node("second")
    assert state_of(first, "1@client.example") == "relaying"


async def test_what_a_node_left_that_is_gone_for_long_another_settles(
    node: Nodes, clock: Clock
) -> None:
    first = node("first")
    await first.store.waiting()
    await first.record(letter(1), relayed=None)
    second = node("second")
    clock.pass_by(seconds=GONE_AFTER.total_seconds() + 1)
    await second.store.waiting()
    assert state_of(second, "1@client.example") == "unknown"


async def test_a_node_that_is_there_is_not_taken_for_gone(node: Nodes, clock: Clock) -> None:
    first, second = node("first"), node("second")
    await first.record(letter(1), relayed=None)
    clock.pass_by(seconds=GONE_AFTER.total_seconds() + 1)
    await first.store.waiting()
    await second.store.waiting()
    assert state_of(second, "1@client.example") == "relaying"


def test_a_node_keeps_its_name(tmp_path: Path) -> None:
    assert node_of(tmp_path / "store") == node_of(tmp_path / "store")
    assert node_of(tmp_path / "store") != node_of(tmp_path / "other")


async def test_an_event_goes_to_one_of_two_that_drain(two: tuple[Office, Office]) -> None:
    first, second = two
    boxes = [SqliteOutbox(one.path) for one in two]
    boxes[0].register({"shelf": True})
    for number in range(10):
        await first.log(letter(number))
    await second.record(letter("ride"))
    now = first.clock()
    until(lambda: boxes[0].gather(now) == 0 and bool(boxes[0].listed()))
    later = now + GONE_AFTER
    with ThreadPoolExecutor(2) as pool:
        claims = list(
            pool.map(
                lambda box: box.claim("shelf", later, later + GONE_AFTER, 100, past_dead=False),
                boxes,
            )
        )
    numbers = [push.number for claim in claims for push in claim]
    assert len(numbers) == len(set(numbers))


def test_one_migrates_and_the_others_wait(postgres: PostgresServer, tmp_path: Path) -> None:
    url = postgres.empty("young")

    def opened(number: int) -> str:
        folder = tmp_path / str(number)
        folder.mkdir()
        path = ServedPath.at(folder / "store", url)
        with closing(PostgresStore(path, CONFIGURED, Clock(), 10.0)) as store:
            return store.directory.erased_key.hex()

    with ThreadPoolExecutor(4) as pool:
        keys = set(pool.map(opened, range(4)))
    pools.close()
    assert len(keys) == 1


def test_a_database_that_is_newer_is_refused(node: Nodes, url: str) -> None:
    first = node("first")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("INSERT INTO migrations VALUES (9999, 'future', 0)")
    try:
        with pytest.raises(StoreVersionError, match="Upgrade replygate"):
            Registry(first.path)
        with pytest.raises(StoreVersionError, match="Upgrade replygate"):
            Entries(first.path)
    finally:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("DELETE FROM migrations WHERE number = 9999")


async def test_a_node_that_runs_goes_on_beside_one_that_has_migrated_further(
    two: tuple[Office, Office], url: str
) -> None:
    first, second = two
    for one in two:
        # Each has said its statements often enough that the server keeps them prepared.
        for number in range(4):
            await one.log(letter(f"{number}{one.path.parent.name}"))
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ALTER TABLE entries ADD COLUMN future BIGINT NOT NULL DEFAULT 0")
        connection.execute("ALTER TABLE contacts ADD COLUMN future TEXT NOT NULL DEFAULT ''")
        connection.execute("INSERT INTO migrations VALUES (9999, 'future', 0)")
    try:
        for number, one in enumerate(two):
            entry = await one.log(letter(f"after-{number}"))
            assert await one.store.kept(entry) is not None
        (thread,) = (await first.facts(letter("ask", cites=["after-1"]))).threads
        assert thread.tracked
        await second.store.waiting()
    finally:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("DELETE FROM migrations WHERE number = 9999")
            connection.execute("ALTER TABLE entries DROP COLUMN future")
            connection.execute("ALTER TABLE contacts DROP COLUMN future")


def test_a_server_that_is_away_is_said_with_its_name(tmp_path: Path) -> None:
    path = ServedPath.at(tmp_path / "store", "postgresql://me:secret@127.0.0.1:1/mail")
    with pytest.raises(StoreBusyError, match=r"postgresql://127\.0\.0\.1:1/mail") as told:
        Registry(path)
    assert "secret" not in str(told.value)


async def test_after_the_server_was_away_the_same_store_goes_on(tmp_path: Path) -> None:
    binaries = programs()
    if binaries is None:
        pytest.skip("PostgreSQL is not on this machine")
    with postgres_server(binaries) as server:
        path = ServedPath.at(tmp_path / "store", server.database())
        clock = Clock()
        with closing(PostgresStore(path, CONFIGURED, clock, 1.0)) as store:
            office = Office(store, path, clock)
            entry = await office.log(letter(1))
            case = await office.case(letter(2))
            server.stop()
            with pytest.raises(StoreBusyError):
                await store.record(case, decision())
            server.start()
            for _ in range(20):
                try:
                    (thread,) = (await office.facts(letter(3, cites=[1]))).threads
                    await office.record(letter(2))
                    break
                except StoreBusyError:
                    # Each connection finds out for itself.
                    continue
            assert thread.original is not None
            assert thread.original.entry_id == entry
