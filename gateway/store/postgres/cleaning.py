"""Has a server free what rows left that are gone, while mail flows.

VACUUM without FULL stops nobody: who reads and writes goes on. It makes the room free for new rows;
back to the disk it goes only where it lies at the end of a table. ANALYZE counts anew for the
planner. An engine that cleans by itself (CockroachDB) knows neither, and says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

from gateway.model.place import ServedPath
from gateway.store import database
from gateway.store.postgres.driver import ServedConnection
from gateway.store.tables import tables

_OWN = ("turns", "nodes", "underway")


def size(path: ServedPath) -> int:
    """Return the octets of the database. Raises StoreBusyError."""
    with database.told(path), closing(_connection(path)) as connection:
        ((octets,),) = connection.plainly("SELECT pg_database_size(current_database())")
    return int(octets)


def clean(path: ServedPath) -> Iterator[str]:
    """Clean each table, and yield its name then. Raises StoreBusyError."""
    with database.told(path), closing(_connection(path)) as connection:
        database.check_version(connection, path)
        for name in (*tables(), *_OWN):
            connection.plainly(f'VACUUM (ANALYZE) "{name}"')
            yield name


def _connection(path: ServedPath) -> ServedConnection:
    return ServedConnection(path, read_only=False, timeout_s=5.0)
