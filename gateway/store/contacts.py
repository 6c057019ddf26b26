"""Contacts as of a moment: who had an address, and whom a merged contact became."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from gateway.model.facts import Contact, Enrolment
from gateway.store.database import Connection
from gateway.store.rows import FOREVER, listed, padded

_HELD = "added_at <= ? AND (removed_at IS NULL OR removed_at > ?)"


def contact_numbers(
    connection: Connection, addresses: Collection[str], at: int = FOREVER
) -> dict[str, tuple[int, ...]]:
    """Return the contacts that had each address then, lowest number first."""
    if not addresses:
        return {}
    places, size = listed(len(addresses))
    found: dict[str, tuple[int, ...]] = {}
    for address, contact in connection.execute(
        f"SELECT address, contact FROM contact_addresses WHERE address IN {places}"
        f" AND {_HELD} ORDER BY contact",
        [*padded(addresses, size), at, at],
    ).fetchall():
        found[address] = (*found.get(address, ()), contact)
    return found


def contacts_at(
    connection: Connection, addresses: Collection[str], at: int = FOREVER
) -> dict[str, tuple[Contact, ...]]:
    """Return the contacts that had each address then, as they were, lowest number first.

    Who had an address at that moment was not merged yet, so nothing is to be followed.
    """
    if not addresses:
        return {}
    places, size = listed(len(addresses))
    found: dict[str, tuple[Contact, ...]] = {}
    rows = connection.execute(
        "SELECT c.contact, o.added_at, o.address, a.address, c.address, c.name, c.owner"
        " FROM contact_addresses a JOIN contacts c ON c.contact = a.contact"
        " JOIN contact_addresses o ON o.contact = a.contact"
        f" WHERE a.address IN {places} AND a.added_at <= ?"
        " AND (a.removed_at IS NULL OR a.removed_at > ?)"
        " AND o.added_at <= ? AND (o.removed_at IS NULL OR o.removed_at > ?)",
        [*padded(addresses, size), at, at, at, at],
    ).fetchall()
    people: dict[tuple[str, int], Contact] = {}
    for number, _, held, asked, primary, name, owner in sorted(rows):
        known = people.get((asked, number))
        ordered = (*known.addresses, held) if known else (primary, held)
        addresses_held = tuple(dict.fromkeys(ordered))
        people[asked, number] = Contact(number, primary, name, addresses_held, owner)
    for (asked, _), contact in people.items():
        found[asked] = (*found.get(asked, ()), contact)
    return found


def read_contacts(
    connection: Connection, numbers: Iterable[int], at: int = FOREVER
) -> dict[int, Contact]:
    """Return the contacts with these numbers as they were then; a merged one gives its keeper."""
    asked = tuple(dict.fromkeys(numbers))
    if not asked:
        return {}
    keepers = {number: number for number in asked}
    rows = _contact_rows(connection, asked)
    while moved := {
        number: row[4]
        for number, keeper in keepers.items()
        if (row := rows.get(keeper)) and row[4] is not None and (row[5] or 0) <= at
    }:
        keepers.update(moved)
        rows.update(_contact_rows(connection, tuple(set(moved.values()) - rows.keys())))
    addresses = _addresses(connection, tuple(set(keepers.values())), at)
    return {
        number: _contact(rows[keeper], addresses.get(keeper, ()))
        for number, keeper in keepers.items()
        if keeper in rows
    }


def read_enrolments(connection: Connection, contacts: Collection[int]) -> tuple[Enrolment, ...]:
    """Return the open enrolments of these contacts."""
    if not contacts:
        return ()
    places, size = listed(len(contacts))
    rows = connection.execute(
        "SELECT enrolment, sequence, contact, mailbox FROM enrolments"
        f" WHERE contact IN {places} AND ended_at IS NULL ORDER BY enrolment",
        padded(contacts, size),
    )
    return tuple(Enrolment(*row) for row in rows.fetchall())


_Row = tuple[int, str, str, str, int | None, int | None, str]


def _contact_rows(connection: Connection, numbers: Collection[int]) -> dict[int, _Row]:
    if not numbers:
        return {}
    places, size = listed(len(numbers))
    rows = connection.execute(
        "SELECT contact, address, name, owner, merged_into, merged_at, company FROM contacts"
        f" WHERE contact IN {places}",
        padded(numbers, size),
    )
    return {row[0]: row for row in rows.fetchall()}


def _addresses(
    connection: Connection, numbers: Collection[int], at: int
) -> Mapping[int, tuple[str, ...]]:
    if not numbers:
        return {}
    places, size = listed(len(numbers))
    found: dict[int, tuple[str, ...]] = {}
    for contact, address in connection.execute(
        f"SELECT contact, address FROM contact_addresses WHERE contact IN {places}"
        f" AND {_HELD} ORDER BY added_at, address",
        [*padded(numbers, size), at, at],
    ).fetchall():
        found[contact] = (*found.get(contact, ()), address)
    return found


def _contact(row: _Row, addresses: tuple[str, ...]) -> Contact:
    number, primary, name, owner, _, _, company = row
    ordered = tuple(dict.fromkeys((primary, *addresses)))
    return Contact(number, primary, name, ordered, owner, company)
