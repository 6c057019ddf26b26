"""What a push tells beside its entry: the people on it, and what a report speaks of."""

from __future__ import annotations

from typing import Any

from gateway.model.entry import Entry
from gateway.model.handover import Parcel, Push
from gateway.store.contacts import read_contacts
from gateway.store.rows import entry_name, entry_number, from_json


def parcel_of(connection: Any, push: Push, entry: Entry) -> Parcel:
    """Return the parcel of an entry, with its contacts as they are now."""
    number = entry_number(entry.entry_id)
    (told,) = connection.execute(_CONTACTS, (number,)).fetchone()
    people = read_contacts(connection, from_json(told, tuple[int, ...])).values()
    originals = connection.execute(_ORIGINALS, (number,)).fetchall()
    return Parcel(
        push,
        entry,
        names={one.primary: one.name for one in people if one.name},
        addresses={one.primary: one.addresses for one in people},
        originals=tuple(entry_name(original) for (original,) in originals),
    )


_CONTACTS = "SELECT contacts FROM entries WHERE entry = ?"
_ORIGINALS = "SELECT DISTINCT entry FROM reports WHERE report = ? ORDER BY entry"
