"""Questions of an admin in SQL, for what no command answers: read-only, by a connection apart."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import sqlite_utils

from gateway.store import database


class QuestionError(ValueError):
    """SQLite does not understand the question, or it would change something."""


def ask(path: Path, sql: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of an answer, by column. Raises QuestionError and StoreBusyError.

    The tables are described in `gateway/store/schema`; octets are shown in hexadecimal.
    """
    with closing(database.connect(path, read_only=True)) as connection:
        connection.execute("PRAGMA query_only = ON")
        try:
            for row in sqlite_utils.Database(connection).query(sql):
                yield {name: _shown(value) for name, value in row.items()}
        except (database.driver.Error, ValueError) as error:
            raise QuestionError(
                f"{error}. The tables are listed by: replygate query --tables"
            ) from error


def tables(path: Path) -> Iterator[dict[str, Any]]:
    """Yield each table with its columns and the number of its rows. Raises StoreBusyError."""
    with closing(database.connect(path, read_only=True)) as connection:
        for table in sqlite_utils.Database(connection).tables:
            columns = " ".join(column.name for column in table.columns)
            yield {"table": table.name, "rows": table.count, "columns": columns}


def _shown(value: Any) -> Any:
    return value.hex() if isinstance(value, bytes) else value
