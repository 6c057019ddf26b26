"""Answers what is known about a message, from one read snapshot."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from gateway.model.decision import Outcome, Reason
from gateway.model.envelope import Direction, RelayState
from gateway.model.facts import Contact, Facts, Lookup, Seen, Sighting, Thread, ThreadMessage
from gateway.store.contacts import contacts_at, read_contacts, read_enrolments
from gateway.store.database import Connection
from gateway.store.rows import (
    FOREVER,
    Digester,
    clean,
    entry_name,
    entry_number,
    from_json,
    keys_of,
    listed,
    micros,
    moment,
    moment_or_none,
    padded,
)

Unsettled = Callable[[str, bytes], RelayState | None]
"""Tells the state of a sighting whose settling waits for its commit."""


class IdHit(NamedTuple):
    """A row of message_ids; entry 0 is a ghost."""

    id64: int
    entry: int
    thread: int
    alias: int
    full: str


class ThreadRow(NamedTuple):
    """A row of threads, merges followed."""

    thread: int
    merged_into: int | None
    tracked_at: int | None
    tracked_by: int | None
    starter: str
    began_in: str
    by_hand: int
    original: int | None
    original_at: int | None
    outside: str
    contacts: str


class EntryRow(NamedTuple):
    """What of an entry the facts need."""

    entry: int
    thread: int
    message_id: str
    received_at: int
    direction: str
    outcome: str
    reason: str
    holds: int
    gate: int
    date: int | None
    author: str
    base_subject: str
    recipients: str
    user: str
    mailbox: str
    missing: str
    kept_until: int


def hits_of(
    connection: Connection, digester: Digester, ids: Iterable[str]
) -> dict[str, list[IdHit]]:
    """Return the entries and ghosts that bear each id; nothing of one that nobody bears."""
    by_digest = {digester.message_id(one): one for one in ids if one}
    found: dict[str, list[IdHit]] = {}
    if by_digest:
        places, size = listed(len(by_digest))
        rows = connection.execute(
            f"SELECT id64, entry, thread, alias, full FROM message_ids WHERE id64 IN {places}",
            padded(by_digest, size),
        )
        for hit in map(IdHit._make, rows.fetchall()):
            asked = by_digest[hit[0]]
            full = hit[4]
            # Where only a digest is kept, the digest is all there is to confirm it by.
            if not full or full == asked or full == clean(asked):
                found.setdefault(asked, []).append(hit)
    return found


def read_threads(connection: Connection, numbers: Iterable[int]) -> dict[int, ThreadRow]:
    """Return the threads under the numbers asked, each merged one as what it became."""
    asked = tuple(dict.fromkeys(numbers))
    if not asked:
        return {}
    rows = _thread_rows(connection, asked)
    further = {row.merged_into for row in rows.values() if row.merged_into} - rows.keys()
    kept = {**rows, **_thread_rows(connection, tuple(further))} if further else rows
    # A merge moves what was merged before, so one step always reaches the end.
    return {number: kept[rows[number].merged_into or number] for number in asked if number in rows}


def read_entries(connection: Connection, numbers: Collection[int]) -> dict[int, EntryRow]:
    """Return the rows of these entries, oldest first."""
    if not numbers:
        return {}
    places, size = listed(len(numbers))
    rows = connection.execute(
        f"SELECT {_ENTRY_COLUMNS} FROM entries WHERE entry IN {places}", padded(numbers, size)
    ).fetchall()
    if len(rows) > 1:
        rows.sort(key=_BY_AGE)
    return {row[0]: EntryRow._make(row) for row in rows}


def conversation_threads(
    connection: Connection, id64: int, addresses: Collection[str], selves: Collection[int]
) -> tuple[int, ...]:
    """Return threads with a message of that conversation and one of these participants."""
    rows = connection.execute(
        "SELECT e.thread, e.author, e.recipients, e.entry FROM conversations c JOIN entries e"
        " ON e.entry = c.entry WHERE c.id64 = ? ORDER BY c.entry DESC LIMIT 20",
        (id64,),
    ).fetchall()
    return tuple(
        dict.fromkeys(
            thread
            for thread, author, recipients, entry in rows
            if entry not in selves
            and (author in addresses or not set(addresses).isdisjoint(keys_of(recipients)))
        )
    )


class Recall:
    """Reads facts through one connection; the caller holds the snapshot."""

    def __init__(
        self, connection: Connection, digester: Digester, unsettled: Unsettled | None = None
    ) -> None:
        self._connection = connection
        self._digester = digester
        self._unsettled = unsettled or (lambda _entry, _sha256: None)

    def facts(self, lookup: Lookup) -> Facts:
        """Return what is known about the message."""
        connection, at = self._connection, micros(lookup.as_of) if lookup.as_of else FOREVER
        judged = (entry_number(lookup.entry_id) or 0) if lookup.entry_id else 0
        own_ids = (lookup.message_id, *lookup.aliases)
        hits = hits_of(connection, self._digester, (*lookup.cited, *own_ids))
        own = _entries_of(hits, own_ids, {judged})
        # Earlier sightings of a message, and the entry that is judged again, are no others.
        selves = {*own, judged} - {0}
        cited = _entries_of(hits, lookup.cited, selves)
        threads = self._threads(lookup, hits, selves)
        originals = {row.original for row in threads if row.original} - selves
        reported = _entries_of(hits, _reported(lookup), selves)
        # In a single thread the nearest one that is cited is the parent.
        parents = cited[:1] if len(threads) == 1 else cited
        entries = read_entries(connection, {*own, *parents, *reported, *originals})
        contacts = contacts_at(connection, lookup.addresses, at)
        tied = {row.thread: _numbers(row.contacts) for row in threads}
        people = {one.contact_id: one for some in contacts.values() for one in some}
        others = {n for numbers in tied.values() for n in numbers} - people.keys()
        people |= read_contacts(connection, others, at)
        return Facts(
            seen=tuple(self._seen(entries[n]) for n in entries if n in own and not entries[n].gate),
            threads=tuple(
                _thread(row, entries, parents, _people(people, tied[row.thread]), selves)
                for row in threads
            ),
            reported=tuple(_thread_message(entries[n]) for n in reported if n in entries),
            contacts=contacts,
            enrolments=read_enrolments(connection, {c.contact_id for c in people.values()}),
            answered_with_mark=self._answered_with_mark(lookup, hits, threads),
            **self._of_judged(judged),
        )

    def _threads(
        self, lookup: Lookup, hits: Mapping[str, Sequence[IdHit]], selves: Collection[int]
    ) -> tuple[ThreadRow, ...]:
        """Return the threads that the ids lead to, the nearest citation's first."""
        order = (*lookup.cited, lookup.message_id, *lookup.aliases)
        numbers = [hit.thread for one in dict.fromkeys(order) for hit in hits.get(one, ())]
        if lookup.conversation:
            numbers += conversation_threads(
                self._connection,
                self._digester.message_id(lookup.conversation),
                lookup.addresses,
                selves,
            )
        rows = read_threads(self._connection, numbers)
        found = {row.thread: row for row in rows.values()}
        if not selves:
            return tuple(found.values())
        return tuple(row for row in found.values() if self._has_others(row.thread, selves))

    def _has_others(self, thread: int, selves: Collection[int]) -> bool:
        """Whether a thread holds more than this very message."""
        places, size = listed(len(selves))
        other = f"SELECT 1 FROM entries WHERE thread = ? AND entry NOT IN {places} LIMIT 1"
        row = self._connection.execute(other, (thread, *padded(selves, size))).fetchone()
        return row is not None

    def _answered_with_mark(
        self,
        lookup: Lookup,
        hits: Mapping[str, Sequence[IdHit]],
        threads: Sequence[ThreadRow],
    ) -> bool:
        """Whether a user answered this very message with a mark."""
        own = [one for one in (lookup.message_id, *lookup.aliases) if hits.get(one)]
        if not own:
            return False
        places, size = listed(len(own))
        answer = f"SELECT 1 FROM entries WHERE thread = ? AND marked = 1 AND answers IN {places}"
        digests = padded(map(self._digester.message_id, own), size)
        return any(
            self._connection.execute(answer, (row.thread, *digests)).fetchone() for row in threads
        )

    def _of_judged(self, judged: int) -> dict[str, Any]:
        """Return what is known of the entry that is judged again."""
        row = (
            judged
            and self._connection.execute(
                "SELECT reason, chosen_contact FROM entries WHERE entry = ?", (judged,)
            ).fetchone()
        )
        if not row:
            return {}
        first = self._connection.execute(
            "SELECT e.number FROM sightings e WHERE e.entry = ? AND e.envelope IS NOT NULL"
            f" ORDER BY e.number = ({COMPLETED_BY}) DESC, e.number LIMIT 1",
            (judged,),
        ).fetchone()
        sightings = read_sightings(self._connection, judged, self._unsettled)
        chosen = read_contacts(self._connection, [row[1]] if row[1] else ())
        return {
            "judged_before": Reason(row[0]),
            "chosen_contact": next((c.contact_id for c in chosen.values()), None),
            "earlier": tuple(s for n, s in enumerate(sightings, 1) if not first or n != first[0]),
        }

    def _seen(self, row: EntryRow) -> Seen:
        own = self._digester.message_id(row.message_id)
        digests = self._connection.execute(
            "SELECT digest FROM identities WHERE id64 = ? AND entry = ?", (own, row.entry)
        ).fetchall()
        remedy = self._connection.execute(
            "SELECT remedy FROM decisions WHERE entry = ? AND number = ?", (row.entry, row.holds)
        ).fetchone()
        name = entry_name(row.entry)
        return Seen(
            entry_id=name,
            message_id=row.message_id,
            digests=frozenset(digest for (digest,) in digests),
            author=row.author,
            date=moment_or_none(row.date),
            outcome=Outcome(row.outcome),
            reason=Reason(row.reason),
            direction=Direction(row.direction),
            sightings=read_sightings(self._connection, row.entry, self._unsettled),
            incomplete=frozenset(keys_of(row.missing)),
            remedy=remedy[0] if remedy else "",
            thread_id=row.thread,
            kept=row.kept_until > 0,
        )


