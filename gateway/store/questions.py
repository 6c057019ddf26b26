"""Questions of an admin in SQL, for what no command answers: read-only, by a connection apart."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import sqlite_utils

from gateway.model.place import ServedPath
from gateway.store import database


class QuestionError(ValueError):
    """SQLite does not understand the question, or it would change something."""


def ask(path: Path, sql: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of an answer, by column. Raises QuestionError and StoreBusyError.

    The tables are described in `gateway/store/schema`; octets are shown in hexadecimal.
    """
    try:
        for row in _answer(path, sql):
            yield {name: _shown(value) for name, value in row.items()}
    except (database.driver.Error, ValueError) as error:
        raise QuestionError(
            f"{error}. The tables are listed by: replygate query --tables"
        ) from error


def _answer(path: Path, sql: str) -> Iterator[dict[str, Any]]:
    if isinstance(path, ServedPath):
        from gateway.store.postgres import questions

        yield from questions.ask(path, sql)
        return
    with closing(database.connect(path, read_only=True)) as connection:
        connection.execute("PRAGMA query_only = ON")
        yield from sqlite_utils.Database(connection).query(sql)


def tables(path: Path) -> Iterator[dict[str, Any]]:
    """Yield each table with its columns and the number of its rows. Raises StoreBusyError."""
    if isinstance(path, ServedPath):
        from gateway.store.postgres import questions

        yield from questions.tables(path)
        return
    with closing(database.connect(path, read_only=True)) as connection:
        for table in sqlite_utils.Database(connection).tables:
            columns = " ".join(column.name for column in table.columns)
            yield {"table": table.name, "rows": table.count, "columns": columns}


def _shown(value: Any) -> Any:
    return value.hex() if isinstance(value, bytes) else value
