"""Brings the tables of a PostgreSQL database up to date: one does it, others wait.

A row is locked, not an advisory lock: not every engine that speaks the protocol has those.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

from gateway.model.place import ServedPath
from gateway.store.database import StoreVersionError, driver
from gateway.store.postgres import schema
from gateway.store.postgres.driver import ServedConnection
from gateway.store.rows import micros

_ROOT = (
    (
        "CREATE TABLE IF NOT EXISTS migrations (number BIGINT PRIMARY KEY, name TEXT NOT NULL,"
        " applied_at BIGINT NOT NULL)"
    ),
    "INSERT INTO migrations VALUES (0, 'lock', 0) ON CONFLICT DO NOTHING",
)
_LOCK = "SELECT number FROM migrations WHERE number = 0 FOR UPDATE"
_TRIES = 20


def migrate(connection: ServedConnection, path: ServedPath) -> None:
    """Bring the schema to our version, all or nothing; another node that does so is waited for.

    Raises StoreVersionError, and the errors of the SQLite driver.
    """
    newest = schema.steps()[-1][0]
    found = _found(connection)
    _refuse_newer(found, newest, path)
    if found == newest:
        return
    _make_root(connection)
    connection.plainly("BEGIN")
    try:
        connection.plainly(_LOCK)
        ((found,),) = connection.plainly("SELECT max(number) FROM migrations")
        _refuse_newer(found, newest, path)
        for number, name, script in schema.steps():
            if number > found:
                _apply(connection, number, name, script)
        connection.plainly("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.plainly("ROLLBACK")
        raise


def check_version(connection: ServedConnection, path: ServedPath) -> None:
    """Raise StoreVersionError when the database is not of our version; it is not changed."""
    found, newest = _found(connection), schema.steps()[-1][0]
    _refuse_newer(found, newest, path)
    if found < newest:
        raise StoreVersionError(
            f"The database {path.shown} has schema version {found}, and this replygate needs"
            f" {newest}. Start the gateway once, which brings it up to date."
        )


def _found(connection: ServedConnection) -> int:
    there = connection.plainly(
        "SELECT 1 FROM information_schema.tables WHERE table_name = 'migrations'"
        " AND table_schema = current_schema()"
    )
    if not there:
        return 0
    ((found,),) = connection.plainly("SELECT coalesce(max(number), 0) FROM migrations")
    return int(found)


def _make_root(connection: ServedConnection) -> None:
    """Make the table that holds the lock; two that make it at once get in each other's way.

    IF NOT EXISTS looks once for the table, and finds its type or its name taken a moment later.
    """
    for last in (False,) * _TRIES + (True,):
        try:
            for sql in _ROOT:
                connection.plainly(sql)
        except (driver.IntegrityError, driver.OperationalError, driver.ProgrammingError):
            if last:
                raise
        else:
            return


def _apply(connection: ServedConnection, number: int, name: str, script: str) -> None:
    for sql in schema.statements(script):
        connection.plainly(sql)
    if number == 1:
        key = f"\\x{secrets.token_hex(32)}"
        connection.plainly("INSERT INTO settings VALUES ('key', $1)", (key,))
    row = (number, name, micros(datetime.now(UTC)))
    connection.plainly("INSERT INTO migrations VALUES ($1, $2, $3)", row)


def _refuse_newer(found: int, ours: int, path: ServedPath) -> None:
    if found > ours:
        raise StoreVersionError(
            f"The database {path.shown} has schema version {found}, and this replygate knows"
            f" versions up to {ours}. Upgrade replygate on this node."
        )
