"""Writes messages, sightings and decisions; each public method is part of one transaction.

Identity (message id, content digest) is unique and goes in first: of two
sightings that are recorded at the same moment one makes the entry, the other joins it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from gateway.model.arrival import Arrival
from gateway.model.case import Case
from gateway.model.decision import Decision, Outcome, Reason
from gateway.model.entry import Revision
from gateway.model.envelope import Relayed
from gateway.store.blobs import Blobs
from gateway.store.database import Connection
from gateway.store.decisions import Decisions
from gateway.store.described import is_sealed
from gateway.store.effects import Effects
from gateway.store.entry_rows import EntryRows, Judged
from gateway.store.faults import UnknownEntryError
from gateway.store.recall import IdHit, hits_of, read_entries
from gateway.store.rows import (
    FOREVER,
    Digester,
    EntryNumbers,
    clean,
    entry_name,
    entry_number,
    micros,
)
from gateway.store.settling import Settling
from gateway.store.threads import Ids, Threads


class Ledger:
    """All writing, through the writer's connection."""

    def __init__(
        self,
        connection: Connection,
        digester: Digester,
        blobs: Blobs,
        clock: Callable[[], datetime],
    ) -> None:
        self._connection = connection
        self._run = connection.execute
        self._digester = digester
        self._clock = clock
        self._numbers = EntryNumbers(clock)
        self._threads = Threads(connection, digester)
        self._effects = Effects(connection)
        self._entries = EntryRows(connection, digester, blobs)
        parts = (self._entries, self._threads, self._effects, clock)
        self._decisions = Decisions(digester, *parts)
        self._settling = Settling(connection, digester, *parts)

    def begin(self) -> None:
        """Get ready for the jobs of a transaction."""
        self._threads.begin()

    def follow(self, entry: int) -> None:
        """Number new entries after this one."""
        self._numbers.follow(entry)

    def flush(self) -> None:
        """Write what was gathered."""
        self._entries.flush()

    def forget(self) -> None:
        """Drop what was gathered and remembered: the transaction was rolled back."""
        self._entries.forget()

    def record(self, judged: Judged) -> str:
        """Write one sighting; return the id of the entry that it made or joined."""
        case, decision = judged.case, judged.decision
        self._settling.retention = case.policy.retention
        ids = self._ids(case, decision)
        joined = self._joined(decision) or self._same(case, ids)
        if joined is None:
            entry = self._numbers.take()
            joined = self._claim(entry, case, decision)
            if joined is None:
                self._decisions.begin(entry, judged, ids)
                return entry_name(entry)
        self._join(joined, judged, ids)
        return entry_name(joined)

    def revise(self, case: Arrival | Case, revision: Revision) -> None:
        """Append a decision to an entry, with its effects. Raises UnknownEntryError."""
        self.flush()
        entry = entry_number(revision.entry_id)
        if entry is None or self._entries.read(entry, "entry") is None:
            raise UnknownEntryError(revision.entry_id)
        self._decisions.decide(entry, Judged(case, revision.decision), revision.by, None)
        self.dismiss(revision.entry_id)

    def dismiss(self, entry_id: str) -> None:
        """Take an entry off the list of those to be judged anew."""
        self._run("DELETE FROM waiting WHERE entry = ?", (entry_number(entry_id),))

    def settle(self, entry_id: str, sha256_in: bytes, relayed: Relayed) -> None:
        """Note how the relay of a sighting ended, and what follows from it."""
        self._settling.settle(entry_id, sha256_in, relayed)

    def recover(self, before: int = FOREVER) -> int:
        """Mark what came before then and was being relayed by who has ended; return how many."""
        return self._settling.recover(before)

    def _ids(self, case: Arrival | Case, decision: Decision) -> Ids:
        heading = case.heading
        message_id = case.message.message_id if isinstance(case, Case) else heading.message_id
        cited = case.message.cited if isinstance(case, Case) else heading.cited
        own = (message_id, *heading.aliases)
        return Ids(
            own=own,
            cited=cited[:_MOST_CITED],
            conversation=heading.conversation,
            addresses=case.parties if heading.conversation else (),
            hits=hits_of(self._connection, self._digester, (*own, *cited[:_MOST_CITED])),
            in_full=not is_sealed(decision),
        )

    def _joined(self, decision: Decision) -> int | None:
        """Return the entry that the sighting was judged to join, if it is there."""
        entry = entry_number(decision.joins) if decision.joins else None
        if entry is None or self._entries.read(entry, "entry") is None:
            return None
        return entry

    def _same(self, case: Arrival | Case, ids: Ids) -> int | None:
        """Return the entry of the same id, author and date, recorded a moment ago, or None."""
        hits: list[IdHit] = [hit for hit in ids.hits.get(ids.own[0], ()) if hit.entry]
        if not hits or not isinstance(case, Case) or case.author is None:
            return None
        date = micros(case.heading.date) if case.heading.date else None
        for row in read_entries(self._connection, {hit.entry for hit in hits}).values():
            # An inline forward tells no date that is exact.
            dated = date is None or row.date in {date, None}
            if not row.gate and row.author == clean(case.author.key) and dated:
                return row.entry
        return None

    def _claim(self, entry: int, case: Arrival | Case, decision: Decision) -> int | None:
        """Give the entry its identity; return the entry that has it already, or None.

        The octets' digest stands for a message that was not read.
        """
        if isinstance(case, Case):
            own = case.message.message_id, case.message.digest
        else:
            own = case.heading.message_id, self._entries.sha256(case, decision)
        identity = (self._digester.message_id(own[0]), own[1])
        claim = "INSERT INTO identities VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
        if self._run(claim, (*identity, entry)).rowcount == 1:
            return None
        owner = "SELECT entry FROM identities WHERE id64 = ? AND digest = ?"
        return int(self._run(owner, identity).fetchone()[0])

    def _join(self, entry: int, judged: Judged, ids: Ids) -> None:
        """Add a sighting to an entry.

        What was judged as joining it holds for the union, unless it is a duplicate. What was
        judged apart (stages 0 to B) speaks of the sighting alone.
        """
        self.flush()
        case, decision, now = judged.case, judged.decision, micros(self._clock())
        self._claim(entry, case, decision)
        number = self._entries.next("sightings", entry)
        if isinstance(case, Case):
            self._tie_again(entry, case, ids, now)
        outcome, reason, until = self._entries.known(entry, "outcome", "reason", "kept_until")
        alone = decision.sighting_only or decision.outcome is Outcome.DUPLICATE
        holds = bool(decision.joins) and not alone
        if not alone and _was_judged_as_first(judged):
            # Two sightings were judged at the same moment, each as the first: a logged one
            # stands, and the union is judged anew.
            holds = decision.outcome.on_timeline and not Outcome(outcome).on_timeline
            judged = judged if holds else _seen_again(judged)
            self._wait(entry, now)
        same = holds and (outcome, reason) == (decision.outcome, decision.reason)
        if holds and not (same and self._remedy(entry) == clean(decision.remedy)):
            until = self._decisions.decide(entry, judged, "gateway", number)
        elif not holds:
            last = self._entries.next("decisions", entry)
            self._entries.append(entry, last, judged, now, sighting=number, aside=True)
            self._effects.apply(judged.decision, entry, now, free=False)
            if decision.outcome is Outcome.DUPLICATE:
                self._decisions.widen(entry, judged)
        until = until if judged.content_kept else 0
        self._entries.sight(entry, number, judged, until, aside=not holds)
        self.flush()

    def _tie_again(self, entry: int, case: Case, ids: Ids, now: int) -> None:
        """Tie an entry to what another sighting of it cites."""
        (thread,) = self._entries.known(entry, "thread")
        tied = self._threads.tie(entry, micros(case.envelope.received_at), ids, home=thread)
        if tied.stirred:
            self._threads.stir(tied, entry, now)
        self._threads.save(tied)

    def _wait(self, entry: int, now: int) -> None:
        self._run(
            "INSERT OR IGNORE INTO waiting (entry, since, because_of) SELECT entry, ?, entry"
            " FROM entries WHERE entry = ? AND kept_until > 0",
            (now, entry),
        )

    def _remedy(self, entry: int) -> str:
        """Return the remedy of the decision that holds."""
        row = self._run(
            "SELECT d.remedy FROM entries e JOIN decisions d ON d.entry = e.entry"
            " AND d.number = e.holds WHERE e.entry = ?",
            (entry,),
        ).fetchone()
        return str(row[0])


_MOST_CITED = 33
"""As many as a lookup asks for."""


def _was_judged_as_first(judged: Judged) -> bool:
    case = judged.case
    is_first = isinstance(case, Case) and case.same_message is None
    return is_first and not judged.decision.joins


def _seen_again(judged: Judged) -> Judged:
    decision = replace(
        judged.decision, outcome=Outcome.DUPLICATE, reason=Reason.SEEN_AGAIN, effects=()
    )
    return replace(judged, decision=decision)
