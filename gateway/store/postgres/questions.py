"""Questions of an admin in the SQL of PostgreSQL: read-only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg.rows import dict_row

from gateway.model.place import ServedPath
from gateway.store.postgres.driver import saying

_TABLES = (
    "SELECT table_name, string_agg(column_name, ' ' ORDER BY ordinal_position)"
    " FROM information_schema.columns WHERE table_schema = current_schema()"
    " GROUP BY table_name ORDER BY table_name"
)


def ask(path: ServedPath, sql: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of an answer, by column. Raises the errors of the SQLite driver."""
    with (
        saying(path),
        psycopg.connect(path.url, autocommit=True, row_factory=dict_row) as connection,
    ):
        connection.execute("BEGIN READ ONLY")
        # With values to bind, if only none, one statement alone is taken: no COMMIT behind it.
        cursor = connection.execute(sql.replace("%", "%%").encode(), (), prepare=True)
        yield from cursor if cursor.description else ()


def tables(path: ServedPath) -> Iterator[dict[str, Any]]:
    """Yield each table with its columns and the number of its rows."""
    with saying(path), psycopg.connect(path.url, autocommit=True) as connection:
        for name, columns in connection.execute(_TABLES.encode()).fetchall():
            row = connection.execute(f'SELECT count(*) FROM "{name}"'.encode()).fetchone()
            yield {"table": name, "rows": row[0] if row else 0, "columns": columns}
