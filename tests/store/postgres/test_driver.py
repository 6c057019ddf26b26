"""A connection to PostgreSQL, in the hands of what was written for SQLite."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from gateway.interfaces import StoreBusyError
from gateway.model.place import ServedPath
from gateway.store import database
from gateway.store.database import driver
from gateway.store.postgres.driver import ServedConnection
from tests.store.office import decision, letter
from tests.store.postgres.conftest import Nodes


@pytest.fixture
def path(url: str, tmp_path: Path) -> ServedPath:
    """The place of an empty store."""
    return ServedPath.at(tmp_path / "store", url)


@pytest.fixture
def connection(path: ServedPath) -> Iterator[ServedConnection]:
    """A connection that writes."""
    with closing(ServedConnection(path, read_only=False, timeout_s=0.3)) as made:
        yield made


USER = "INSERT INTO users (key, name, role, added_at) VALUES (?, ?, ?, ?)"
COUNT = "SELECT count(*) FROM users"


def test_what_is_handed_over_is_there_after_the_commit(
    connection: ServedConnection, path: ServedPath
) -> None:
    connection.execute("BEGIN IMMEDIATE")
    done = connection.execute(USER, ("bob@acme.example", "Bob", "member", 1))
    assert connection.execute(COUNT).fetchone() == (1,)
    assert done.rowcount == 1
    connection.execute("COMMIT")
    with closing(ServedConnection(path, read_only=True, timeout_s=1)) as other:
        assert other.execute(COUNT).fetchone() == (1,)


def test_what_fails_unlooked_at_fails_the_commit(connection: ServedConnection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(USER, ("bob@acme.example", "Bob", "member", 1))
    connection.execute(USER, ("eve@acme.example", "Eve", "no such role", 1))
    with pytest.raises(driver.IntegrityError, match="users_role_check"):
        connection.execute("COMMIT")
    connection.execute("ROLLBACK")
    assert connection.execute(COUNT).fetchone() == (0,)
    assert not connection.in_transaction


def test_a_number_that_is_given_out_is_told(connection: ServedConnection) -> None:
    contact = "INSERT INTO contacts (address, name, added_at) VALUES (?, ?, ?)"
    connection.execute("BEGIN IMMEDIATE")
    numbers = [
        connection.execute(contact, (f"{one}@client.example", "", 1)).lastrowid for one in "ab"
    ]
    connection.execute("COMMIT")
    assert numbers == [1, 2]


def test_a_turn_that_another_has_is_said_in_time(
    connection: ServedConnection, path: ServedPath
) -> None:
    with closing(ServedConnection(path, read_only=False, timeout_s=0.1)) as other:
        connection.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreBusyError, match="Another node"), database.told(path):
            other.execute("BEGIN IMMEDIATE")
        assert not other.in_transaction
        connection.execute("ROLLBACK")
        other.execute("BEGIN IMMEDIATE")
        other.execute("ROLLBACK")


def test_what_was_begun_on_a_lost_connection_does_not_go_on_another(
    connection: ServedConnection,
) -> None:
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(USER, ("bob@acme.example", "Bob", "member", 1))
    assert connection._plain is not None
    connection._plain.close()
    with pytest.raises(driver.OperationalError, match="lost within a transaction"):
        connection.execute(USER, ("eve@acme.example", "Eve", "member", 1))
    with pytest.raises(driver.OperationalError, match="lost within a transaction"):
        connection.execute("COMMIT")
    connection.execute("ROLLBACK")
    assert connection.execute(COUNT).fetchone() == (0,)


def test_who_only_reads_cannot_write_in_a_snapshot(path: ServedPath) -> None:
    with closing(ServedConnection(path, read_only=True, timeout_s=1)) as reading:
        reading.execute("BEGIN")
        with pytest.raises(driver.OperationalError, match="read-only"):
            reading.execute(USER, ("bob@acme.example", "Bob", "member", 1))
        reading.execute("ROLLBACK")


def test_a_closed_connection_says_so(path: ServedPath) -> None:
    made = ServedConnection(path, read_only=True, timeout_s=1)
    made.close()
    with pytest.raises(driver.ProgrammingError, match="closed"):
        made.execute(COUNT)


async def test_a_message_that_cannot_be_stored_takes_no_other_down(node: Nodes) -> None:
    office = node("first")
    store = office.store
    case = await office.case(letter(1))

    def impossible() -> None:
        store._writing.ledger._run(USER, ("eve@acme.example", "Eve", "no such role", 1))  # type: ignore[attr-defined]

    kept, failed = await asyncio.gather(
        store.record(case, decision()),
        store._writer.ask(impossible),  # type: ignore[attr-defined]
        return_exceptions=True,
    )
    assert isinstance(failed, driver.IntegrityError)
    assert isinstance(kept, str)
    assert await store.kept(kept) is not None
