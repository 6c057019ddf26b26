from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path

import pytest

from gateway.interfaces import StoreBusyError
from gateway.store import database
from gateway.store.database import StoreVersionError
from gateway.store.entries import Entries
from gateway.store.registry import Registry
from gateway.store.sqlite import SqliteStore
from tests.letting_go import nothing_collected

NEWEST = database.migrations()[-1][0]


def newer(path: Path) -> None:
    SqliteStore.open(path).close()
    connection = database.connect(path)
    connection.execute("INSERT INTO migrations VALUES (?, '9999_later.sql', 0)", (9999,))
    connection.close()


def test_migrations_are_numbered_without_gaps() -> None:
    numbers = [number for number, _, _ in database.migrations()]
    assert numbers == list(range(1, len(numbers) + 1))


def test_every_migration_is_recorded(path: Path) -> None:
    connection = database.connect(path)
    database.migrate(connection, path)
    database.migrate(connection, path)
    rows = connection.execute("SELECT number, name FROM migrations").fetchall()
    connection.close()
    assert rows == [(number, name) for number, name, _ in database.migrations()]


def test_all_tables_are_strict(path: Path) -> None:
    connection = database.connect(path)
    database.migrate(connection, path)
    lax = connection.execute(
        "SELECT name FROM pragma_table_list WHERE type = 'table' AND strict = 0"
        " AND name NOT LIKE 'sqlite_%'"
    ).fetchall()
    connection.close()
    assert lax == []


def test_a_commit_is_on_the_disk(path: Path) -> None:
    connection = database.connect(path)
    said = [
        connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous", "foreign_keys")
    ]
    connection.close()
    assert said == ["wal", 2, 1]


@pytest.mark.parametrize("opened", [SqliteStore.open, Registry, Entries])
def test_a_newer_database_is_refused_with_both_versions(path: Path, opened: type) -> None:
    newer(path)
    with pytest.raises(StoreVersionError, match=f"9999.*{NEWEST}.*Upgrade replygate"):
        opened(path)


def test_a_refused_database_is_not_changed(path: Path) -> None:
    newer(path)
    before = path.read_bytes()
    with pytest.raises(StoreVersionError):
        SqliteStore.open(path)
    assert path.read_bytes() == before


def test_an_older_database_is_not_read(path: Path) -> None:
    database.connect(path).close()
    with pytest.raises(StoreVersionError, match=f"version 0.*needs {NEWEST}.*Start the gateway"):
        Entries(path)


def test_a_failed_migration_leaves_nothing_behind(path: Path) -> None:
    connection = database.connect(path)
    connection.execute("CREATE TABLE settings (name TEXT)")
    with pytest.raises(StoreBusyError, match="settings already exists"):
        database.migrate(connection, path)
    names = connection.execute("SELECT name FROM sqlite_master").fetchall()
    connection.close()
    assert names == [("settings",)]


def test_a_locked_database_is_told(path: Path) -> None:
    SqliteStore.open(path).close()
    holder = database.connect(path)
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreBusyError, match="is locked by another program"):
        SqliteStore.open(path, timeout_s=0.05)
    holder.close()


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreBusyError, match="cannot be used"):
        SqliteStore.open(tmp_path / "no" / "store.sqlite")
    with pytest.raises(StoreBusyError, match="Check that its folder exists"):
        Entries(tmp_path / "no" / "store.sqlite")


def test_what_is_no_database_is_told(path: Path) -> None:
    path.write_bytes(b"This is a letter, and no database at all.\n" * 30)
    with pytest.raises(StoreBusyError, match="is no database"):
        SqliteStore.open(path)


def test_a_damaged_database_is_told(path: Path) -> None:
    with Registry(path) as registry:
        for number in range(50):
            registry.add_contact(f"c{number}@client.example", "x" * 500)
    damaged = bytearray(path.read_bytes())
    damaged[4096:] = b"\xff" * (len(damaged) - 4096)
    path.write_bytes(damaged)
    with pytest.raises(StoreBusyError, match="is damaged"):
        SqliteStore.open(path)


def test_an_error_about_a_row_is_not_the_stores(path: Path) -> None:
    with Registry(path) as registry, pytest.raises(database.driver.IntegrityError):
        registry._rows("INSERT INTO crm_logins VALUES (NULL)")


def test_nobody_else_may_read_the_database_or_its_log(path: Path) -> None:
    before = os.umask(0o022)
    try:
        store = SqliteStore.open(path)
    finally:
        os.umask(before)
    modes = {one.name: one.stat().st_mode & 0o077 for one in path.parent.glob("store.sqlite*")}
    store.close()
    assert modes.keys() >= {"store.sqlite", "store.sqlite-wal", "store.sqlite-shm"}
    assert set(modes.values()) == {0}


def test_opening_a_store_that_is_current_waits_for_no_writer(path: Path) -> None:
    SqliteStore.open(path).close()
    writer = database.connect(path)
    writer.execute("BEGIN IMMEDIATE")
    Registry(path, timeout_s=0.01).close()
    writer.close()


def test_opening_a_store_again_leaves_the_locks_of_the_first(path: Path) -> None:
    def locks() -> int:
        held = Path("/proc/locks").read_text("ascii")
        return held.count(f" {os.getpid()} ") and held.count(f":{path.stat().st_ino} ")

    first = database.connect(path)
    first.execute("CREATE TABLE one (two)")
    before = locks()
    database.connect(path).close()
    after = locks()
    first.close()
    assert before == after == 1


class Octets:
    """What was to be written."""


def test_trouble_that_was_told_keeps_nothing_of_what_was_to_be_written(path: Path) -> None:
    def write() -> None:
        octets = Octets()
        with database.told(path):
            assert octets
            raise OSError(errno.ENOSPC, "No space left on device")

    with nothing_collected(Octets) as left:
        with suppress(StoreBusyError):
            write()
        assert left.now() == {}
