"""Codes that prove an address: sent there, and given back on the pages by whoever reads it."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from gateway.store.book import now
from gateway.store.rows import micros
from gateway.web.vault_file import VaultFile

VALID: Final = timedelta(minutes=30)
TRIES: Final = 5
"""Wrong guesses, after which a code is void."""
_ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS address_codes (
    user TEXT NOT NULL, address TEXT NOT NULL, digest BLOB NOT NULL, until INTEGER NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (user, address)
) STRICT, WITHOUT ROWID
"""


class Codes(VaultFile):
    """The codes that wait to be given back."""

    def __init__(self, folder: Path, *, clock: Callable[[], datetime] = now) -> None:
        super().__init__(folder, _SCHEMA, clock=clock)

    def make(self, user: str, address: str) -> str:
        """Return a new code for an address; an older one is void."""
        code = "".join(secrets.choice(_ALPHABET) for _ in range(8))
        until = micros(self._clock() + VALID)
        with self._change() as change:
            change.execute(
                "INSERT OR REPLACE INTO address_codes VALUES (?, ?, ?, ?, 0)",
                (user, address, _digest(code), until),
            )
        return code

    def waiting(self, user: str) -> tuple[str, ...]:
        """Return the addresses of a user that wait for their code."""
        rows = self._rows(
            "SELECT address FROM address_codes WHERE user = ? AND until > ? AND tries < ?",
            user,
            micros(self._clock()),
            TRIES,
        )
        return tuple(address for (address,) in rows)

    def is_right(self, user: str, address: str, code: str) -> bool:
        """Whether this is the code; a right one is used up, a wrong one is counted."""
        with self._change() as change:
            row = change.execute(
                "SELECT digest FROM address_codes"
                " WHERE user = ? AND address = ? AND until > ? AND tries < ?",
                (user, address, micros(self._clock()), TRIES),
            ).fetchone()
            right = row is not None and secrets.compare_digest(row[0], _digest(code))
            statement = (
                "DELETE FROM address_codes WHERE user = ? AND address = ?"
                if right
                else "UPDATE address_codes SET tries = tries + 1 WHERE user = ? AND address = ?"
            )
            change.execute(statement, (user, address))
        return right


def _digest(code: str) -> bytes:
    return hashlib.sha256(code.strip().upper().encode("utf-8", "replace")).digest()
