"""What a CRM's own mailbox reader has logged, held against what is logged here: pure.

A message is the same by its Message-ID where the CRM tells it; else by author and subject, at
nearly the same time, the nearest pair first. What this gateway handed over is no work of theirs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from gateway.mail.subject import base_subject
from gateway.model.entry import Entry

APART = timedelta(minutes=15)
"""How far the times may lie apart: theirs is when it was sent, ours is when it came by."""


class Where(StrEnum):
    """Who has a message on the timeline."""

    BOTH = "both"
    THEIRS = "only theirs"
    OURS = "only ours"


@dataclass(frozen=True, slots=True)
class Logged:
    """A message as a CRM has it."""

    theirs: str
    """What it is called there."""
    at: datetime
    author: str
    subject: str
    message_id: str = ""
    """Without angle brackets; empty where the CRM does not tell it."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A message, and who has it."""

    where: Where
    logged: Logged | None
    entry: Entry | None
    """Ours, whatever was decided; None where it never came by."""

    @property
    def at(self) -> datetime:
        """When it was sent or came by."""
        if self.entry is not None:
            return self.entry.received_at
        assert self.logged is not None  # noqa: S101 - one of the two is there
        return self.logged.at


def compare(theirs: Sequence[Logged], ours: Iterable[Entry]) -> list[Pair]:
    """Return every message that one of both has on a timeline, oldest first."""
    entries = list(ours)
    found = _by_id(theirs, entries)
    rest = [one for one in theirs if one.theirs not in found]
    taken = {entry.entry_id for entry in found.values()}
    found |= _by_likeness(rest, [one for one in entries if one.entry_id not in taken])
    pairs = [_pair(one, found.get(one.theirs)) for one in theirs]
    taken = {entry.entry_id for entry in found.values()}
    pairs += [
        Pair(Where.OURS, None, entry)
        for entry in entries
        if entry.outcome.on_timeline and entry.entry_id not in taken
    ]
    return sorted(pairs, key=lambda pair: pair.at)


def _pair(logged: Logged, entry: Entry | None) -> Pair:
    both = entry is not None and entry.outcome.on_timeline
    return Pair(Where.BOTH if both else Where.THEIRS, logged, entry)


def _by_id(theirs: Sequence[Logged], entries: Sequence[Entry]) -> dict[str, Entry]:
    ours = {entry.message_id: entry for entry in entries}
    return {
        one.theirs: ours[one.message_id]
        for one in theirs
        if one.message_id and one.message_id in ours
    }


def _by_likeness(theirs: Sequence[Logged], entries: Sequence[Entry]) -> dict[str, Entry]:
    ours: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        ours.setdefault((entry.author, base_subject(entry.subject)), []).append(entry)
    near = [
        (abs(one.at - entry.received_at), one.theirs, entry)
        for one in theirs
        if not one.message_id
        for entry in ours.get((one.author, base_subject(one.subject)), ())
    ]
    found: dict[str, Entry] = {}
    taken: set[str] = set()
    for apart, name, entry in sorted(near, key=lambda pair: pair[0]):
        if apart <= APART and name not in found and entry.entry_id not in taken:
            found[name] = entry
            taken.add(entry.entry_id)
    return found
