"""Opens the database: settings, migrations, and errors that a person can act on.

A file is SQLite's; a path that a server stands behind is handed to `gateway.store.postgres`.

Design notes: D-12. The driver is pysqlite3, whose SQLite has no WAL-reset defect. Writers begin
with `BEGIN IMMEDIATE`: a deferred transaction that reads first fails at once when another
process has written, whatever the timeout.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from importlib import import_module, resources
from pathlib import Path
from typing import Any, TypeAlias

import pysqlite3

from gateway.interfaces import StoreBusyError
from gateway.model.place import ServedPath
from gateway.store.rows import micros

driver: Any = pysqlite3
"""The driver, which comes without types."""

UNFINISHED = "unfinished_copy"
"""The setting that a store has while it is being copied into."""
MOVED = "moved_to"
"""The setting that a store has once a whole copy of it took its place."""

Connection: TypeAlias = Any
"""A connection of that driver."""


class StoreVersionError(ValueError):
    """The database was made by a newer version of the gateway than this one."""


class PartMissingError(StoreVersionError):
    """What the configuration asks for needs a part that is not installed."""


def need(module: str, extra: str) -> None:
    """Raise PartMissingError unless a module is installed, which an extra brings."""
    try:
        import_module(module)
    except ImportError as error:
        raise PartMissingError(
            f"[store] needs {module}, which is not installed ({error})."
            f" Install it with: pip install 'replygate[{extra}]'"
        ) from error


def connect(path: Path, *, read_only: bool = False, timeout_s: float = 5.0) -> Connection:
    """Return a connection that leaves transactions to us. Raises StoreBusyError."""
    if isinstance(path, ServedPath):
        need("psycopg_pool", "postgresql")
        from gateway.store.postgres.driver import ServedConnection

        with told(path):
            return ServedConnection(path, read_only=read_only, timeout_s=timeout_s)
    mode = "ro" if read_only else "rwc"
    with told(path):
        if not read_only:
            _make(path)
        connection = driver.connect(
            f"{path.absolute().as_uri()}?mode={mode}",
            uri=True,
            timeout=timeout_s,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=256,
        )
        try:
            if not read_only:
                # What is deleted is overwritten: mail that is freed or erased leaves no trace.
                connection.execute("PRAGMA secure_delete = ON")
                if connection.execute("PRAGMA page_count").fetchone()[0] == 0:
                    # Heard before the first table only: free pages go back step by step.
                    connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
                connection.execute("PRAGMA wal_autocheckpoint = 4000")
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA journal_size_limit = 67108864")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA cache_size = -16384")
        except driver.Error:
            connection.close()
            raise
    return connection


def _make(path: Path) -> None:
    """Make the file, so that nobody else may read it; its log and index take that over.

    One that is there is left alone: to close any handle of it gives up the locks of all our
    connections (fcntl(2)), and another program could take the store for its own.
    """
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


def migrations() -> tuple[tuple[int, str, str], ...]:
    """Return number, name and SQL of every migration, in order."""
    folder = resources.files("gateway.store.schema")
    names = sorted(f.name for f in folder.iterdir() if f.name.endswith(".sql"))
    return tuple((int(name[:4]), name, (folder / name).read_text("utf-8")) for name in names)


def migrate(connection: Connection, path: Path, *, unfinished: bool = False) -> None:
    """Bring the schema to our version, under an exclusive lock, all or nothing.

    One that is current is only looked at: whoever opens the store must not stop its writers.

    Raises StoreVersionError for a database that is newer than we are, or, unless `unfinished`, a
    copy that is not whole or a store that was moved; StoreBusyError when it cannot be locked or
    written.
    """
    _migrate(connection, path)
    if not unfinished:
        refuse_copied(connection, path)


def _migrate(connection: Connection, path: Path) -> None:
    if isinstance(path, ServedPath):
        from gateway.store.postgres import migrating

        with told(path):
            migrating.migrate(connection, path)
        return
    steps = migrations()
    with told(path):
        if _version(connection) == steps[-1][0]:
            return
        connection.execute("BEGIN EXCLUSIVE")
        try:
            connection.execute(
                "CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY,"
                " name TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT"
            )
            found = _version(connection)
            _refuse_newer(found, steps[-1][0], path)
            for number, name, script in steps:
                if number > found:
                    _apply(connection, script)
                    row = (number, name, micros(datetime.now(UTC)))
                    connection.execute("INSERT INTO migrations VALUES (?, ?, ?)", row)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def check_version(connection: Connection, path: Path) -> None:
    """Raise StoreVersionError when the database is not of our version; it is not changed."""
    if isinstance(path, ServedPath):
        from gateway.store.postgres import migrating

        migrating.check_version(connection, path)
        refuse_copied(connection, path)
        return
    found = _version(connection)
    newest = migrations()[-1][0]
    _refuse_newer(found, newest, path)
    if found < newest:
        raise StoreVersionError(
            f"The database {path} has schema version {found}, and this replygate needs {newest}."
            " Start the gateway once, which brings it up to date."
        )
    refuse_copied(connection, path)


def refuse_copied(connection: Connection, path: Path) -> None:
    """Raise StoreVersionError for a copy that is not whole, and for a store that was moved."""
    with told(path):
        marks = connection.execute(
            "SELECT name, value FROM settings WHERE name IN (?, ?)", (UNFINISHED, MOVED)
        ).fetchall()
    place = path.shown if isinstance(path, ServedPath) else path
    for name, value in marks:
        if name == UNFINISHED:
            raise StoreVersionError(
                f"The database {place} is a copy that is not whole yet ({value})."
                " Finish it with the same: replygate store copy"
            )
        raise StoreVersionError(
            f"The record at {place} was moved to {value}. Name that one in [store]; or, if you"
            " want this one back without what came there since: replygate store reopen"
        )


def _version(connection: Connection) -> int:
    """Return the number of the last migration; 0 where there was none."""
    rows = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'migrations'").fetchall()
    if not rows:
        return 0
    return int(connection.execute("SELECT max(number) FROM migrations").fetchone()[0] or 0)


def _refuse_newer(found: int, ours: int, path: Path) -> None:
    if found > ours:
        raise StoreVersionError(
            f"The database {path} has schema version {found}, and this replygate knows versions"
            f" up to {ours}. Upgrade replygate, or restore the backup that was made before the"
            " upgrade."
        )


def _apply(connection: Connection, script: str) -> None:
    """Run the statements one by one: executescript would commit what is open."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if driver.complete_statement(statement):
            connection.execute(statement)
            statement = ""


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Turn what SQLite and the file system say into a StoreBusyError with a sentence."""
    try:
        yield
    except (driver.Error, OSError) as error:
        if (busy := explained(error, path)) is None:
            raise
        try:
            raise busy from error
        finally:
            # This frame is a part of what it raises: a circle, with all that was to be written.
            del busy


def explained(error: Exception, path: Path) -> StoreBusyError | None:
    """Return what to say of an error; None for one that the store itself is not the cause of."""
    if isinstance(error, OSError):
        return StoreBusyError(
            f"The files beside {path} cannot be used: {error.strerror or error}."
            " Make room or repair the disk; mail waits in the spool."
        )
    # What a row breaks (a constraint, a type) is about that row and not about the store.
    about_a_row = (driver.IntegrityError, driver.InterfaceError, driver.ProgrammingError)
    if not isinstance(error, driver.Error):
        return None
    if isinstance(error, about_a_row) and "closed" not in str(error):
        return None
    return StoreBusyError(_sentence(error, path))


def _sentence(error: Exception, path: Path) -> str:
    said = str(error)
    if isinstance(path, ServedPath):
        return f"The database {path.shown} could not be used: {said}. Mail waits in the spool."
    for sign, sentence in _SENTENCES:
        if sign in said:
            return sentence.format(path=path)
    return f"The database {path} could not be used: {said}. Mail waits in the spool."


_SENTENCES = (
    ("locked", "The database {path} is locked by another program. End it, or wait for it."),
    ("full", "The disk that holds {path} is full. Make room; mail waits in the spool."),
    ("readonly", "The database {path} cannot be written. Check its owner and its mode."),
    ("unable to open", "The database {path} cannot be opened. Check that its folder exists."),
    ("malformed", "The database {path} is damaged. Restore it from a backup."),
    ("not a database", "The file {path} is no database. Restore it, or name another file."),
    ("disk I/O", "The disk that holds {path} fails. Replace it and restore a backup."),
)
