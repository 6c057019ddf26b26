"""The registry's part about people outside: contacts, merges, enrolments in sequences."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from gateway.model.facts import Contact, Enrolment
from gateway.store.book import address_key
from gateway.store.company import CompanyBook
from gateway.store.contacts import contact_numbers, read_contacts
from gateway.store.database import Connection, told
from gateway.store.faults import AlreadyKnownError, BadAddressError, UnknownContactError
from gateway.store.rows import entry_name, moment, moment_or_none, to_json


@dataclass(frozen=True, slots=True)
class ContactRow:
    """A contact to import."""

    address: str
    name: str = ""
    owner: str = ""
    further: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of an import."""

    added: int
    known: int
    """Rows whose address a contact has already."""
    faults: tuple[tuple[int, str], ...]
    """Row, counted from 1, and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Enrolled:
    """An enrolment with its history."""

    enrolment: Enrolment
    contact: str
    """The primary address."""
    enrolled_at: datetime
    ended_at: datetime | None = None
    ended_by: str = ""
    """Id of the entry that ended it; empty when a person did."""
    at_risk: str = ""
    """Why no reply can end it any more; empty when one can."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An address that looks like a second one of a contact."""

    address: str
    contact: Contact
    entry_id: str
    """The entry that it was seen in."""


class PeopleBook(CompanyBook):
    """Contacts and enrolments."""

    def add_contact(
        self,
        address: str,
        name: str = "",
        owner: str = "",
        *,
        company: str = "",
        at: datetime | None = None,
    ) -> Contact:
        """Add a contact. Raises AlreadyKnownError when one has the address."""
        key, user = address_key(address), self._user(owner) if owner else ""
        if known := self._numbers(key):
            raise AlreadyKnownError(
                f"{key} is an address of contact {known[0]} already. Another contact with it"
                " would make every reply ambiguous."
            )
        with self._change() as change:
            number = _insert_contact(change, key, name, user, self._at(at))
            if company:
                change.execute(
                    "UPDATE contacts SET company = ? WHERE contact = ?", (company, number)
                )
        return self.contact(number)

    def add_address(
        self, contact: int | str, address: str, *, at: datetime | None = None
    ) -> Contact:
        """Give a contact a further address.

        Another contact may have it too, as with a shared address; adding it twice to one raises
        AlreadyKnownError.
        """
        number, key = self._contact(contact), address_key(address)
        if number in self._numbers(key):
            raise AlreadyKnownError(f"{key} is an address of contact {number} already.")
        with self._change() as change:
            _give(change, number, key, self._at(at))
            change.execute("DELETE FROM suggested_aliases WHERE address = ?", (key,))
        return self.contact(number)

    def change_contact(
        self,
        contact: int | str,
        *,
        name: str | None = None,
        owner: str | None = None,
        company: str | None = None,
    ) -> Contact:
        """Give a contact another name, owner or company name; None leaves it as it is."""
        number = self._contact(contact)
        user = self._user(owner) if owner else owner
        with self._change() as change:
            change.execute(
                "UPDATE contacts SET name = coalesce(?, name), owner = coalesce(?, owner),"
                " company = coalesce(?, company) WHERE contact = ?",
                (name, user, company, number),
            )
        return self.contact(number)

    def merge(self, keep: int | str, other: int | str, *, at: datetime | None = None) -> Contact:
        """Merge another contact into the one that is kept: addresses, timeline, enrolments."""
        kept, merged, moment_at = self._contact(keep), self._contact(other), self._at(at)
        if kept == merged:
            raise AlreadyKnownError(f"{keep} and {other} are one contact already.")
        with self._change() as change:
            held = change.execute(
                "SELECT address FROM contact_addresses WHERE contact = ? AND removed_at IS NULL",
                (merged,),
            ).fetchall()
            ours = {row[0] for row in change.execute(_HELD_BY, (kept,)).fetchall()}
            change.execute(
                "UPDATE contact_addresses SET removed_at = ?"
                " WHERE contact = ? AND removed_at IS NULL",
                (moment_at, merged),
            )
            for (address,) in held:
                if address not in ours:
                    _give(change, kept, address, moment_at)
            change.execute(
                "UPDATE contacts SET merged_into = ?, merged_at = ? WHERE contact = ?",
                (kept, moment_at, merged),
            )
            _move_enrolments(change, kept, merged, moment_at)
            change.execute(_TELL_SINKS, (to_json({"into": kept}), moment_at, moment_at, merged))
        return self.contact(kept)

    def contact(self, asked: int | str) -> Contact:
        """Return the contact with this number or address.

        Raises UnknownContactError and ContactAmbiguousError.
        """
        number = self._contact(asked)
        with told(self._path):
            return read_contacts(self._connection, [number])[number]

    def list_contacts(self) -> tuple[Contact, ...]:
        """Return all contacts that were not merged into others, oldest first."""
        rows = self._rows("SELECT contact FROM contacts WHERE merged_into IS NULL ORDER BY contact")
        numbers = [number for (number,) in rows]
        found: dict[int, Contact] = {}
        with told(self._path):
            for start in range(0, len(numbers), 1000):
                found |= read_contacts(self._connection, numbers[start : start + 1000])
        return tuple(found.values())

    def import_contacts(
        self, rows: Iterable[ContactRow], *, at: datetime | None = None
    ) -> Imported:
        """Add many contacts at once; what is wrong with a row stops no other."""
        added = known = 0
        faults: list[tuple[int, str]] = []
        moment_at = self._at(at)
        with self._change() as change:
            for count, row in enumerate(rows, 1):
                try:
                    keys = [address_key(one) for one in (row.address, *row.further)]
                    owner = self._user(row.owner) if row.owner else ""
                except (BadAddressError, LookupError) as error:
                    faults.append((count, str(error)))
                    continue
                if self._numbers(keys[0]):
                    known += 1
                    continue
                number = _insert_contact(change, keys[0], row.name, owner, moment_at)
                for key in dict.fromkeys(keys[1:]):
                    if key != keys[0]:
                        _give(change, number, key, moment_at)
                added += 1
        return Imported(added, known, tuple(faults))

    def suggestions(self) -> tuple[Suggestion, ...]:
        """Return addresses that look like second ones of contacts, newest first."""
        rows = self._rows(
            "SELECT address, contact, entry FROM suggested_aliases ORDER BY suggested_at DESC"
        )
        return tuple(
            Suggestion(address, self.contact(number), entry_name(entry))
            for address, number, entry in rows
        )

    def enroll(
        self, contact: int | str, sequence: str, mailbox: str, *, at: datetime | None = None
    ) -> Enrolled:
        """Enrol a contact in a sequence that is sent from a mailbox.

        Raises AlreadyKnownError when the contact is in it.
        """
        number, box = self._contact(contact), self._mailbox(mailbox)
        if any(
            one.enrolment.contact_id == number and one.enrolment.sequence == sequence
            for one in self.list_enrolments(only_open=True)
        ):
            raise AlreadyKnownError(f"{contact} is in the sequence {sequence} already.")
        with self._change() as change:
            made = change.execute(
                "INSERT INTO enrolments (sequence, contact, mailbox, enrolled_at)"
                " VALUES (?, ?, ?, ?)",
                (sequence, number, box, self._at(at)),
            ).lastrowid
        return next(one for one in self.list_enrolments() if one.enrolment.enrolment_id == made)

    def unenroll(self, contact: int | str, sequence: str, *, at: datetime | None = None) -> None:
        """End an enrolment by hand. Raises UnknownContactError when there is none."""
        number = self._contact(contact)
        with self._change() as change:
            ended = change.execute(
                "UPDATE enrolments SET ended_at = ?"
                " WHERE contact = ? AND sequence = ? AND ended_at IS NULL",
                (self._at(at), number, sequence),
            ).rowcount
            if not ended:
                raise UnknownContactError(f"{contact} in the sequence {sequence}")

    def list_enrolments(self, *, only_open: bool = False) -> tuple[Enrolled, ...]:
        """Return all enrolments, oldest first."""
        risks = self._risks()
        open_only = "WHERE n.ended_at IS NULL" if only_open else ""
        rows = self._rows(
            "SELECT n.enrolment, n.sequence, n.contact, n.mailbox, c.address, n.enrolled_at,"
            " n.ended_at, n.ended_by FROM enrolments n JOIN contacts c USING (contact)"
            f" {open_only} ORDER BY n.enrolment"
        )
        return tuple(
            Enrolled(
                Enrolment(number, sequence, contact, box),
                address,
                moment(begun),
                moment_or_none(ended),
                entry_name(by) if by else "",
                risks.get(box, "") if ended is None else "",
            )
            for number, sequence, contact, box, address, begun, ended, by in rows
        )

    def at_risk(self) -> tuple[Enrolled, ...]:
        """Return the open enrolments that no reply can end any more (S16)."""
        return tuple(one for one in self.list_enrolments(only_open=True) if one.at_risk)

    def _risks(self) -> dict[str, str]:
        """Return, by mailbox, why its replies are not found."""
        found: dict[str, str] = {}
        for box in self.list_mailboxes():
            lives_at = box.provider_at(self._clock())
            connection = next((c for c in box.connections if c.disconnected_at is None), None)
            if connection is None:
                found[box.address] = f"{box.address} is not connected"
            elif connection.provider != lives_at:
                found[box.address] = (
                    f"{box.address} moved to {lives_at}, but is connected with"
                    f" {connection.provider}"
                )
        return found

    def _numbers(self, key: str) -> tuple[int, ...]:
        with told(self._path):
            return contact_numbers(self._connection, (key,)).get(key, ())


