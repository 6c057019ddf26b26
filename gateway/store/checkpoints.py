"""Brings what was committed from the write-ahead log into the database, beside the commits.

By itself SQLite does so within a commit, now and then, and whoever waits for that one waits for
thousands of pages more: on a store of a million messages 100 ms. What is done here holds up no
writer; a commit finds next to nothing left to do, and begins the log anew.

Limits: where this thread cannot keep up, SQLite does it in a commit as before.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path
from typing import Final

from gateway.interfaces import StoreBusyError
from gateway.store import database

APART_S: Final = 0.3
"""So that pages which are written again and again are brought over once."""


class Checkpoints:
    """A thread that looks after the log while somebody writes."""

    def __init__(self, path: Path, apart_s: float = APART_S) -> None:
        self._path = path
        self._apart_s = apart_s
        self._due = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="checkpoints", daemon=True)
        self._thread.start()

    def due(self) -> None:
        """Note that something was committed."""
        self._due.set()

    def close(self) -> None:
        """End the thread."""
        self._ended.set()
        self._due.set()
        self._thread.join()

    def _run(self) -> None:
        self._due.wait()
        if self._ended.is_set():
            return
        with suppress(StoreBusyError), database.told(self._path):
            connection = database.connect(self._path)
            try:
                while not self._ended.wait(self._apart_s):
                    self._due.clear()
                    with suppress(database.driver.OperationalError):
                        connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
                    self._due.wait()
            finally:
                connection.close()
