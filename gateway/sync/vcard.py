"""Contacts out of a file of vCards, as address books export it.

Standards: RFC 6350 (vCard 4.0) and its forerunners 3.0 and 2.1, as vobject reads them. The
preferred address (PREF) is the primary one, else the first.
Limits: one card that cannot be read ends the file, with what stood before it taken.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from gateway.sync.found import Found, FoundContact, SourceError

vobject: Any = import_module("vobject")
"""It has no types."""


class VcardSource:
    """One file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def read(self, mark: str) -> Found:  # noqa: ARG002 - a file is read whole
        """Return all of its cards. Raises SourceError."""
        return await asyncio.to_thread(self._read)

    async def close(self) -> None:
        """Nothing stays open."""

    def _read(self) -> Found:
        try:
            text = self._path.read_text(encoding="utf-8-sig", errors="replace")
        except OSError as error:
            raise SourceError(f"{self._path} cannot be read: {error}.") from error
        contacts: list[FoundContact] = []
        faults: tuple[str, ...] = ()
        try:
            # What was read before a card that cannot be read is taken.
            contacts.extend(_contacts(vobject.readComponents(text)))
        except vobject.base.VObjectError as error:
            faults = (f"{self._path}: the card behind number {len(contacts)}: {error}",)
        return Found(tuple(contacts), faults=faults)


def _contacts(cards: Iterator[Any]) -> Iterator[FoundContact]:
    for card in cards:
        if card.name == "VCARD" and (contact := _contact(card)) is not None:
            yield contact


def _contact(card: Any) -> FoundContact | None:
    """Return the contact of a card; None for a card without an address."""
    lines = [line for line in card.contents.get("email", []) if "@" in line.value]
    if not lines:
        return None
    addresses = [line.value.strip() for line in sorted(lines, key=_rank)]
    names = [line.value for line in card.contents.get("fn", [])]
    name = str(names[0]).strip() if names else ""
    # "The organization name, followed by zero or more levels of organizational unit names."
    units = [line.value for line in card.contents.get("org", [])]
    company = str(units[0][0]).strip() if units and units[0] else ""
    return FoundContact(addresses[0], name, further=tuple(addresses[1:]), company=company)


def _rank(line: Any) -> int:
    """Return where an address stands: PREF=1 of 4.0, and TYPE=PREF of 3.0, go first."""
    params = {name.upper(): values for name, values in line.params.items()}
    if "PREF" in (value.upper() for value in params.get("TYPE", [])):
        return 0
    pref = params.get("PREF", [""])[0]
    return int(pref) if pref.isascii() and pref.isdigit() else 100
