"""What only the pages keep: passwords, sessions, attempts, and who looked at and changed what.

A database file of its own beside the record: nobody who clicks ever holds a lock that a letter
waits for.

Design notes: a session is a random number whose digest is stored, signed in the cookie; it ends
when its user signs out, gets another password, or it is over its time.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from itsdangerous import BadSignature, Signer

from gateway.store.book import now
from gateway.store.rows import micros, moment
from gateway.web.vault_file import VaultFile

SHORTEST = 10
"""Characters that a password has at least."""
AUDIT_DAYS = 400
"""How long it is known who looked at and changed what."""

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
CREATE INDEX IF NOT EXISTS audit_at ON audit (at);
INSERT OR IGNORE INTO settings VALUES ('secret', randomblob(32));
"""
_hasher = PasswordHasher()


@cache
def _nobody() -> str:
    """Return what is verified where there is no such user, so that time does not tell who is one.

    It takes as long to make as to verify, so every sign-in asks for it, and the first one waits
    whoever it is.
    """
    return _hasher.hash(secrets.token_hex(16))


class PasswordTooShortError(ValueError):
    """A password that could be guessed."""


@dataclass(frozen=True, slots=True)
class Deed:
    """A line of the audit log."""

    at: datetime
    user: str
    did: str
    what: str
    number: int = 0


class Vault(VaultFile):
    """A connection to it."""

    def __init__(
        self,
        folder: Path,
        *,
        clock: Callable[[], datetime] = now,
        audit_days: int = AUDIT_DAYS,
    ) -> None:
        super().__init__(folder, _SCHEMA, clock=clock)
        self._audit_days = audit_days
        row = self._rows("SELECT value FROM settings WHERE name = 'secret'")
        self._secret: bytes = row[0][0]

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

    def is_right(self, user: str, password: str) -> bool:
        """Whether this is the password of the user; takes as long where there is no such user."""
        nobody = _nobody()
        rows = self._rows("SELECT hash FROM passwords WHERE user = ?", user)
        try:
            right = _hasher.verify(rows[0][0] if rows else nobody, password)
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
        """Write a line of the audit log; lines whose time is over go."""
        at = self._clock()
        over = micros(at - timedelta(days=self._audit_days))
        with self._change() as change:
            change.execute("DELETE FROM audit WHERE at <= ?", (over,))
            change.execute(
                "INSERT INTO audit (at, user, did, what) VALUES (?, ?, ?, ?)",
                (micros(at), user, did, what),
            )

    def deeds(self, count: int, *, user: str = "", before: int = 0) -> tuple[Deed, ...]:
        """Return the newest lines of the audit log; of one user, or before a line, when asked."""
        rows = self._rows(
            "SELECT audit, at, user, did, what FROM audit WHERE ? IN (user, '')"
            " AND (? = 0 OR audit < ?) ORDER BY audit DESC LIMIT ?",
            user,
            before,
            before,
            count,
        )
        return tuple(
            Deed(moment(at), user, did, what, number) for number, at, user, did, what in rows
        )

    def secret_for(self, purpose: str) -> bytes:
        """Return a secret of ours for one purpose."""
        return hashlib.sha256(self._secret + purpose.encode()).digest()

    def _signer(self, purpose: str) -> Signer:
        return Signer(self._secret, salt=purpose, digest_method=hashlib.sha256)

    def _token(self, cookie: str) -> str:
        try:
            return self._signer("session").unsign(cookie).decode()
        except (BadSignature, UnicodeError):
            return ""


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
