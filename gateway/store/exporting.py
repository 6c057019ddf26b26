"""Gathers what the store knows of a person, for whoever asks for it on that person's behalf."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from gateway.model.facts import Contact
from gateway.store.blobs import Place
from gateway.store.book import address_key
from gateway.store.faults import ContactAmbiguousError, UnknownContactError
from gateway.store.octets import blobs_of
from gateway.store.people import PeopleBook
from gateway.store.rows import Digester, entry_name, entry_number


class Exporter(PeopleBook):
    """Reads what concerns one person."""

    def known(self, person: str) -> tuple[tuple[str, ...], Contact | None]:
        """Return the addresses of whoever has this one, and the contact that this is."""
        key = address_key(person)
        try:
            contact = self.contact(key)
        except (UnknownContactError, ContactAmbiguousError):
            return (key,), None
        return tuple(dict.fromkeys((key, *contact.addresses))), contact

    def entries(self, addresses: tuple[str, ...]) -> Iterator[str]:
        """Yield the ids of the entries that the person is a party of, oldest first."""
        row = self._one("SELECT value FROM settings WHERE name = 'key'")
        digester = Digester(row[0] if row else b"")
        found: set[int] = set()
        for address in addresses:
            found |= {n for (n,) in self._rows(_OF_PARTY, digester.address(address), address)}
        yield from map(entry_name, sorted(found))

    def octets(self, entry_id: str) -> bytes | None:
        """Return the octets of an entry, or None when they are not kept."""
        number = entry_number(entry_id) or 0
        row = self._one(
            "SELECT file, start, size FROM blobs b WHERE EXISTS"
            " (SELECT 1 FROM json_each(b.entries) j WHERE j.value = ?)",
            number,
        )
        if row is not None:
            with suppress(OSError):
                return bytes(blobs_of(self._path).get(Place(*row)))
        return None


_OF_PARTY = (
    "SELECT entry FROM parties WHERE id64 = ?1 UNION SELECT entry FROM entries WHERE author = ?2"
    " OR EXISTS (SELECT 1 FROM json_each(recipients) r WHERE r.value = ?2)"
    " OR EXISTS (SELECT 1 FROM json_each(outside) o WHERE o.value = ?2)"
)
