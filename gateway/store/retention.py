"""Frees content whose time is over.

What is over goes too: decisions of long ago that no longer hold, and events that all sinks have.

First a transaction takes the content out of the books and lists where its octets lie; then the
octets go; then the list does. A crash in between loses nothing of the list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.store.blobs import Blobs, Place
from gateway.store.database import Connection

_BLANK = (
    "UPDATE entries SET kept_until = 0, subject = '', base_subject = '', author_name = '',"
    " missing = '[]' WHERE entry = ?"
)
_EXPIRED = (
    "INSERT INTO decisions SELECT d.entry, d.number + 1, NULL, 0, ?, 'gateway', d.preset,"
    " 'not_logged', 'hold-expired', '', '', '{}', d.rulebook, d.matches, d.notes, 'ids'"
    " FROM decisions d JOIN entries e USING (entry) WHERE d.entry = ? AND e.outcome = 'held'"
    " ORDER BY d.number DESC LIMIT 1"
)
_EXPIRED_HOLDS = (
    "UPDATE entries SET outcome = 'not_logged', reason = 'hold-expired', holds ="
    " (SELECT max(number) FROM decisions d WHERE d.entry = entries.entry)"
    " WHERE entry = ? AND outcome = 'held'"
)
"""What is held when its time is over has not been decided by anybody (reason hold-expired)."""

AT_ONCE = 500
"""Rows of the past that go in one turn of the writer: no letter is to wait for them."""
_OLD_DECISIONS = (
    "SELECT d.entry, d.number FROM decisions d JOIN entries e ON e.entry = d.entry"
    " WHERE d.decided_at < ? AND d.number <> e.holds AND EXISTS"
    " (SELECT 1 FROM decisions l WHERE l.entry = d.entry AND l.number > d.number) LIMIT ?"
)
_OLD_EVENTS = (
    "SELECT event FROM outbox WHERE made_at < ? AND handed = 1 AND NOT EXISTS"
    " (SELECT 1 FROM pushes p WHERE p.event = outbox.event AND p.state IN ('waiting', 'dead'))"
    " ORDER BY event LIMIT ?"
)


class Retirement:
    """Takes content out of the books, through the writer's connection."""

    def __init__(self, connection: Connection) -> None:
        self._run = connection.execute

    def retire(self, now: int) -> int:
        """Take everything out whose time is over; return of how many entries."""
        due = self._run(
            "SELECT entry FROM entries WHERE kept_until > 0"
            " AND kept_until < 9223372036854775807 AND kept_until <= ?",
            (now,),
        ).fetchall()
        for row in due:
            self._run(_EXPIRED, (now, *row))
            self._run(_EXPIRED_HOLDS, row)
            self._run(_BLANK, row)
            self._run("UPDATE sightings SET envelope = NULL WHERE entry = ?", row)
            for table in ("attachments", "words", "waiting"):
                self._run(f"DELETE FROM {table} WHERE entry = ?", row)
        self._run(
            "INSERT INTO freed (file, start, size) SELECT file, start, size FROM blobs"
            " WHERE kept_until <= ?",
            (now,),
        )
        self._run("DELETE FROM blobs WHERE kept_until <= ?", (now,))
        return len(due)

    def forget(self, freed: Sequence[int]) -> None:
        """Take off the list what is gone from the disk."""
        for number in freed:
            self._run("DELETE FROM freed WHERE freed = ?", (number,))

    def prune(self, past: Past) -> None:
        """Forget this much of the past."""
        for decision in past.decisions:
            self._run("DELETE FROM decisions WHERE entry = ? AND number = ?", decision)
        for event in past.events:
            self._run("DELETE FROM pushes WHERE event = ?", event)
            self._run("DELETE FROM outbox WHERE event = ?", event)


@dataclass(frozen=True, slots=True)
class Past:
    """What nobody needs any more: entry and number of decisions, and numbers of events."""

    decisions: Sequence[tuple[int, int]]
    events: Sequence[tuple[int]]

    def __len__(self) -> int:
        return len(self.decisions) + len(self.events)


def read_past(connection: Connection, history: int, outbox: int) -> Past:
    """Return some of what is over: decisions and events made before these moments.

    A decision is while it is neither the one that holds nor the last; an event once every sink has
    it. The rest is returned once these are gone.
    """
    return Past(
        connection.execute(_OLD_DECISIONS, (history, AT_ONCE)).fetchall(),
        connection.execute(_OLD_EVENTS, (outbox, AT_ONCE)).fetchall(),
    )


def read_freed(connection: Connection) -> tuple[tuple[int, Place], ...]:
    """Return the list of octets that are to go from the disk."""
    rows = connection.execute("SELECT freed, file, start, size FROM freed").fetchall()
    return tuple((number, Place(file, start, size)) for number, file, start, size in rows)


def read_files_in_use(connection: Connection) -> frozenset[str]:
    """Return the names of the files that still hold something."""
    return frozenset(row[0] for row in connection.execute("SELECT DISTINCT file FROM blobs"))


def free(blobs: Blobs, freed: Sequence[tuple[int, Place]], used: frozenset[str]) -> list[int]:
    """Remove octets from the disk; return the numbers of those that are gone."""
    for _, place in freed:
        blobs.free(place)
    for name in {place.file for _, place in freed if place.start is not None} - used:
        blobs.drop_segment(name)
    blobs.sweep(used)
    return [number for number, _ in freed]
