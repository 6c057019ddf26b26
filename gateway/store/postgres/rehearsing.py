"""Copies a record beside itself on the server, so that what a person plans can be tried there.

A schema of its own holds the copy; it is made by the server from one snapshot, unlogged, and
nobody who writes is held up. Octets are read where they are, and what is appended goes into a
folder that is thrown away with the copy.

Needs the right to make a schema, and an address that may say `options` (PgBouncer takes none, if
it is not told so): where one of them lacks, there is no rehearsal.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import psycopg
from psycopg import sql

from gateway.model.place import ServedPath
from gateway.store.octets import place_of_octets
from gateway.store.postgres import pools
from gateway.store.postgres.nodes import node_of
from gateway.store.tables import tables

LIMIT_OCTETS = 256 << 20
"""Larger records are not copied: somebody waits for the page (100 MB took a second)."""
PREFIX = "rehearsal_"
_SIZE = "SELECT coalesce(sum(pg_total_relation_size(quote_ident(name)::regclass)), 0)::bigint"
_TABLES = (*tables(), "migrations", "turns", "nodes", "underway")
_Connection = psycopg.Connection[tuple[object, ...]]


@contextmanager
def copied(path: ServedPath, folder: Path) -> Iterator[ServedPath | None]:
    """Yield the place of a copy with files in this folder; None where none can be made."""
    schema = f"{PREFIX}{node_of(path)}_{secrets.token_hex(4)}"
    try:
        with psycopg.connect(path.url, autocommit=True) as connection:
            made = _copy(connection, schema)
    except psycopg.Error:
        made = False
    if not made:
        yield None
        return
    copy = ServedPath.at(folder / "copy", _url_of(path.url, schema))
    copy.lender = place_of_octets(path)
    try:
        yield copy
    finally:
        pools.leave(copy.url)
        _drop(path, schema)


def sweep(path: ServedPath) -> None:
    """Remove copies that a process of this node left behind."""
    prefix = f"{PREFIX}{node_of(path)}_"
    with suppress(psycopg.Error), psycopg.connect(path.url, autocommit=True) as connection:
        for (name,) in connection.execute(
            "SELECT schema_name FROM information_schema.schemata WHERE left(schema_name, %s) = %s",
            (len(prefix), prefix),
        ).fetchall():
            _drop(path, str(name))


def _copy(connection: _Connection, schema: str) -> bool:
    """Make the schema; return whether the record is small enough for that."""
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        row = connection.execute(
            f"{_SIZE} FROM unnest(%s::text[]) AS name".encode(), (list(_TABLES),)
        ).fetchone()
        if row is None or int(str(row[0])) > LIMIT_OCTETS:
            return False
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
        for name in _TABLES:
            ours, theirs = sql.Identifier(name), sql.Identifier(schema, name)
            connection.execute(
                sql.SQL("CREATE UNLOGGED TABLE {} (LIKE {} INCLUDING ALL)").format(theirs, ours)
            )
            connection.execute(sql.SQL("INSERT INTO {} SELECT * FROM {}").format(theirs, ours))
        _number_on(connection, schema)
    return True


def _number_on(connection: _Connection, schema: str) -> None:
    """Give out numbers behind those that were copied."""
    numbered = [(table.name, table.number) for table in tables().values() if table.number]
    for name, number in (*numbered, ("underway", "underway")):
        connection.execute(
            sql.SQL(
                "SELECT setval(pg_get_serial_sequence({}, {}), greatest(max({}), 1)) FROM {}"
            ).format(
                f"{schema}.{name}", number, sql.Identifier(number), sql.Identifier(schema, name)
            )
        )


def _drop(path: ServedPath, schema: str) -> None:
    """Remove a copy; one that stays behind is swept at the next start."""
    with suppress(psycopg.Error), psycopg.connect(path.url, autocommit=True) as connection:
        connection.execute(
            sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema))
        )


def _url_of(url: str, schema: str) -> str:
    """Return the address whose tables are those of a schema."""
    parts = urlsplit(url)
    words = dict(parse_qsl(parts.query))
    words["options"] = f"{words.get('options', '')} -csearch_path={schema}".strip()
    return urlunsplit(parts._replace(query=urlencode(words, quote_via=quote)))
