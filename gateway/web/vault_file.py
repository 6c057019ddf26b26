"""The file of what only the pages and the API keep, beside the record: opened, read, changed.

Nobody who clicks ever holds a lock that a letter waits for.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from gateway.store import database

FILE = "web.db"


def now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


class VaultFile:
    """A connection to that file; synchronous."""

    def __init__(self, folder: Path, schema: str, *, clock: Callable[[], datetime] = now) -> None:
        self._path = folder / FILE
        self._clock = clock
        if not self._path.exists():
            os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
        self._connection = database.connect(self._path)
        with database.told(self._path):
            # The disk is for letters: a power cut may take the last clicks, and nothing else.
            self._connection.execute("PRAGMA synchronous = NORMAL")
            for statement in schema.split(";"):
                self._connection.execute(statement)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with database.told(self._path):
            return list(self._connection.execute(sql, values).fetchall())

    @contextmanager
    def _change(self) -> Iterator[database.Connection]:
        with database.told(self._path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")
