"""Backups of a server's record, and its cleaning: beside nodes that go on."""

from __future__ import annotations

import asyncio
from pathlib import Path

import psycopg
import pytest

from gateway.interfaces import StoreBusyError
from gateway.model.place import ServedPath
from gateway.store.backup import BackupError, Places, back_up, check, restore
from gateway.store.entries import Entries
from gateway.store.postgres import cleaning
from gateway.store.sqlite import SqliteStore
from gateway.store.tables import tables
from tests.postgres import PostgresServer
from tests.store.office import Clock, Office, letter
from tests.store.postgres.conftest import Nodes

LARGE = letter("large", text="x" * 300_000)


def places(office: Office) -> Places:
    return Places(office.path, office.path.with_name("spool"))


@pytest.fixture
def fresh(postgres: PostgresServer, tmp_path: Path) -> Places:
    """An empty database on another machine, so to say."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    url = postgres.empty("fresh")
    path = ServedPath.at(folder / "store", url, str(folder / "blobs"))
    return Places(path, folder / "spool")


async def filled(office: Office) -> list[str]:
    return [await office.log(octets) for octets in (letter(1), letter(2, cites=[1]), LARGE)]


async def test_a_backup_holds_rows_and_octets(node: Nodes, tmp_path: Path) -> None:
    office = node("first")
    await filled(office)
    made = await asyncio.to_thread(back_up, places(office), tmp_path / "copy")
    assert (made.entries, made.contents) == (3, 3)
    assert len(made.rows) == 64
    assert check(tmp_path / "copy") == made


async def test_a_backup_is_made_while_mail_is_recorded(node: Nodes, tmp_path: Path) -> None:
    office = node("first")
    copying = asyncio.create_task(asyncio.to_thread(back_up, places(office), tmp_path / "copy"))
    number = 0
    while not copying.done():
        await office.log(letter(number))
        number += 1
    made = await copying
    assert made.entries < number
    assert check(tmp_path / "copy") == made


async def test_a_row_that_changed_is_found(node: Nodes, tmp_path: Path) -> None:
    office = node("first")
    await filled(office)
    await asyncio.to_thread(back_up, places(office), tmp_path / "copy")
    copy = tmp_path / "copy" / "replygate.db"
    octets = copy.read_bytes()
    assert octets.count(b"client.example") > 0
    copy.write_bytes(octets.replace(b"client.example", b"client.exemple", 1))
    with pytest.raises(BackupError, match="is not what it was"):
        check(tmp_path / "copy")


async def test_it_is_put_back_into_an_empty_database(
    node: Nodes, fresh: Places, tmp_path: Path, clock: Clock
) -> None:
    office = node("first")
    entries = await filled(office)
    await asyncio.to_thread(back_up, places(office), tmp_path / "copy")
    await asyncio.to_thread(restore, tmp_path / "copy", fresh)
    with Entries(fresh.database, clock=clock) as found:
        assert sorted(one.entry_id for one in found.search()) == sorted(entries)
    octets = Path(fresh.blobs).rglob("*")  # noqa: ASYNC240 - a test
    assert sum(path.stat().st_size for path in octets) > len(LARGE)


async def test_it_is_put_back_into_a_file(node: Nodes, tmp_path: Path, clock: Clock) -> None:
    office = node("first")
    first, *_ = await filled(office)
    await asyncio.to_thread(back_up, places(office), tmp_path / "copy")
    file = tmp_path / "here" / "replygate.db"
    await asyncio.to_thread(restore, tmp_path / "copy", Places(file, tmp_path / "here" / "spool"))
    store = SqliteStore.open(file, clock=clock)
    kept = await store.kept(first)
    store.close()
    assert kept is not None
    assert bytes(kept.envelope.content.octets) == letter(1)


async def test_nothing_is_put_back_over_a_record(node: Nodes, tmp_path: Path, clock: Clock) -> None:
    office = node("first")
    await filled(office)
    await asyncio.to_thread(back_up, places(office), tmp_path / "copy")
    with pytest.raises(BackupError, match="createdb"):
        await asyncio.to_thread(restore, tmp_path / "copy", places(office))


async def test_nothing_is_put_back_under_a_node(
    node: Nodes, fresh: Places, tmp_path: Path, url: str
) -> None:
    office = node("first")
    await asyncio.to_thread(back_up, places(office), tmp_path / "copy")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("INSERT INTO nodes VALUES ('live', extract(epoch FROM now()) * 1000000)")
    with pytest.raises(StoreBusyError, match="Stop every one"):
        await asyncio.to_thread(restore, tmp_path / "copy", places(office))


async def test_octets_that_went_meanwhile_are_said_to_be_gone(node: Nodes, tmp_path: Path) -> None:
    office = node("first")
    await office.log(LARGE)
    for path in (tmp_path / "blobs" / "large").iterdir():
        path.unlink()
    made = await asyncio.to_thread(back_up, places(office), tmp_path / "copy")
    assert (made.entries, made.contents) == (1, 0)


async def test_cleaning_stops_nobody_who_writes(node: Nodes, url: str) -> None:
    office = node("first")
    await filled(office)
    path = office.path
    assert isinstance(path, ServedPath)
    with psycopg.connect(url) as writer:
        # Its transaction is open all the while.
        writer.execute("UPDATE entries SET reason = reason")
        names = await asyncio.to_thread(lambda: list(cleaning.clean(path)))
        writer.rollback()
    assert set(tables()) < set(names)


async def test_mail_is_recorded_while_the_server_is_cleaned(node: Nodes) -> None:
    office = node("first")
    path = office.path
    assert isinstance(path, ServedPath)
    number = 0
    for _ in cleaning.clean(path):
        await office.log(letter(number))
        number += 1
    assert number >= len(tables())
    assert cleaning.size(path) > 0