def read_sightings(
    connection: Connection, entry: int, unsettled: Unsettled | None = None
) -> tuple[Sighting, ...]:
    """Return the sightings of an entry, oldest first."""
    name = entry_name(entry)
    rows = connection.execute(
        "SELECT route, direction, recipients, sha256_in, received_at, state, marked, proof, user"
        " FROM sightings WHERE entry = ? ORDER BY number",
        (entry,),
    ).fetchall()
    return tuple(
        Sighting(
            route,
            Direction(direction),
            frozenset(keys_of(recipients)),
            sha256,
            moment(received_at),
            (state == _RELAYING and unsettled and unsettled(name, sha256)) or RelayState(state),
            bool(marked),
            proof,
            user,
        )
        for route, direction, recipients, sha256, received_at, state, marked, proof, user in rows
    )


def _thread_rows(connection: Connection, numbers: Collection[int]) -> dict[int, ThreadRow]:
    places, size = listed(len(numbers))
    rows = connection.execute(
        f"SELECT {_THREAD_COLUMNS} FROM threads WHERE thread IN {places}", padded(numbers, size)
    )
    return {row[0]: ThreadRow._make(row) for row in rows.fetchall()}


def _entries_of(
    hits: Mapping[str, Sequence[IdHit]], ids: Iterable[str], but: Collection[int]
) -> tuple[int, ...]:
    """Return the entries that bear these ids, in the order of the ids."""
    found = [hit.entry for one in ids for hit in hits.get(one, ())]
    return tuple([entry for entry in dict.fromkeys(found) if entry and entry not in but])


