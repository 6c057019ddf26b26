"""Tokens of the API: each acts for a user, as far as its scopes go, until it is over or revoked.

Shown once; what is kept is the SHA-256 of it. A token is 256 random bits, so that a fast digest
is enough: there is nothing to guess.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from gateway.store.book import now
from gateway.store.faults import NotListedError
from gateway.store.rows import micros, moment, moment_or_none
from gateway.web.vault_file import VaultFile

Scope = Literal["read", "act", "admin"]
SCOPES: tuple[Scope, ...] = ("read", "act", "admin")
PREFIX = "rgt_"
"""By which a token is told that was left lying somewhere."""
USED_EVERY = timedelta(minutes=1)
"""How exactly it is known when a token was used last."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS tokens (
    token INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, user TEXT NOT NULL,
    name TEXT NOT NULL, scopes TEXT NOT NULL, made_at INTEGER NOT NULL, until INTEGER,
    used_at INTEGER, revoked_at INTEGER
) STRICT
"""


@dataclass(frozen=True, slots=True)
class Token:
    """A token, without what it is."""

    number: int
    user: str
    """Key of the user for whom it acts."""
    name: str
    """What it is for."""
    scopes: tuple[Scope, ...]
    made_at: datetime
    until: datetime | None = None
    """When it is over; None is never."""
    used_at: datetime | None = None
    revoked_at: datetime | None = None

    def holds_at(self, moment_asked: datetime) -> bool:
        """Whether it is good for anything then."""
        over = self.until is not None and self.until <= moment_asked
        return self.revoked_at is None and not over


class Tokens(VaultFile):
    """The tokens, in the file of the pages."""

    def __init__(self, folder: Path, *, clock: Callable[[], datetime] = now) -> None:
        super().__init__(folder, _SCHEMA, clock=clock)

    def create(
        self, user: str, name: str, scopes: Sequence[Scope], days: int | None = None
    ) -> tuple[str, Token]:
        """Make a token; return it, for this once, and what is known of it.

        Raises ValueError for no scope, or one that there is none of.
        """
        if not scopes or not set(scopes) <= set(SCOPES):
            raise ValueError(f"A token has scopes among {', '.join(SCOPES)}; one at least.")
        secret, at = PREFIX + secrets.token_urlsafe(32), self._clock()
        until = micros(at + timedelta(days=days)) if days is not None else None
        ordered = " ".join(scope for scope in SCOPES if scope in scopes)
        with self._change() as change:
            number = change.execute(
                "INSERT INTO tokens (digest, user, name, scopes, made_at, until)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (_digest(secret), user, name, ordered, micros(at), until),
            ).lastrowid
        return secret, self.find(number)

    def listed(self, user: str = "") -> tuple[Token, ...]:
        """Return all tokens, or those of a user, oldest first; revoked ones too."""
        return self._read("? IN (user, '') ORDER BY token", user)

    def find(self, number: int) -> Token:
        """Return one token. Raises NotListedError."""
        found = self._read("token = ?", number)
        if not found:
            raise NotListedError(f"There is no token {number}. See: replygate token list")
        return found[0]

    def revoke(self, number: int) -> Token:
        """End a token, at once. Raises NotListedError."""
        self.find(number)
        with self._change() as change:
            change.execute(
                "UPDATE tokens SET revoked_at = coalesce(revoked_at, ?) WHERE token = ?",
                (micros(self._clock()), number),
            )
        return self.find(number)

    def holder(self, secret: str) -> Token | None:
        """Return the token that this is, when it holds; it counts as used."""
        digest, at = _digest(secret), self._clock()
        found = next(iter(self._read("digest = ?", digest)), None)
        if found is None or not found.holds_at(at):
            return None
        if found.used_at is None or at - found.used_at >= USED_EVERY:
            with self._change() as change:
                change.execute("UPDATE tokens SET used_at = ? WHERE digest = ?",
                               (micros(at), digest))  # fmt: skip
        return found

    def _read(self, where: str, *values: int | str | bytes) -> tuple[Token, ...]:
        rows = self._rows(f"SELECT {_COLUMNS} FROM tokens WHERE {where}", *values)
        return tuple(
            Token(
                number,
                user,
                name,
                tuple(scope for scope in SCOPES if scope in scopes.split()),
                moment(made),
                *map(moment_or_none, rest),
            )
            for number, user, name, scopes, made, *rest in rows
        )


_COLUMNS = "token, user, name, scopes, made_at, until, used_at, revoked_at"


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()
