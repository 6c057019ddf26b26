"""Reading people, and what is kept of their letters, as far as somebody may see it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from gateway.model.directory import Directory, Mailbox, Switched, User
from gateway.model.entry import Kept
from gateway.model.facts import Contact
from gateway.store import database
from gateway.store.book import now
from gateway.store.contacts import contact_numbers, read_contacts
from gateway.store.directory import (
    Configured,
    read_directory,
    read_mailboxes,
    read_switches,
    read_users,
)
from gateway.store.entries import Entries
from gateway.store.kept import read_kept
from gateway.store.octets import blobs_of
from gateway.store.people import Suggestion
from gateway.store.rows import entry_name, entry_number, from_json, micros, moment


@dataclass(frozen=True, slots=True)
class Scope:
    """What a member sees: his own mail, and what is on the timelines of contacts he owns."""

    user: str
    mailboxes: tuple[str, ...] = ()


class Person(NamedTuple):
    """A line of the list of contacts."""

    contact: int
    address: str
    name: str
    owner: str
    last_at: datetime | None
    logged: int


class PeopleViews(Entries):
    """The part of the record about people."""

    def __init__(
        self, path: Path | str, *, clock: Callable[[], datetime] = now, timeout_s: float = 5.0
    ) -> None:
        super().__init__(path, clock=clock, timeout_s=timeout_s)
        # A page opens a connection of its own: what it reads lies in the system's cache already.
        self._connection.execute(f"PRAGMA mmap_size = {1 << 30}")

    def people(self, asked: str, scope: Scope | None, after: int = 0) -> list[Person]:
        """Return contacts whose name or address holds what is asked, newest contact first."""
        where = "c.merged_into IS NULL"
        values: list[Any] = []
        if asked:
            where += (
                " AND (c.name LIKE ? ESCAPE '\\' OR EXISTS (SELECT 1 FROM contact_addresses a"
                " WHERE a.contact = c.contact AND a.address LIKE ? ESCAPE '\\'))"
            )
            values += [f"%{escaped(asked)}%", f"%{escaped(asked.lower())}%"]
        if after:
            where, values = f"{where} AND c.contact < ?", [*values, after]
        if scope is not None:
            where = f"{where} AND {_known(scope, 'ORDER BY t.entry DESC LIMIT 200')}"
            values += _known_values(scope)
        rows = self._rows(
            "SELECT c.contact, c.address, c.name, c.owner,"
            " (SELECT e.received_at FROM entries e WHERE e.entry = (SELECT max(t.entry)"
            " FROM tied t WHERE t.contact = c.contact)),"
            " (SELECT count(*) FROM tied t WHERE t.contact = c.contact)"
            f" FROM contacts c WHERE {where} ORDER BY c.contact DESC LIMIT 51",
            *values,
        )
        return [Person(c, a, n, o, moment(at) if at else None, k) for c, a, n, o, at, k in rows]

    def contact(self, number: int) -> Contact | None:
        """Return a contact; of a merged one the contact that it became."""
        with database.told(self._path):
            return read_contacts(self._connection, [number]).get(number)

    def company_name(self, domain: str) -> str:
        """Return what most contacts at a domain say that their company is called, or nothing."""
        rows = self._rows(
            "SELECT company, count(*) FROM contacts WHERE company <> '' AND merged_into IS NULL"
            " AND address LIKE ? ESCAPE '\\' GROUP BY company ORDER BY 2 DESC, 1 LIMIT 1",
            f"%@{escaped(domain)}",
        )
        return str(rows[0][0]) if rows else ""

    def contact_of(self, address: str) -> int | None:
        """Return the contact that has the address, or None."""
        with database.told(self._path):
            found = contact_numbers(self._connection, [address]).get(address, ())
        return found[0] if found else None

    def knows(self, number: int, scope: Scope | None) -> bool:
        """Whether a contact is the asker's: owned, written to, or heard from.

        Mail that he sees for another reason tells nothing: it may have gone to the contact blindly.
        """
        if scope is None:
            return True
        sql = f"SELECT 1 FROM contacts c WHERE c.contact = ? AND {_known(scope)}"
        return bool(self._rows(sql, number, *_known_values(scope)))

    def owns(self, user: str, contact: int) -> bool:
        """Whether a contact belongs to the user."""
        return bool(
            self._rows("SELECT 1 FROM contacts WHERE contact = ? AND owner = ?", contact, user)
        )

    def owned(self, user: str, most: int, domain: str = "") -> list[int]:
        """Return contacts of a user, at a domain when asked, and what was merged into them.

        What was merged goes by the owner of the contact that it became.
        """
        at = f"%@{escaped(domain.lower())}" if domain else "%"
        rows = self._rows(
            "SELECT contact FROM contacts WHERE owner = ? AND owner <> '' AND merged_into IS NULL"
            " AND address LIKE ? ESCAPE '\\' UNION SELECT m.contact FROM contacts k JOIN contacts m"
            " ON m.merged_into = k.contact WHERE k.owner = ? AND k.owner <> ''"
            " AND m.address LIKE ? ESCAPE '\\' LIMIT ?",
            user,
            at,
            user,
            at,
            most,
        )
        return [number for (number,) in rows]

    def stopped_before(self, addresses: Sequence[str], scope: Scope | None) -> list[str]:
        """Return what is kept and was stopped for want of a contact, oldest first.

        Of each address of the contact that there is now, the newest mail is looked at.
        """
        where, values = self._may_see(scope)
        found: set[int] = set()
        for address in addresses:
            rows = self._rows(
                _STOPPED_BEFORE.format(may_see=where),
                self._digester.address(address),
                LOOKED_AT,
                micros(self._clock()),
                *values,
            )
            found.update(number for (number,) in rows)
        return [entry_name(number) for number in sorted(found)]

    def users(self) -> tuple[User, ...]:
        """Return all users."""
        with database.told(self._path):
            return read_users(self._connection)

    def mailboxes(self) -> tuple[Mailbox, ...]:
        """Return all mailboxes."""
        with database.told(self._path):
            return read_mailboxes(self._connection)

    def suggestions(self) -> tuple[Suggestion, ...]:
        """Return addresses that look like second ones of contacts, newest first."""
        rows = self._rows(
            "SELECT address, contact, entry FROM suggested_aliases ORDER BY suggested_at DESC"
        )
        with database.told(self._path):
            people = read_contacts(self._connection, [contact for _, contact, _ in rows])
        return tuple(
            Suggestion(address, people[contact], entry_name(entry))
            for address, contact, entry in rows
        )

    def switched(self) -> tuple[Switched, ...]:
        """Return the switches that are set over the configuration."""
        rows = self._rows("SELECT value FROM settings WHERE name = 'switches'")
        return read_switches(rows[0][0]) if rows else ()

    def names_of(self, entry_id: str) -> list[str]:
        """Return the names of the contacts that an entry is tied to."""
        rows = self._rows("SELECT contacts FROM entries WHERE entry = ?", entry_number(entry_id))
        numbers = from_json(rows[0][0], tuple[int, ...]) if rows else ()
        with database.told(self._path):
            return [one.name for one in read_contacts(self._connection, numbers).values()]

    def directory(self, configured: Configured) -> Directory:
        """Return the directory as of now."""
        with database.told(self._path):
            self._connection.execute("BEGIN")
            try:
                return read_directory(self._connection, configured)
            finally:
                self._connection.execute("COMMIT")

    def kept(self, entry_id: str) -> Kept | None:
        """Return what is kept of an entry, with its octets, or None. Raises StoreBusyError."""
        blobs = blobs_of(self._path)
        with database.told(self._path):
            return read_kept(self._connection, blobs, entry_id, micros(self._clock()))

    def _may_see(self, scope: Scope | None) -> tuple[str, list[Any]]:
        """Return the condition of what may be seen."""
        if scope is None:
            return "1", []
        places = ",".join("?" * len(scope.mailboxes))
        reached = f"SELECT 1 FROM json_each(e.mailboxes) WHERE value IN ({places})"
        own = f"(e.user = ? OR EXISTS ({reached}))"
        owned = f"(e.outcome IN ('logged', 'partial') AND EXISTS ({OWNED}))"
        return f"({own} OR {owned})", [scope.user, *scope.mailboxes, scope.user]


LOOKED_AT = 500
"""Newest messages of an address that are looked at for what was stopped."""
_STOPPED_BEFORE = (
    "SELECT e.entry FROM (SELECT entry FROM parties WHERE id64 = ? ORDER BY entry DESC LIMIT ?) p"
    " CROSS JOIN entries e ON e.entry = p.entry"
    " CROSS JOIN decisions d ON d.entry = e.entry AND d.number = e.holds"
    " WHERE e.outcome IN ('held', 'not_logged') AND e.kept_until > ?"
    " AND d.command LIKE 'replygate contact add%' AND {may_see}"
)
OWNED = (
    "SELECT 1 FROM json_each(e.contacts) o JOIN contacts p ON p.contact = o.value"
    " LEFT JOIN contacts k ON k.contact = p.merged_into WHERE coalesce(k.owner, p.owner) = ?"
)
"""Whether a contact of an entry belongs to somebody; for SQL."""


def _known(scope: Scope, newest: str = "") -> str:
    """Return the condition that a contact is the asker's; a list looks at its newest mail only."""
    heard = ""
    if scope.mailboxes:
        places = ",".join("?" * len(scope.mailboxes))
        heard = (
            " OR (e.direction = 'incoming' AND EXISTS (SELECT 1 FROM json_each(e.mailboxes)"
            f" WHERE value IN ({places})))"
        )
    return (
        "(c.owner = ? OR EXISTS (SELECT 1 FROM (SELECT t.entry FROM tied t"
        f" WHERE t.contact = c.contact {newest}) y JOIN entries e ON e.entry = y.entry"
        f" WHERE e.user = ?{heard}))"
    )


def _known_values(scope: Scope) -> list[str]:
    return [scope.user, scope.user, *scope.mailboxes]


def escaped(text: str) -> str:
    """Return a text as LIKE takes it literally."""
    for sign in "\\%_":
        text = text.replace(sign, f"\\{sign}")
    return text
