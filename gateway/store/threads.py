"""Ties messages into threads: ids, ghosts, late parents, merges.

A merge leaves the ids where they are: the thread that was given up names the one that is kept,
always in one step.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from gateway.store.contacts import read_contacts
from gateway.store.database import Connection
from gateway.store.recall import IdHit, ThreadRow, conversation_threads, read_threads
from gateway.store.rows import FOREVER, Digester, clean, from_json, insert, keys_of, to_json

ON_TIMELINE = "outcome IN ('logged', 'partial')"
"""SQL for what shows on the timeline."""


@dataclass(frozen=True, slots=True)
class Ids:
    """By what a message is tied to others."""

    own: tuple[str, ...]
    """Its own id and the aliases of it."""
    cited: tuple[str, ...]
    conversation: str
    addresses: Collection[str]
    """The parties; one must be shared within a conversation."""
    hits: Mapping[str, Sequence[IdHit]]
    in_full: bool
    """False: only digests may be kept."""


@dataclass(slots=True)
class Tied:
    """The thread of a message while it is being recorded; saved once, at the end."""

    row: ThreadRow
    stored: ThreadRow | None
    """As it is stored; None for a new one."""
    stirred: bool = False
    """A late parent came, or the thread became tracked: what is kept of it is judged anew."""

    def show(self, at: int, entry: int, starter: str, mailbox: str) -> None:
        """Track the thread from this entry on, unless it is tracked."""
        if self.row.tracked_at is None:
            self.stirred = True
            self.row = self.row._replace(
                tracked_at=at, tracked_by=entry, starter=starter, began_in=mailbox
            )
        elif not self.row.starter and starter:
            self.row = self.row._replace(starter=starter, began_in=self.row.began_in or mailbox)

    def widen(self, outside: Collection[str], contacts: Sequence[int]) -> None:
        """Add the outside parties and contacts of a logged message."""
        old = keys_of(self.row.outside)
        if not set(outside) <= set(old):
            self.row = self.row._replace(outside=to_json(tuple(dict.fromkeys((*old, *outside)))))
        known = self.contacts
        if not set(contacts) <= set(known):
            self.row = self.row._replace(
                contacts=to_json(tuple(dict.fromkeys((*known, *contacts))))
            )

    @property
    def contacts(self) -> tuple[int, ...]:
        """The contacts of the thread, its own first."""
        return from_json(self.row.contacts, tuple[int, ...])


class Threads:
    """The threads, through the writer's connection."""

    def __init__(self, connection: Connection, digester: Digester) -> None:
        self._connection = connection
        self._digester = digester
        self._last = 0

    def begin(self) -> None:
        """Learn the highest number; nobody else writes until the transaction ends."""
        highest = self._connection.execute("SELECT coalesce(max(thread), 0) FROM threads")
        (self._last,) = highest.fetchone()

    def tie(self, entry: int, received_at: int, ids: Ids, home: int = 0) -> Tied:
        """Tie an entry to what its ids lead to; `home` is the thread that it already has."""
        numbers = [home] if home else []
        order = dict.fromkeys((*ids.cited, *ids.own))
        numbers += [hit.thread for one in order for hit in ids.hits.get(one, ())]
        if ids.conversation:
            conversation = self._digester.message_id(ids.conversation)
            numbers += conversation_threads(self._connection, conversation, ids.addresses, (entry,))
        rows = read_threads(self._connection, numbers)
        tied = self._joined(tuple({rows[n].thread: rows[n] for n in numbers}.values()))
        tied.stirred |= self._write_ids(entry, tied.row.thread, ids)
        earliest = tied.row.original_at
        if not ids.cited and (earliest is None or received_at < earliest):
            tied.row = tied.row._replace(original=entry, original_at=received_at)
        return tied

    def find(self, thread: int) -> Tied:
        """Return a stored thread, to change it."""
        row = read_threads(self._connection, [thread])[thread]
        return Tied(row, row)

    def link(self, kept: int, other: int) -> Tied:
        """Make one thread of two, because a person says so."""
        rows = read_threads(self._connection, [kept, other])
        tied = Tied(rows[kept], rows[kept])
        if rows[other].thread != tied.row.thread:
            self._merge(tied, rows[other])
            tied.stirred = True
        return tied

    def save(self, tied: Tied) -> None:
        """Write the thread."""
        if tied.stored is None:
            places = ",".join("?" * len(ThreadRow._fields))
            self._connection.execute(f"INSERT INTO threads VALUES ({places})", tied.row)
        elif tied.row != tied.stored:
            self._connection.execute(_UPDATE, (*tied.row[1:], tied.row.thread))

    def hide(self, tied: Tied, entry: int) -> None:
        """Take an entry, which no longer shows on the timeline, out of what the thread says."""
        logged = self._connection.execute(
            "SELECT entry, received_at, user, mailbox, outside, contacts FROM entries"
            f" WHERE thread = ? AND entry <> ? AND {ON_TIMELINE} ORDER BY received_at, entry",
            (tied.row.thread, entry),
        ).fetchall()
        if not logged:
            tied.row = tied.row._replace(tracked_at=None, tracked_by=None, starter="", began_in="")
        elif tied.row.tracked_by == entry:
            first, at, user, mailbox, *_ = logged[0]
            tied.row = tied.row._replace(
                tracked_at=at, tracked_by=first, starter=user or mailbox, began_in=mailbox
            )
        tied.row = tied.row._replace(outside="[]", contacts="[]")
        for *_, outside, contacts in logged:
            tied.widen(keys_of(outside), from_json(contacts, tuple[int, ...]))

    def stir(self, tied: Tied, because_of: int, now: int) -> None:
        """Have what is kept and not logged of the thread judged anew."""
        self._connection.execute(
            "INSERT OR IGNORE INTO waiting (entry, since, because_of) SELECT entry, ?, ? FROM"
            " entries WHERE thread = ? AND entry <> ? AND kept_until > ?"
            " AND outcome IN ('held', 'not_logged')",
            (now, because_of, tied.row.thread, because_of, now),
        )

    def _joined(self, rows: Sequence[ThreadRow]) -> Tied:
        """Return one thread out of all that the ids lead to."""
        if not rows:
            self._last += 1
            row = ThreadRow(self._last, None, None, None, "", "", 0, None, None, "[]", "[]")
            return Tied(row, None)
        kept = next((row for row in rows if row.tracked_at is not None), rows[0])
        tied = Tied(kept, kept)
        for row in rows:
            if row.thread != tied.row.thread and not self._in_conflict(tied.row, row):
                self._merge(tied, row)
        return tied

    def _merge(self, tied: Tied, other: ThreadRow) -> None:
        kept = tied.row
        tied.stirred |= (kept.tracked_at is None) != (other.tracked_at is None)
        first = min(
            kept, other, key=lambda row: FOREVER if row.tracked_at is None else row.tracked_at
        )
        root = min(
            kept, other, key=lambda row: FOREVER if row.original_at is None else row.original_at
        )
        tied.row = first._replace(
            thread=kept.thread,
            merged_into=None,
            by_hand=kept.by_hand | other.by_hand,
            original=root.original,
            original_at=root.original_at,
            outside=kept.outside,
            contacts=kept.contacts,
        )
        tied.widen(keys_of(other.outside), from_json(other.contacts, tuple[int, ...]))
        run = self._connection.execute
        run(
            "UPDATE threads SET merged_into = ? WHERE thread = ? OR merged_into = ?",
            (kept.thread, other.thread, other.thread),
        )
        run("UPDATE entries SET thread = ? WHERE thread = ?", (kept.thread, other.thread))

    def _in_conflict(self, one: ThreadRow, other: ThreadRow) -> bool:
        """Whether both are tracked, with different contacts: a person must link them."""
        if one.tracked_at is None or other.tracked_at is None:
            return False
        ours, theirs = (
            {c.contact_id for c in read_contacts(self._connection, numbers).values()}
            for numbers in (from_json(row.contacts, tuple[int, ...]) for row in (one, other))
        )
        return bool(ours) and bool(theirs) and ours.isdisjoint(theirs)

    def _write_ids(self, entry: int, thread: int, ids: Ids) -> bool:
        """Write the ids; return whether one of its own was a ghost until now."""
        adopted = False
        rows = []
        for one in filter(None, ids.own):
            id64, full = self._digester.message_id(one), clean(one) if ids.in_full else ""
            hits = ids.hits.get(one, ())
            if any(hit.entry == 0 for hit in hits):
                adopted = True
                self._connection.execute(
                    "DELETE FROM message_ids WHERE id64 = ? AND entry = 0", (id64,)
                )
            rows.append((id64, entry, thread, int(one != ids.own[0]), full))
        rows += [
            (self._digester.message_id(one), 0, thread, 0, clean(one) if ids.in_full else "")
            for one in ids.cited
            if not ids.hits.get(one) and one not in ids.own
        ]
        insert(self._connection, "message_ids", rows)
        return adopted


_UPDATE = (
    f"UPDATE threads SET {', '.join(f'{name} = ?' for name in ThreadRow._fields[1:])}"
    " WHERE thread = ?"
)