_TELL_SINKS = (
    # Where its timeline was handed over it is tied anew.
    "INSERT INTO outbox (kind, entry, told, made_at, freed_at) SELECT 'contact.merged', t.entry,"
    " ?, ?, ? FROM tied t JOIN handed_over h USING (entry) WHERE t.contact = ? GROUP BY t.entry"
)
_HELD_BY = "SELECT address FROM contact_addresses WHERE contact = ? AND removed_at IS NULL"


def _insert_contact(change: Connection, key: str, name: str, owner: str, at: int) -> int:
    number = change.execute(
        "INSERT INTO contacts (address, name, owner, added_at) VALUES (?, ?, ?, ?)",
        (key, name, owner, at),
    ).lastrowid
    _give(change, number, key, at)
    return int(number)


def _give(change: Connection, contact: int, key: str, at: int) -> None:
    """Give a contact an address; what it had once and gave away may come back at once."""
    change.execute(
        "INSERT INTO contact_addresses VALUES (?, ?, ?, NULL)"
        " ON CONFLICT (address, contact, added_at) DO UPDATE SET removed_at = NULL",
        (key, contact, at),
    )


def _move_enrolments(change: Connection, kept: int, merged: int, at: int) -> None:
    """Give the open enrolments to the kept contact; a sequence that both are in ends once."""
    change.execute(
        "UPDATE enrolments SET ended_at = ? WHERE contact = ? AND ended_at IS NULL AND sequence IN"
        " (SELECT sequence FROM enrolments WHERE contact = ? AND ended_at IS NULL)",
        (at, merged, kept),
    )
    change.execute(
        "UPDATE enrolments SET contact = ? WHERE contact = ? AND ended_at IS NULL", (kept, merged)
    )
