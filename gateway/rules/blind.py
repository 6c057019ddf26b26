"""Whom a message reached blindly: what others are told must not name them.

Limits: what the author wrote is left as it is, though he named somebody in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gateway.model.entry import Entry
from gateway.model.message import Message


def reached_blindly(
    entry: Entry, message: Message | None, addresses: Mapping[str, Sequence[str]]
) -> frozenset[str]:
    """Return those contacts and mailboxes of an entry that it reached, and that it does not name.

    `addresses` holds all address keys of each. Without the message only its author is named. Who
    stands on the entry for another reason, such as for a colleague of his who answered, is no
    recipient. A list that a server took apart does not name its members.
    """
    reached = {key for seen in entry.sightings for key in seen.recipients}
    named = {entry.author}
    if message is not None:
        heading = message.heading
        named |= {one.key for one in (*heading.authors, *heading.to, *heading.cc)}
    return frozenset(
        one
        for one in (*entry.contacts, *entry.mailboxes)
        if not reached.isdisjoint(keys := {one, *addresses.get(one, ())}) and named.isdisjoint(keys)
    )
