"""What the parts of the registry share: a connection of their own, and one way to change things."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gateway.mail.addresses import key_of
from gateway.store import database
from gateway.store.bulletin import Bulletin
from gateway.store.closing import Closing
from gateway.store.contacts import contact_numbers
from gateway.store.faults import (
    BadAddressError,
    ContactAmbiguousError,
    UnknownContactError,
    UnknownMailboxError,
    UnknownUserError,
)
from gateway.store.rows import micros
from gateway.store.turns import roll_back


def now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


class Book(Closing):
    """A connection for the command line: synchronous, each change a transaction of its own."""

    def __init__(
        self, path: Path | str, *, clock: Callable[[], datetime] = now, timeout_s: float = 10.0
    ) -> None:
        self._path = path if isinstance(path, Path) else Path(path)
        self._clock = clock
        self._connection = database.connect(self._path, timeout_s=timeout_s)
        try:
            database.migrate(self._connection, self._path)
        except BaseException:
            self._connection.close()
            raise

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    @contextmanager
    def _change(self) -> Iterator[database.Connection]:
        """Make one change; every process that has the store open sees it at once."""
        with database.told(self._path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute(
                    "UPDATE settings SET value = value + 1 WHERE name = 'directory_version'"
                )
                self._connection.execute("COMMIT")
            finally:
                roll_back(self._connection)
            with closing(Bulletin(self._path)) as bulletin:
                bulletin.change()

    def _rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with database.told(self._path):
            return list(self._connection.execute(sql, values).fetchall())

    def _one(self, sql: str, *values: Any) -> tuple[Any, ...] | None:
        rows = self._rows(sql, *values)
        return rows[0] if rows else None

    def _at(self, moment: datetime | None) -> int:
        return micros(moment or self._clock())

    def _user(self, address: str) -> str:
        """Return the key of the user with this login or further address."""
        key = address_key(address)
        row = self._one("SELECT key FROM users WHERE key = ?", key) or self._one(
            "SELECT user FROM user_addresses WHERE address = ?", key
        )
        if row is None:
            raise UnknownUserError(key)
        return str(row[0])

    def _mailbox(self, address: str) -> str:
        """Return the address of the mailbox with this address or alias."""
        key = address_key(address)
        row = self._one("SELECT address FROM mailboxes WHERE address = ?", key) or self._one(
            "SELECT mailbox FROM mailbox_aliases WHERE alias = ?", key
        )
        if row is None:
            raise UnknownMailboxError(key)
        return str(row[0])

    def _contact(self, asked: int | str) -> int:
        """Return the number of the contact with this number or address, merges followed."""
        if isinstance(asked, int) or asked.isdecimal():
            number: int | None = int(asked)
            while number is not None:
                row = self._one("SELECT merged_into FROM contacts WHERE contact = ?", number)
                if row is None:
                    raise UnknownContactError(asked)
                if row[0] is None:
                    return number
                number = row[0]
        key = address_key(str(asked))
        with database.told(self._path):
            numbers = contact_numbers(self._connection, (key,)).get(key, ())
        if not numbers:
            raise UnknownContactError(key)
        if len(numbers) > 1:
            raise ContactAmbiguousError(key, numbers)
        return numbers[0]


def address_key(address: str) -> str:
    """Return what the address is compared by. Raises BadAddressError."""
    key = key_of(address.strip())
    local, at, domain = key.rpartition("@")
    if not (local and at and domain) or any(c.isspace() for c in key):
        raise BadAddressError(address)
    return key


def pattern_key(pattern: str) -> str:
    """Return an address, or a domain without `@`, as lists hold it. Raises BadAddressError."""
    text = pattern.strip().removeprefix("@")
    if "@" in text:
        return address_key(text)
    return address_key(f"any@{text}").rpartition("@")[2]
