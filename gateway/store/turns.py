"""Transactions: the batches of writer and reader, short calls; and who has the store open."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from gateway.interfaces import StoreBusyError
from gateway.model.envelope import RelayState
from gateway.model.place import ServedPath
from gateway.store import database
from gateway.store.blobs import Blobs
from gateway.store.ledger import Ledger
from gateway.store.retention import Retirement
from gateway.store.rows import Digester
from gateway.store.turnstile import Turnstile

QUEUE_S = 0.5
"""How long a turn waits for other workers while its jobs may still be done on the loop."""
_T = TypeVar("_T")


class Writing:
    """One transaction for a batch: octets first, then the rows that name them."""

    def __init__(  # noqa: PLR0917 - what it is made of
        self,
        path: Path,
        connection: database.Connection,
        blobs: Blobs,
        digester: Digester,
        clock: Callable[[], datetime],
        timeout_s: float,
        turnstile: Turnstile | None = None,
    ) -> None:
        self._path = path
        self._connection = connection
        self._turnstile = turnstile
        self._blobs = blobs
        self._inode = path.stat().st_ino
        self._timeout_ms = round(timeout_s * 1000)
        self.ledger = Ledger(connection, digester, blobs, clock)
        self.retirement = Retirement(connection)
        self.committed: Callable[[], object] = lambda: None
        """Told of each commit."""
        self.afterwards: list[Callable[[], object]] = []
        """What to do once the batch is durable."""

    def wait(self) -> None:
        """Wait a while for the other workers; `begin` tells whether that was long enough."""
        if self._turnstile is not None:
            self._turnstile.enter(QUEUE_S)

    def begin(self, *, patient: bool = True) -> None:
        """Take the write lock, so that nothing read in the batch can have changed."""
        self.afterwards.clear()
        self._enter(self._timeout_ms / 1000 if patient else 0.0)
        try:
            self._begin(patient=patient)
        except BaseException:
            self._leave()
            raise

    def _begin(self, *, patient: bool) -> None:
        with database.told(self._path):
            if self._path.stat().st_ino != self._inode:
                # What is written to a file that was put aside is lost, and nobody hears of it.
                raise FileNotFoundError(errno.ENOENT, "another file is in its place", self._path)
            if patient:
                self._connection.execute(f"PRAGMA busy_timeout = {self._timeout_ms}")
            try:
                self._connection.execute("BEGIN IMMEDIATE")
            finally:
                if patient:
                    self._connection.execute("PRAGMA busy_timeout = 0")
            self.ledger.begin()

    def complete(self) -> None:
        """Write what was gathered."""
        with database.told(self._path):
            self.ledger.flush()

    def end(self) -> None:
        """Make the batch durable."""
        with database.told(self._path):
            self._blobs.flush()
            self._connection.execute("COMMIT")
        self._leave()
        self.committed()
        self._blobs.settle()
        for work in self.afterwards:
            work()

    def undo(self) -> None:
        """Take the batch back."""
        self.ledger.forget()
        self._blobs.undo()
        roll_back(self._connection)
        self._leave()

    def explained(self, error: Exception) -> StoreBusyError | None:
        """Return what to say when the store itself failed."""
        return database.explained(error, self._path)

    def close(self) -> None:
        """Close the connection and the segment."""
        self._blobs.close()
        self._connection.close()
        if self._turnstile is not None:
            self._turnstile.close()

    def _enter(self, timeout_s: float) -> None:
        if self._turnstile is not None and not self._turnstile.enter(timeout_s):
            raise StoreBusyError(f"Other workers have the database {self._path} for too long.")

    def _leave(self) -> None:
        if self._turnstile is not None:
            self._turnstile.leave()


class Reading:
    """Snapshots for questions: one at a time."""

    def __init__(
        self, path: Path, timeout_s: float, unsettled: dict[tuple[str, bytes], RelayState]
    ) -> None:
        self._path = path
        self._unsettled = unsettled
        self._noted = unsettled
        self.connection = database.connect(path, read_only=True, timeout_s=timeout_s)

    def answer(self, question: Callable[[], _T]) -> _T:
        """Return what a question gives that is asked of one snapshot. Raises StoreBusyError."""
        self._noted = self._unsettled.copy()
        try:
            self.connection.execute("BEGIN")
            try:
                return question()
            finally:
                roll_back(self.connection)
        # As `database.told` does, at a third of its cost: every message asks here.
        except (database.driver.Error, OSError) as error:
            if (busy := database.explained(error, self._path)) is None:
                raise
            raise busy from error

    def state_of(self, entry_id: str, sha256_in: bytes) -> RelayState | None:
        """Return a state that may not be in the snapshot: it was noted before that was taken."""
        return self._noted.get((entry_id, sha256_in))

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()


@contextmanager
def opened(path: Path, timeout_s: float) -> Iterator[database.Connection]:
    """Open the store for one call. Raises StoreBusyError."""
    with (
        database.told(path),
        closing(database.connect(path, timeout_s=timeout_s)) as connection,
    ):
        yield connection


@contextmanager
def changing(path: Path, timeout_s: float) -> Iterator[database.Connection]:
    """Open the store for one transaction, all or nothing. Raises StoreBusyError."""
    with opened(path, timeout_s) as connection:
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
            connection.execute("COMMIT")
        finally:
            roll_back(connection)


@contextmanager
def leasing(path: Path, timeout_s: float) -> Iterator[tuple[database.Connection, str]]:
    """Open the store to lease rows, beside the mail where the engine can. Raises StoreBusyError.

    Yields with it what a query ends in, that it may pass by the rows `p` that others lease now.
    """
    if not isinstance(path, ServedPath):
        with changing(path, timeout_s) as connection:
            yield connection, ""
        return
    with opened(path, timeout_s) as connection:
        connection.execute("BEGIN")
        try:
            yield connection, " FOR UPDATE OF p SKIP LOCKED"
            connection.execute("COMMIT")
        finally:
            roll_back(connection)


def roll_back(connection: database.Connection) -> None:
    """Roll back; where even that fails, SQLite has rolled back by itself."""
    try:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    except database.driver.Error:
        return


class Presence:
    """Tells whether another process has the store open, so that only the first recovers it."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path.with_name(f"{path.name}-open"), os.O_RDWR | os.O_CREAT, 0o600)

    def alone(self) -> bool:
        """Whether no other process has it open; keeps others from asking the same meanwhile."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def stay(self) -> None:
        """Have it open from now on, together with others."""
        fcntl.flock(self._file, fcntl.LOCK_SH)

    def leave(self) -> None:
        """Have it open no longer."""
        os.close(self._file)
