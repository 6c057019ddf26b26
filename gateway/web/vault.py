"""What only the pages keep: passwords, sessions, attempts, and who looked at and changed what.

A database file of its own beside the record: nobody who clicks ever holds a lock that a letter
waits for.

Design notes: a session is a random number whose digest is stored, signed in the cookie; it ends
when its user signs out, gets another password, or it is over its time.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from itsdangerous import BadSignature, Signer

from gateway.store import database
from gateway.store.rows import micros, moment

FILE = "web.db"
SHORTEST = 10
"""Characters that a password has at least."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS passwords (
    user TEXT PRIMARY KEY, hash TEXT NOT NULL, set_at INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS sessions (
    digest BLOB PRIMARY KEY, user TEXT NOT NULL, until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS attempts (
    attempt INTEGER PRIMARY KEY, who TEXT NOT NULL, at INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS attempts_of ON attempts (who, at);
CREATE TABLE IF NOT EXISTS audit (
    audit INTEGER PRIMARY KEY, at INTEGER NOT NULL, user TEXT NOT NULL, did TEXT NOT NULL,
    what TEXT NOT NULL
) STRICT;
INSERT OR IGNORE INTO settings VALUES ('secret', randomblob(32));
"""
_hasher = PasswordHasher()
# Verified where there is no such user, so that time does not tell who is one.
_NOBODY = _hasher.hash(secrets.token_hex(16))


class PasswordTooShortError(ValueError):
    """A password that could be guessed."""


@dataclass(frozen=True, slots=True)
class Deed:
    """A line of the audit log."""

    at: datetime
    user: str
    did: str
    what: str


def now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


class Vault:
    """A connection to that file; synchronous."""

    def __init__(self, folder: Path, *, clock: Callable[[], datetime] = now) -> None:
        self._path = folder / FILE
        self._clock = clock
        if not self._path.exists():
            os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
        self._connection = database.connect(self._path)
        with database.told(self._path):
            for statement in _SCHEMA.split(";"):
                self._connection.execute(statement)
            row = self._connection.execute("SELECT value FROM settings WHERE name = 'secret'")
            self._secret: bytes = row.fetchone()[0]

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

    def set_password(self, user: str, password: str) -> None:
        """Give a user a password; all sessions of the user end. Raises PasswordTooShortError."""
        if len(password) < SHORTEST:
            raise PasswordTooShortError(
                f"The password of {user} has to have {SHORTEST} characters or more."
            )
        row = (user, _hasher.hash(password), micros(self._clock()))
        with self._change() as change:
            change.execute("INSERT OR REPLACE INTO passwords VALUES (?, ?, ?)", row)
            change.execute("DELETE FROM sessions WHERE user = ?", (user,))

    def has_password(self, user: str) -> bool:
        """Whether the user can sign in."""
        return bool(self._rows("SELECT 1 FROM passwords WHERE user = ?", user))

    def is_right(self, user: str, password: str) -> bool:
        """Whether this is the password of the user; takes as long where there is no such user."""
        rows = self._rows("SELECT hash FROM passwords WHERE user = ?", user)
        try:
            right = _hasher.verify(rows[0][0] if rows else _NOBODY, password)
        except (VerificationError, InvalidHashError):
            return False
        return right and bool(rows)

    def may_try(self, who: str, per_minute: int) -> bool:
        """Note an attempt to sign in; return whether it is within what a minute allows."""
        at = micros(self._clock())
        minute_ago = at - 60_000_000
        with self._change() as change:
            change.execute("DELETE FROM attempts WHERE at <= ?", (minute_ago,))
            count = change.execute("SELECT count(*) FROM attempts WHERE who = ?", (who,))
            if count.fetchone()[0] >= per_minute:
                return False
            change.execute("INSERT INTO attempts (who, at) VALUES (?, ?)", (who, at))
        return True

    def begin(self, user: str, hours: float) -> str:
        """Begin a session; return what goes into its cookie."""
        token = secrets.token_urlsafe(32)
        at = self._clock()
        with self._change() as change:
            change.execute("DELETE FROM sessions WHERE until <= ?", (micros(at),))
            change.execute(
                "INSERT INTO sessions VALUES (?, ?, ?)",
                (_digest(token), user, micros(at + timedelta(hours=hours))),
            )
        return self._signer("session").sign(token).decode()

    def user_of(self, cookie: str) -> str:
        """Return whose session it is; empty when it is none, or over."""
        token = self._token(cookie)
        rows = self._rows(
            "SELECT user FROM sessions WHERE digest = ? AND until > ?",
            _digest(token),
            micros(self._clock()),
        )
        return str(rows[0][0]) if token and rows else ""

    def end(self, cookie: str) -> None:
        """End a session."""
        with self._change() as change:
            change.execute("DELETE FROM sessions WHERE digest = ?", (_digest(self._token(cookie)),))

    def csrf_of(self, cookie: str) -> str:
        """Return the token that a form of this session carries."""
        return self._signer("csrf").get_signature(cookie.encode()).decode()

    def is_csrf_of(self, cookie: str, given: str) -> bool:
        """Whether a form came from a page of this session."""
        return secrets.compare_digest(self.csrf_of(cookie).encode(), given.encode())

    def note(self, user: str, did: str, what: str) -> None:
        """Write a line of the audit log."""
        with self._change() as change:
            change.execute(
                "INSERT INTO audit (at, user, did, what) VALUES (?, ?, ?, ?)",
                (micros(self._clock()), user, did, what),
            )

    def deeds(self, count: int) -> tuple[Deed, ...]:
        """Return the newest lines of the audit log."""
        rows = self._rows(
            "SELECT at, user, did, what FROM audit ORDER BY audit DESC LIMIT ?", count
        )
        return tuple(Deed(moment(at), user, did, what) for at, user, did, what in rows)

    def _signer(self, purpose: str) -> Signer:
        return Signer(self._secret, salt=purpose, digest_method=hashlib.sha256)

    def _token(self, cookie: str) -> str:
        try:
            return self._signer("session").unsign(cookie).decode()
        except (BadSignature, UnicodeError):
            return ""

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


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
