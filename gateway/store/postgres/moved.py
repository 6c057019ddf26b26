"""The last steps of a copy into PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.store.postgres.driver import ServedConnection
from gateway.store.tables import tables

_NODE = "moved"


def finish(connection: ServedConnection, lost: Iterable[tuple[int, bytes]]) -> None:
    """Go on numbering after the copied rows, and have the first node settle what was under way."""
    for table in tables().values():
        if table.number:
            connection.plainly(
                f"SELECT setval(pg_get_serial_sequence('{table.name}', '{table.number}'),"
                f" greatest(max({table.number}), 1)) FROM {table.name}"
            )
    connection.plainly("INSERT INTO nodes VALUES ($1, 0) ON CONFLICT DO NOTHING", (_NODE,))
    connection.plainly("DELETE FROM underway WHERE node = $1", (_NODE,))
    for entry, sha256_in in lost:
        connection.plainly(
            "INSERT INTO underway (node, entry, sha256_in, since) VALUES ($1, $2, $3, 0)",
            (_NODE, entry, sha256_in),
        )
