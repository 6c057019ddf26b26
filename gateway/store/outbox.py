"""The outbox on SQLite: a queue for each sink, leased, so that several processes may drain it.

Each call opens the database and closes it again, on the thread of its caller. What only looks
takes no lock of the writer's: mail comes first.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import Any

from gateway.model.decision import Outcome, Reason
from gateway.model.entry import Kept
from gateway.model.handover import USUAL, Kind, Parcel, Pause, Push, Standing, State
from gateway.store.entries import Entries
from gateway.store.faults import NotListedError
from gateway.store.kept import read_kept
from gateway.store.octets import blobs_of
from gateway.store.parcels import parcel_of
from gateway.store.rows import (
    clean,
    entry_name,
    entry_number,
    from_json,
    micros,
    moment,
    moment_or_none,
    to_json,
)
from gateway.store.turns import changing, leasing, opened

SAID_LIMIT = 500
"""Characters kept of what a sink said."""
_OPEN = "('waiting', 'dead')"


class SqliteOutbox:
    """An Outbox over the store at this path."""

    def __init__(self, path: Path, *, timeout_s: float = 5.0) -> None:
        self._path = path
        self._opened = partial(opened, path, timeout_s)
        self._change = partial(changing, path, timeout_s)
        self._lease = partial(leasing, path, timeout_s)
        self._me = secrets.token_hex(8)

    def register(
        self, sinks: Mapping[str, bool], wants: Mapping[str, Collection[Kind]] | None = None
    ) -> None:
        """Keep queues for these sinks, and for no other any more.

        What was logged before a new one goes into its queue bit by bit, so that no letter waits.
        """
        with self._change() as change:
            change.execute("UPDATE sinks SET active = 0")
            for sink, history in sinks.items():
                change.execute(_REGISTER, (sink, int(history)))
                kinds = " ".join(sorted((wants or {}).get(sink, USUAL)))
                change.execute("UPDATE sinks SET wants = ? WHERE sink = ?", (f" {kinds} ", sink))
        for sink, since in self._rows("SELECT sink, since FROM sinks WHERE since < 0"):
            while sink in sinks and since < 0:
                with self._change() as change:
                    since = _look_back(change, sink, -since - 1)
        with self._change() as change:
            for sink in sinks:
                change.execute("UPDATE sinks SET active = 1 WHERE sink = ?", (sink,))

    def gather(self, now: datetime) -> int:
        """Put events that became free into the queue of every sink; return how many.

        Where very many wait, such as all that came before the first sink, the rest waits on.
        """
        if not self._rows(_TO_HAND):
            return 0
        with self._change() as change:
            count = change.execute(_GATHER, (micros(now),)).rowcount
            change.execute(_HANDED)
            for _ in range(_MOST_MERGES):
                if change.execute(_FOLLOW_MERGES).rowcount < 1:
                    break
        return int(count)

    def pause_of(self, sink: str) -> Pause | None:
        """Return how a sink is left alone, or None."""
        return next((pause for pause in self.pauses() if pause.sink == sink), None)

    def pauses(self) -> tuple[Pause, ...]:
        """Return all sinks that are left alone."""
        sql = "SELECT sink, paused_until, attempts, said FROM sinks WHERE active AND attempts > 0"
        return tuple(
            Pause(sink, moment(until), attempts, said)
            for sink, until, attempts, said in self._rows(sql)
        )

    def pause(self, sink: str, until: datetime, said: str) -> bool:
        """Leave a sink alone; return whether it says something new."""
        with self._change() as change:
            row = change.execute("SELECT said FROM sinks WHERE sink = ?", (sink,)).fetchone()
            told = _short(said)
            change.execute(
                "UPDATE sinks SET paused_until = ?, attempts = attempts + 1, said = ?"
                " WHERE sink = ?",
                (micros(until), told, sink),
            )
        return row is None or row[0] != told

    def resume(self, sink: str) -> None:
        """End the pause of a sink: it took something."""
        if self.pause_of(sink) is not None:
            with self._change() as change:
                change.execute(
                    "UPDATE sinks SET paused_until = 0, attempts = 0, said = '' WHERE sink = ?",
                    (sink,),
                )

    def claim(
        self, sink: str, now: datetime, lease_until: datetime, most: int, *, past_dead: bool
    ) -> Sequence[Push]:
        """Lease pushes that are due, at most one of each thread."""
        asked = (sink, micros(now), micros(now), int(past_dead), most)
        if not self._rows(_DUE, *asked):
            return ()
        with self._lease() as (change, past_locked):
            due = change.execute(f"{_DUE}{past_locked}", asked)
            numbers = [number for (number,) in due.fetchall()]
            for number in numbers:
                change.execute(
                    "UPDATE pushes SET leased_by = ?, leased_until = ? WHERE push = ?",
                    (self._me, micros(lease_until), number),
                )
            return [standing.push for standing in _read(change, numbers)]

    def content_of(self, push: Push, now: datetime) -> tuple[Parcel, Kept | None]:
        """Return what may be told of a push today, and what is kept of its message."""
        with Entries(self._path, clock=lambda: now) as entries:
            entry = entries.find(push.entry_id)
        if entry is None or not (entry.outcome.on_timeline or _still(push.kind, entry.outcome)):
            return Parcel(push), None
        blobs = blobs_of(self._path)
        with self._opened() as connection:
            try:
                kept = read_kept(connection, blobs, push.entry_id, micros(now))
            except FileNotFoundError:
                # It was freed between the look at its row and the look at its octets.
                kept = None
            return parcel_of(connection, push, entry), kept

    def done(self, taken: Sequence[tuple[Push, str]], now: datetime) -> None:
        """Note that the sink has these, and what it calls each."""
        with self._change() as change:
            for push, theirs in taken:
                _settle(change, push, theirs, micros(now))

    def again(
        self, push: Push, again_at: datetime, now: datetime, said: str = "", *, counts: bool = True
    ) -> None:
        """Give a lease back; with something said it failed, which may not count against it."""
        with self._change() as change:
            if not said:
                free = "UPDATE pushes SET leased_until = 0, next_at = ? WHERE push = ?"
                change.execute(free, (micros(again_at), push.number))
                return
            find = "SELECT reason FROM pushes WHERE push = ?"
            (before,) = change.execute(find, (push.number,)).fetchone()
            since = micros(now) if counts else None
            told = (int(counts), micros(again_at), since, Reason.CRM_RETRYING, _short(said))
            changed = change.execute(_AGAIN, (*told, push.number, self._me)).rowcount
            if changed == 1 and before != Reason.CRM_RETRYING:
                _decide(change, push, Reason.CRM_RETRYING, said, micros(now))

    def dead(self, push: Push, now: datetime, said: str) -> None:
        """Put it on the dead-letter list."""
        with self._change() as change:
            told = (Reason.CRM_REFUSED, _short(said), push.number, self._me)
            if change.execute(_DEAD, told).rowcount == 1:
                _decide(change, push, Reason.CRM_REFUSED, said, micros(now))

    def drop(self, push: Push) -> None:
        """Take it out of the queue: there is nothing to tell."""
        with self._change() as change:
            change.execute(_DROP, (push.number,))

    def listed(
        self,
        *,
        sink: str = "",
        entry_id: str = "",
        states: Sequence[State] = (State.WAITING, State.DEAD),
    ) -> tuple[Standing, ...]:
        """Return what stands in the queues, in its order; of one entry, or of all."""
        entry = entry_number(entry_id) if entry_id else None
        marks = ", ".join("?" * len(states))
        with self._opened() as connection:
            rows = connection.execute(
                f"SELECT push FROM pushes WHERE state IN ({marks}) AND ? IN (sink, '')"
                " AND (? IS NULL OR entry = ?) ORDER BY push",
                (*states, sink, entry, entry),
            ).fetchall()
            return tuple(_read(connection, [number for (number,) in rows]))

    def find(self, number: int) -> Standing:
        """Return one push. Raises NotListedError."""
        with self._opened() as connection:
            found = _read(connection, [number])
        if not found:
            raise NotListedError(
                f"There is no push {number}. List what is there with: replygate outbox list"
            )
        return found[0]

    def retry(self, numbers: Sequence[int], now: datetime) -> int:
        """Let pushes go at once, and their sinks with them; return how many there were."""
        at, count = micros(now), 0
        with self._change() as change:
            for number in numbers:
                count += change.execute(_RETRY, (at, number)).rowcount
                change.execute(
                    "UPDATE sinks SET paused_until = 0 WHERE sink ="
                    " (SELECT sink FROM pushes WHERE push = ?)",
                    (number,),
                )
        return count

    def drop_by_hand(self, numbers: Sequence[int]) -> int:
        """Take pushes out of the queue: their sink will not be told; return how many."""
        with self._change() as change:
            return sum(change.execute(_DROP, (number,)).rowcount for number in numbers)

    def _rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with self._opened() as connection:
            return list(connection.execute(sql, values).fetchall())


_WANTED = "s.wants LIKE '% ' || o.kind || ' %'"
_MOST_MERGES = 32
_TO_HAND = "SELECT 1 FROM outbox WHERE handed = 0 AND freed_at NOT NULL LIMIT 1"
_AT_ONCE = 5000
_REGISTER = (
    # Below zero it is looked back, from the event before the number on.
    "INSERT INTO sinks (sink, active, since) SELECT ?, 0, iif(?, -1, coalesce(max(event), 0))"
    " FROM outbox WHERE true ON CONFLICT DO NOTHING"
)
_HISTORY = (
    "INSERT INTO pushes (sink, event, entry, thread, state, next_at)"
    " SELECT ?, o.event, o.entry, coalesce(e.thread, 0), 'waiting', o.freed_at"
    " FROM outbox o JOIN sinks s ON s.sink = ? LEFT JOIN entries e ON e.entry = o.entry"
    " WHERE o.event > ? AND o.event <= ?"
    f" AND o.freed_at NOT NULL AND NOT o.void AND {_WANTED}"
    " ORDER BY o.freed_at, o.event ON CONFLICT DO NOTHING"
)
_FREE = (
    "(SELECT event FROM outbox WHERE handed = 0 AND freed_at NOT NULL"
    f" ORDER BY freed_at, event LIMIT {_AT_ONCE})"
)
_GATHER = (
    "INSERT INTO pushes (sink, event, entry, thread, state, next_at)"
    " SELECT s.sink, o.event, o.entry, coalesce(e.thread, 0), 'waiting', ?"
    " FROM outbox o JOIN sinks s ON s.active AND o.event > s.since"
    " LEFT JOIN entries e ON e.entry = o.entry"
    f" WHERE o.event IN {_FREE} AND NOT o.void AND {_WANTED}"
    " ORDER BY o.freed_at, o.event, s.sink ON CONFLICT DO NOTHING"
)
_HANDED = f"UPDATE outbox SET handed = 1 WHERE event IN {_FREE}"
_FOLLOW_MERGES = (
    # Two threads that became one have one order.
    "UPDATE pushes SET thread ="
    " (SELECT merged_into FROM threads t WHERE t.thread = pushes.thread)"
    f" WHERE state IN {_OPEN}"
    " AND thread IN (SELECT thread FROM threads WHERE merged_into IS NOT NULL)"
)
_DUE = (
    # No refusal holds up the word of an erasure.
    "SELECT p.push FROM pushes p JOIN outbox o USING (event) WHERE p.sink = ?"
    " AND p.state = 'waiting' AND p.next_at <= ? AND p.leased_until <= ?"
    " AND NOT EXISTS (SELECT 1 FROM pushes q WHERE q.sink = p.sink"
    f" AND q.thread = p.thread AND q.push < p.push AND q.state IN {_OPEN}"
    " AND NOT (q.state = 'dead' AND (? OR o.kind = 'entry.erased')))"
    " ORDER BY p.next_at, p.push LIMIT ?"
)
_AGAIN = (
    "UPDATE pushes SET leased_until = 0, attempts = attempts + ?, next_at = ?,"
    " failing_since = coalesce(failing_since, ?), reason = ?, said = ?"
    " WHERE push = ? AND leased_by = ? AND state = 'waiting'"
)
_DEAD = (
    "UPDATE pushes SET state = 'dead', leased_until = 0, attempts = attempts + 1, reason = ?,"
    " said = ? WHERE push = ? AND leased_by = ? AND state = 'waiting'"
)
_DONE = "UPDATE pushes SET state = 'done', reason = '', said = '', leased_until = 0 WHERE push = ?"
_DROP = f"UPDATE pushes SET state = 'dropped', said = '' WHERE push = ? AND state IN {_OPEN}"
_RETRY = (
    "UPDATE pushes SET state = 'waiting', attempts = 0, failing_since = NULL, next_at = ?"
    f" WHERE push = ? AND state IN {_OPEN}"
)
_STANDING = (
    "SELECT p.push, p.sink, p.event, o.kind, p.entry, p.thread, o.made_at, p.attempts,"
    " p.failing_since, o.told, h.theirs, p.state, p.next_at, p.reason, p.said"
    " FROM pushes p JOIN outbox o USING (event)"
    " LEFT JOIN handed_over h ON h.entry = p.entry AND h.sink = p.sink WHERE p.push = ?"
)
_DECIDE = (
    "INSERT INTO decisions SELECT d.entry, (SELECT max(number) + 1 FROM decisions"
    " WHERE entry = d.entry), NULL, 1, ?, ?, d.preset, 'failed', ?, ?, ?, ?, d.rulebook,"
    " d.matches, d.notes, d.keep FROM entries e JOIN decisions d ON d.entry = e.entry"
    " AND d.number = e.holds WHERE e.entry = ?"
)


def _still(kind: Kind, outcome: Outcome) -> bool:
    """Whether a message is still what an event said that it was not on the timeline for."""
    return (kind, outcome) in {(Kind.HELD, Outcome.HELD), (Kind.NOT_LOGGED, Outcome.NOT_LOGGED)}


def _look_back(change: Any, sink: str, after: int) -> int:
    """Put some of the past into the queue of a new sink; return since when it is told by itself.

    It is below zero while there is more.
    """
    (newest,) = change.execute("SELECT coalesce(max(event), 0) FROM outbox").fetchone()
    until = min(after + _AT_ONCE, newest)
    change.execute(_HISTORY, (sink, sink, after, until))
    # What is under way at this moment becomes free later: no event is before its beginning.
    since = 0 if until == newest else -int(until) - 1
    change.execute(
        # It is active with the last of it, or an event in between would be nobody's.
        "UPDATE sinks SET since = ?, active = ? WHERE sink = ?",
        (since, int(since >= 0), sink),
    )
    return since


def _settle(change: Any, push: Push, theirs: str, at: int) -> None:
    """Note that the sink has one, and whether it has the entry now."""
    entry = entry_number(push.entry_id)
    change.execute(_DONE, (push.number,))
    if push.kind in {Kind.LOGGED, Kind.MERGED}:
        row = (push.sink, entry, theirs, at)
        change.execute("INSERT OR REPLACE INTO handed_over VALUES (?, ?, ?, ?)", row)
    elif push.kind in {Kind.REMOVED, Kind.ERASED}:
        gone = "DELETE FROM handed_over WHERE entry = ? AND sink = ?"
        change.execute(gone, (entry, push.sink))


def _decide(change: Any, push: Push, reason: Reason, said: str, at: int) -> None:
    """Note on the entry that its hand-over failed: what was decided of the message stands."""
    command = f"replygate outbox show {push.number}"
    told = _short(said)
    remedy = f"{push.sink} did not take it: {told} See: {command}"
    evidence = to_json({"sink": push.sink, "push": push.number, "said": told})
    by = f"sink {push.sink}"
    entry = entry_number(push.entry_id)
    change.execute(_DECIDE, (at, by, reason, clean(remedy), command, evidence, entry))


def _read(connection: Any, numbers: Sequence[int]) -> list[Standing]:
    (key,) = connection.execute("SELECT value FROM settings WHERE name = 'key'").fetchone()
    rows = (connection.execute(_STANDING, (number,)).fetchone() for number in numbers)
    return [_standing(row, key) for row in rows if row is not None]


def _standing(row: tuple[Any, ...], key: bytes) -> Standing:
    number, sink, event, kind, entry, thread, made, attempts, since, told, theirs, *rest = row
    state, next_at, reason, said = rest
    name = blake2b(str(event).encode(), key=key, digest_size=16, person=b"push").hexdigest()
    push = Push(
        number=number,
        sink=sink,
        key=f"evt_{name}",
        kind=Kind(kind),
        entry_id=entry_name(entry),
        thread=str(thread),
        made_at=moment(made),
        attempts=attempts,
        failing_since=moment_or_none(since),
        told=from_json(told, dict[str, str | int | bool]),
        known=theirs is not None,
        theirs=theirs or "",
    )
    return Standing(push, State(state), moment(next_at), Reason(reason) if reason else None, said)


def _short(said: str) -> str:
    return clean(" ".join(said.split()))[:SAID_LIMIT]