def _numbers(text: str) -> tuple[int, ...]:
    return from_json(text, tuple[int, ...]) if text != "[]" else ()


def _reported(lookup: Lookup) -> tuple[str, ...]:
    return lookup.cited if lookup.reported is None else lookup.reported


def _people(people: Mapping[int, Contact], numbers: Iterable[int]) -> tuple[Contact, ...]:
    found = (people[number] for number in numbers if number in people)
    return tuple({person.contact_id: person for person in found}.values())


def _thread(
    row: ThreadRow,
    entries: Mapping[int, EntryRow],
    cited: Sequence[int],
    contacts: tuple[Contact, ...],
    selves: Collection[int],
) -> Thread:
    nearest = (entries[n] for n in cited if n in entries and entries[n].thread == row.thread)
    parent = next(nearest, None)
    original = entries.get(row.original) if row.original and row.original not in selves else None
    return Thread(
        thread_id=row.thread,
        tracked=row.tracked_at is not None,
        original=_thread_message(original) if original else None,
        parent=_thread_message(parent) if parent else None,
        starter=row.starter,
        began_in=row.began_in,
        began_at=moment_or_none(row.tracked_at),
        outside=frozenset(keys_of(row.outside)),
        contacts=contacts,
        by_hand=bool(row.by_hand),
    )


def _thread_message(row: EntryRow) -> ThreadMessage:
    return ThreadMessage(
        entry_name(row.entry),
        row.message_id,
        _DIRECTIONS[row.direction],
        row.author,
        frozenset(keys_of(row.recipients)),
        moment(row.received_at),
        row.outcome in _ON_TIMELINE,
        _REASONS[row.reason],
        row.user,
        row.mailbox,
        row.base_subject,
    )


_THREAD_COLUMNS = ",".join(ThreadRow._fields)
_ENTRY_COLUMNS = ",".join(EntryRow._fields)
_BY_AGE = itemgetter(EntryRow._fields.index("received_at"), 0)
COMPLETED_BY = (
    "SELECT max(d.sighting) FROM decisions d"
    " WHERE d.entry = e.entry AND d.aside = 0 AND d.reason = 'completed'"
)
"""Of an entry `e`: the number of the sighting that brought what the first one lacked."""
_RELAYING = RelayState.RELAYING.value
# A lookup by value costs a tenth of the enum's own, and a reply cites many messages.
_DIRECTIONS = {one.value: one for one in Direction}
_REASONS = {one.value: one for one in Reason}
_ON_TIMELINE = frozenset(one.value for one in Outcome if one.on_timeline)
