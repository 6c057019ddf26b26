"""A file of its own beside the record, for what no letter waits for: opened, read, changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from gateway.store import database
from gateway.store.book import now
from gateway.store.closing import Closing


class SideFile(Closing):
    """A connection to such a file; synchronous."""

    def __init__(
        self,
        path: Path,
        schema: Iterable[str],
        *,
        clock: Callable[[], datetime] = now,
        timeout_s: float = 5.0,
    ) -> None:
        """Open the file, made by the statements of the schema when it is not there."""
        self._path = path
        self._clock = clock
        self._connection = database.connect(path, timeout_s=timeout_s)
        try:
            with database.told(path):
                # The disk is for letters: a power cut may take the last changes, and nothing else.
                self._connection.execute("PRAGMA synchronous = NORMAL")
                for statement in schema:
                    self._connection.execute(statement)
        except BaseException:
            self._connection.close()
            raise

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
