"""A connection to PostgreSQL that takes the store's statements and fails with the store's errors.

It answers like a connection of the SQLite driver, so that whoever reads and writes rows need not
know which engine holds them. A connection that broke is made anew at the next statement outside
a transaction. Whoever writes waits for an answer only where he looks at it: all nodes have one
turn to write, and what it takes is time under way (pipeline mode).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import cached_property
from typing import Any, Literal

import psycopg
from psycopg import abc, errors, pq
from psycopg.adapt import Dumper
from psycopg.types.numeric import Int8Dumper

from gateway.model.place import ServedPath
from gateway.store.database import driver
from gateway.store.postgres import pools
from gateway.store.postgres.dialect import translated
from gateway.store.rows import without_nul

CHANNEL = "replygate"
_Row = tuple[Any, ...]
_SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_TURN = "SELECT taken FROM turns WHERE name = 'writer' FOR UPDATE"
_DIRECTORY = "UPDATE settings SET value = value + 1 WHERE name = 'directory_version'"


class _NumberDumper(Int8Dumper):
    """Numbers are BIGINT in every table, truth values too: one prepared statement for all."""

    def dump(self, obj: Any) -> abc.Buffer | None:
        return super().dump(int(obj))


class _TextDumper(Dumper):
    """Text without NUL, which PostgreSQL cannot hold; enums by their value."""

    oid = psycopg.adapters.types["text"].oid

    def dump(self, obj: str) -> abc.Buffer | None:
        return without_nul(str.__str__(obj)).encode()


def adapted(connection: psycopg.Connection[_Row]) -> None:
    """Have values written as the tables hold them."""
    adapters = connection.adapters
    adapters.register_dumper(int, _NumberDumper)
    adapters.register_dumper(bool, _NumberDumper)
    adapters.register_dumper(str, _TextDumper)
    connection.prepare_threshold = 2
    connection.prepared_max = 400


class Answer:
    """What a statement gave."""

    def __init__(self, rows: Sequence[_Row], rowcount: int, lastrowid: int | None = None) -> None:
        self._rows = iter(rows)
        self._rowcount = rowcount
        self._lastrowid = lastrowid

    @property
    def rowcount(self) -> int:
        """How many rows it gave or changed."""
        return self._rowcount

    @property
    def lastrowid(self) -> int | None:
        """The number that it gave out."""
        return self._lastrowid

    def fetchone(self) -> _Row | None:
        """Return the next row, or None."""
        return next(self._rows, None)

    def fetchall(self) -> list[_Row]:
        """Return all rows that are left."""
        return list(self._rows)

    def __iter__(self) -> Iterator[_Row]:
        return self._rows


class Later(Answer):
    """What a statement will have given: it is waited for when somebody looks."""

    def __init__(self, wait: Callable[[], Answer]) -> None:
        self._wait = wait

    @cached_property
    def _there(self) -> Answer:
        return self._wait()

    @property
    def rowcount(self) -> int:
        """As that of the answer."""
        return self._there.rowcount

    @property
    def lastrowid(self) -> int | None:
        """As that of the answer."""
        return self._there.lastrowid

    def fetchone(self) -> _Row | None:
        """Return the next row, or None."""
        return self._there.fetchone()

    def fetchall(self) -> list[_Row]:
        """Return all rows that are left."""
        return self._there.fetchall()

    def __iter__(self) -> Iterator[_Row]:
        return iter(self._there)


def _answer_of(rows: list[_Row], count: int, gives_number: bool) -> Answer:  # noqa: FBT001 - SQL
    return Answer(rows, count, rows[0][0] if gives_number and rows else None)


_NOTHING = Answer((), -1)


class ServedConnection:
    """One connection, used by one thread at a time."""

    def __init__(self, path: ServedPath, *, read_only: bool, timeout_s: float) -> None:
        self._path = path
        self._read_only = read_only
        self._timeout_ms = round(timeout_s * 1000)
        self._patience_ms = self._timeout_ms
        self._plain: psycopg.Connection[_Row] | None = None
        self._closed = False
        self._pipeline: psycopg.Pipeline | None = None
        self._within = False
        """Whether a transaction was begun, and neither committed nor rolled back."""
        self._leave = ExitStack()
        with saying(path):
            self._reached()

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        plain = self._plain
        if self._within:
            return True
        return plain is not None and plain.info.transaction_status in _OPEN

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> Answer:
        """Run a statement of the store. Raises the errors of the SQLite driver."""
        with saying(self._path):
            if sql.startswith(("BEGIN", "COMMIT", "ROLLBACK", "PRAGMA")):
                return self._control(sql)
            return self._run(sql, parameters)

    def executemany(self, sql: str, many: Sequence[Sequence[Any]], /) -> None:
        """Run a statement for each of these."""
        for parameters in many:
            self.execute(sql, parameters)

    def plainly(self, sql: str, parameters: Sequence[Any] = ()) -> list[_Row]:
        """Run a statement that is written for PostgreSQL."""
        with saying(self._path):
            return self._answer(sql, parameters)[0]

    def close(self) -> None:
        """Give the connection back."""
        self._closed = True
        self._end_pipeline()
        plain, self._plain = self._plain, None
        if plain is not None:
            pools.give_back(self._path.url, plain)

    def hand(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        """Run a statement that is written for PostgreSQL, and wait for no answer."""
        with saying(self._path):
            self._begun(sql, parameters)

    def _run(self, sql: str, parameters: Sequence[Any]) -> Answer:
        if " settings" in sql:
            return self._settings(sql, parameters)
        said = translated(sql)
        if self._pipeline is None:
            return _answer_of(*self._answer(said.sql, parameters), said.gives_number)
        cursor = self._begun(said.sql, parameters)

        def wait() -> Answer:
            with saying(self._path):
                return _answer_of(*self._taken(cursor), said.gives_number)

        return Later(wait)

    def _answer(self, sql: str, parameters: Sequence[Any]) -> tuple[list[_Row], int]:
        return self._taken(self._begun(sql, parameters))

    def _begun(self, sql: str, parameters: Sequence[Any]) -> psycopg.RawCursor[_Row]:
        cursor = psycopg.RawCursor(self._reached())
        # It is put together of our own words only; values are bound.
        cursor.execute(sql.encode(), tuple(parameters) or None)
        return cursor

    def _taken(self, cursor: psycopg.RawCursor[_Row]) -> tuple[list[_Row], int]:
        if self._pipeline is not None:
            self._pipeline.sync()
        with cursor:
            return cursor.fetchall() if cursor.description else [], cursor.rowcount

    def _settings(self, sql: str, parameters: Sequence[Any]) -> Answer:
        """Read or write the table whose values are numbers and octets."""
        told = [f"\\x{one.hex()}" if isinstance(one, bytes) else str(one) for one in parameters]
        rows, count = self._answer(translated(sql).sql, told)
        if sql == _DIRECTORY:
            self.tell("directory")
        return Answer([tuple(map(_setting, row)) for row in rows], count)

    def tell(self, what: str) -> None:
        """Tell all nodes, when this transaction is durable; where the engine can."""
        if pools.can_listen(self._path.url):
            self.hand("SELECT pg_notify($1, $2)", (CHANNEL, what))

    def _control(self, sql: str) -> Answer:
        if sql.startswith("PRAGMA busy_timeout ="):
            self._patience_ms = int(sql.rpartition("=")[2])
        elif sql.startswith("PRAGMA wal_checkpoint"):
            return Answer([(0, 0, 0)], 1)
        elif sql == "BEGIN IMMEDIATE":
            self._begin_turn()
        elif sql.startswith("BEGIN"):
            self._begin(_SNAPSHOT if self._read_only else "BEGIN")
        elif sql == "COMMIT":
            self._commit()
        elif sql == "ROLLBACK":
            self._roll_back()
        return _NOTHING

    def _commit(self) -> None:
        """Wait for all that is under way; where some of it failed nothing is committed."""
        self._begun("COMMIT", ())
        self._pipeline, self._within = None, False
        self._leave.close()

    def _roll_back(self) -> None:
        self._end_pipeline()
        self._within = False
        # With the connection the transaction went.
        if self._plain is not None and not self._plain.closed:
            self._answer("ROLLBACK", ())

    def _end_pipeline(self) -> None:
        """Give up what is under way; what failed of it has been said, or need not be."""
        self._pipeline = None
        with suppress(psycopg.Error):
            self._leave.close()

    def _begin_turn(self) -> None:
        """Begin to write: one at a time, over all nodes, as on one file."""
        self._begin("BEGIN")
        try:
            self._answer(f"SET LOCAL lock_timeout = {max(self._patience_ms, 1)}", ())
            self._answer(_TURN, ())
            self._pipeline = self._leave.enter_context(self._reached().pipeline())
        except psycopg.Error:
            with suppress(psycopg.Error):
                self._roll_back()
            raise

    def _begin(self, sql: str) -> None:
        """Begin a transaction; a connection that the server has ended meanwhile is made anew."""
        try:
            self._answer(sql, ())
        except psycopg.OperationalError:
            if self._plain is None or not self._plain.closed:
                raise
            self._answer(sql, ())
        self._within = True

    def _reached(self) -> psycopg.Connection[_Row]:
        """Return the connection, made anew when it broke."""
        if self._closed:
            raise driver.ProgrammingError("This connection is closed.")
        if self._plain is not None and self._plain.closed:
            if self._within:
                # On another connection the rest of it would be a transaction of its own.
                raise driver.OperationalError("the connection was lost within a transaction")
            pools.give_back(self._path.url, self._plain)
            self._plain = None
        if self._plain is None:
            self._plain = pools.take(self._path.url, self._timeout_ms / 1000)
            adapted(self._plain)
        return self._plain


def _setting(value: Any) -> Any:
    if isinstance(value, str) and value.startswith("\\x"):
        return bytes.fromhex(value[2:])
    return int(value) if isinstance(value, str) and value.isdecimal() else value


_OPEN = frozenset(
    {
        pq.TransactionStatus.INTRANS,
        pq.TransactionStatus.INERROR,
        pq.TransactionStatus.ACTIVE,
    }
)
_Fault = Literal["IntegrityError", "OperationalError", "ProgrammingError"]


@contextmanager
def saying(path: ServedPath) -> Iterator[None]:
    """Turn what PostgreSQL says into an error of the SQLite driver, which all callers know."""
    try:
        yield
    except (psycopg.Error, pools.PoolTimeout) as error:
        raise getattr(driver, _fault(error))(_sentence(error, path)) from error


def _fault(error: Exception) -> _Fault:
    if isinstance(error, errors.IntegrityError):
        return "IntegrityError"
    # What a value or a statement breaks is about that row, and not about the store.
    if isinstance(error, (errors.ProgrammingError, errors.DataError, errors.NotSupportedError)):
        return "ProgrammingError"
    return "OperationalError"


def _sentence(error: Exception, path: ServedPath) -> str:
    said = " ".join(str(error).split())
    if isinstance(error, errors.LockNotAvailable):
        return f"Another node writes to {path.shown} for too long ({said})"
    return said
