"""A store moves from one engine to the other, and back, and nothing is lost on the way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.model.place import ServedPath
from gateway.store import copying, database
from gateway.store.book import Book
from gateway.store.copying import (
    Copied,
    OctetsMissingError,
    SameStoreError,
    copy_store,
    reopen,
)
from gateway.store.database import StoreVersionError
from gateway.store.directory import Configured
from gateway.store.entries import Entries
from gateway.store.postgres import pools
from gateway.store.postgres.store import PostgresStore
from gateway.store.sqlite import SqliteStore
from tests.postgres import PostgresServer
from tests.store.office import ANN, BOB, LOGGED, Clock, Office, letter

LARGE = letter(9, text="x" * 78 + "\r\n") + b"Long line, again and again.\r\n" * 20_000
ODD = letter(7, author="Ann\x00 Arbor <ann@client.example>")


@pytest.fixture
def served(postgres: PostgresServer, tmp_path: Path) -> Iterator[ServedPath]:
    """The place of an empty store on a server, with a folder of its own."""
    yield ServedPath.at(tmp_path / "served", postgres.database(), str(tmp_path / "shared"))
    pools.close()


@pytest.fixture
async def filled(tmp_path: Path) -> Path:
    """A database file with some of everything, whose gateway has ended."""
    path, clock = tmp_path / "store.sqlite", Clock()
    with closing(SqliteStore.open(path, clock=clock)) as store:
        office = Office(store, path, clock)
        with office.registry() as registry:
            registry.add_user(BOB, "Bob")
            registry.add_mailbox(BOB, BOB, "google")
            registry.connect(BOB)
            registry.add_never_log("private.example")
        await office.log(letter(1))
        await office.record(letter(2, cites=[1]), **LOGGED)
        await office.record(LARGE)
        await office.record(ODD)
        await office.record(letter(3), relayed=None)
    return path


def told_of(path: Path) -> list[tuple[object, ...]]:
    with Entries(path, clock=Clock()) as entries:
        return [
            (one.entry_id, one.message_id, one.author, one.outcome, one.reason, one.contacts)
            for one in entries.search()
        ]


async def test_all_of_it_arrives(filled: Path, served: ServedPath) -> None:
    before = told_of(filled)
    copied = copy_store(filled, served)
    assert copied.whole
    assert copied.rows["entries"] == 5
    assert copied.contents == 5
    assert told_of(served) == before


async def test_it_comes_back_as_it_was(filled: Path, served: ServedPath, tmp_path: Path) -> None:
    before = told_of(filled)
    copy_store(filled, served)
    back = tmp_path / "back.sqlite"
    again = copy_store(served, back)
    assert again.whole
    assert told_of(back) == before


async def test_both_sides_have_one_digest(filled: Path, served: ServedPath, tmp_path: Path) -> None:
    there = copy_store(filled, served)
    back = copy_store(served, tmp_path / "back.sqlite")
    assert there.digest == back.digest


async def test_a_gateway_goes_on_with_the_copy(filled: Path, served: ServedPath) -> None:
    copy_store(filled, served)
    clock = Clock()
    with closing(PostgresStore(served, Configured(), clock, 5.0)) as store:
        office = Office(store, served, clock)
        (thread,) = (await office.facts(letter(4, cites=[2]))).threads
        assert [one.primary for one in thread.contacts] == [ANN]
        entry = await office.log(letter(4, cites=[2]))
        kept = await store.kept(entry)
        assert kept is not None
        with office.registry() as registry:
            assert registry.add_contact("new@client.example").contact_id == 2


async def test_what_was_under_way_is_unknown_in_the_copy(filled: Path, served: ServedPath) -> None:
    copy_store(filled, served)
    PostgresStore(served, Configured(), Clock(), 5.0).close()
    with Entries(served, clock=Clock()) as entries:
        found = entries.find("3@client.example")
    assert found is not None
    assert found.relayed.state == "unknown"


async def test_while_the_source_is_in_use_the_copy_is_not_whole(
    filled: Path, served: ServedPath
) -> None:
    with closing(SqliteStore.open(filled, clock=Clock())):
        assert not copy_store(filled, served).whole
    with pytest.raises(StoreVersionError, match="copy that is not whole yet"):
        PostgresStore(served, Configured(), Clock(), 5.0)
    for opens in (Book, Entries):
        with pytest.raises(StoreVersionError, match="replygate store copy"):
            opens(served)


async def test_what_came_meanwhile_is_copied_by_the_next_call(
    filled: Path, served: ServedPath
) -> None:
    clock = Clock()
    with closing(SqliteStore.open(filled, clock=clock)) as store:
        first = copy_store(filled, served)
        office = Office(store, filled, clock)
        await office.log(letter(5, cites=[1]))
    before = told_of(filled)
    second = copy_store(filled, served)
    assert (first.whole, second.whole) == (False, True)
    assert 0 < second.written < first.written
    assert told_of(served) == before


async def test_a_copy_that_was_broken_off_goes_on(
    filled: Path, served: ServedPath, monkeypatch: pytest.MonkeyPatch
) -> None:
    class PowerFailedError(Exception):
        pass

    def fail(table: str, _: int) -> None:
        if table == "sightings":
            raise PowerFailedError

    with pytest.raises(PowerFailedError):
        copy_store(filled, served, fail)
    with pytest.raises(StoreVersionError, match="not whole"):
        Entries(served)
    whole = copy_store(filled, served)
    assert whole.whole
    assert whole.written < sum(whole.rows.values())


async def test_small_stretches_come_to_the_same(
    filled: Path, served: ServedPath, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "STRETCH", 2)
    before = told_of(filled)
    assert copy_store(filled, served).whole
    assert told_of(served) == before


async def test_a_copy_without_some_octets_is_never_whole(filled: Path, served: ServedPath) -> None:
    for path in filled.with_name(f"{filled.name}-blobs").glob("segments/*"):
        path.write_bytes(b"\0" * path.stat().st_size)
    with pytest.raises(OctetsMissingError, match="Restore the source"):
        copy_store(filled, served)
    with pytest.raises(StoreVersionError, match="not whole"):
        Entries(served)


async def test_a_store_in_use_is_not_written_over(
    filled: Path, served: ServedPath, tmp_path: Path
) -> None:
    copy_store(filled, served)
    reopen(filled)
    with pytest.raises(SameStoreError, match="in use already"):
        copy_store(filled, served)


def test_a_store_is_not_copied_onto_itself(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    with pytest.raises(SameStoreError, match="onto itself"):
        copy_store(path, tmp_path / "." / "store.sqlite")


async def test_a_half_finished_file_is_refused_as_well(filled: Path, tmp_path: Path) -> None:
    target = tmp_path / "half.sqlite"
    with closing(SqliteStore.open(filled, clock=Clock())):
        assert not copy_store(filled, target).whole
    with pytest.raises(StoreVersionError, match="not whole"):
        SqliteStore.open(target)
    with closing(database.connect(target)) as connection:
        assert connection.execute("SELECT count(*) FROM entries").fetchone() == (5,)


async def test_a_server_that_was_left_is_opened_no_more(
    filled: Path, served: ServedPath, tmp_path: Path
) -> None:
    copy_store(filled, served)
    assert copy_store(served, tmp_path / "back.sqlite").whole
    for opens in (Book, Entries, lambda path: PostgresStore(path, Configured(), Clock(), 5.0)):
        with pytest.raises(StoreVersionError, match="was moved to"):
            opens(served)


async def test_a_server_with_a_node_that_comes_meanwhile_is_not_left(
    filled: Path, served: ServedPath, tmp_path: Path
) -> None:
    copy_store(filled, served)
    come = True

    def told(table: str, _: int) -> None:
        nonlocal come
        if come and table == "entries":
            come = False
            clock = Clock()
            clock.now = datetime.now(UTC) + timedelta(seconds=1)
            PostgresStore(served, Configured(), clock, 5.0).close()

    assert not copy_store(served, tmp_path / "back.sqlite", told).whole
    PostgresStore(served, Configured(), Clock(), 5.0).close()


async def test_a_source_that_is_not_left_stays_open(filled: Path, served: ServedPath) -> None:
    with closing(SqliteStore.open(filled, clock=Clock())):
        copy_store(filled, served)
    SqliteStore.open(filled, clock=Clock()).close()


def test_what_was_copied_is_told_by_table() -> None:
    assert copying.summary(Copied(rows={"entries": 2, "words": 0})) == [("entries", 2)]
