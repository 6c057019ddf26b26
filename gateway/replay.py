"""Judging again what is kept: fix the cause, log the past.

Old decisions are never edited; a replay appends one that names what it replaced. Replay takes
today's contacts, lists and connections; as of receipt it takes those of the arrival, which is
for comparing presets honestly.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime

from gateway.interfaces import Recorder, Verifier
from gateway.mail.reading import read_message
from gateway.model.arrival import Arrival
from gateway.model.case import Case
from gateway.model.decision import Decision, Outcome, Reason
from gateway.model.entry import Kept, Revision
from gateway.model.facts import Facts, Lookup
from gateway.model.message import Message
from gateway.model.policy import Policy
from gateway.pipeline import prove
from gateway.rules.by_hand import discard_by_hand, log_by_hand
from gateway.rules.judge import BY_PEOPLE, judge, judge_gate
from gateway.understand import Read, arrive, complete, lookup_of, opened

ROUNDS = 32
"""How often a call follows what its own changes set waiting; the rest waits for the next call."""


@dataclass(frozen=True, slots=True)
class Change:
    """What judging an entry again says, beside what holds now."""

    entry_id: str
    before: tuple[Outcome, Reason]
    after: Decision
    case: Arrival | Case

    @property
    def differs(self) -> bool:
        """Whether outcome or reason would change; what a person logged stays logged."""
        outcome, reason = self.before
        if reason in BY_PEOPLE and outcome.on_timeline:
            return False
        return self.before != (self.after.outcome, self.after.reason)


class Replayer:
    """Judges kept entries again."""

    def __init__(
        self, recorder: Recorder, verifier: Verifier, policy: Policy, read: Read = read_message
    ) -> None:
        self.recorder = recorder
        self.verifier = verifier
        self.policy = policy
        self.read = read

    async def preview(
        self,
        entry_id: str,
        now: datetime,
        *,
        as_of_receipt: bool = False,
        patience_over: bool = False,
    ) -> Change | None:
        """Return what the rules say of the entry today; None when nothing of it is kept.

        With patience over, files that are still being scanned count as taken away.
        """
        kept = await self.recorder.kept(entry_id)
        if kept is None:
            return None
        moment = kept.envelope.received_at if as_of_receipt else now
        arrival = arrive(kept.envelope, self.recorder.directory, self.policy, moment)
        before = (kept.decision_outcome, kept.decision_reason)
        if (stopped := judge_gate(arrival)) is not None:
            return Change(entry_id, before, stopped, arrival)
        content = arrival.envelope.content.octets
        message = await asyncio.to_thread(self.read, content, arrival.heading)
        proof, authenticity = kept.proof, await self.verifier.authenticate(arrival)
        if proof is None:
            # What could not be proved at receipt may be provable now: keys are answered again.
            proof, authenticity = await prove(arrival, self.verifier)
        if arrival.copy:
            given = (kept, arrival, message, self.read)
            arrival, message = await asyncio.to_thread(_the_one, *given)
        as_of = arrival.asked_at if as_of_receipt else None
        lookup = replace(lookup_of(arrival, message), entry_id=entry_id, as_of=as_of)
        facts = await self._facts(kept, lookup, patience_over=patience_over)
        case = complete(arrival, message, facts, proof, authenticity)
        return Change(entry_id, before, judge(case), case)

    async def replay(self, entry_id: str, now: datetime, *, by: str = "replay") -> Change | None:
        """Judge the entry again and append the decision where it differs."""
        change = await self.preview(entry_id, now)
        if change is not None and change.differs:
            await self.recorder.revise(change.case, Revision(entry_id, change.after, by))
        return change

    async def log_by_hand(
        self,
        entry_id: str,
        now: datetime,
        *,
        by: str,
        reason: Reason = Reason.LOGGED_BY_HAND,
        under: str = "",
    ) -> Change | None:
        """Log an entry because a person says so; None when nothing of it is kept.

        `under` is an address of the contact that the person chose; empty is whom it names.
        """
        change = await self.preview(entry_id, now)
        if change is None or not isinstance(change.case, Case):
            return None
        decided = replace(change, after=log_by_hand(change.case, reason, by, under))
        await self.recorder.revise(change.case, Revision(entry_id, decided.after, by))
        return decided

    async def discard_by_hand(self, entry_id: str, now: datetime, *, by: str) -> Change | None:
        """Discard what is held because a person says so; None when nothing of it is kept."""
        change = await self.preview(entry_id, now)
        if change is None:
            return None
        if isinstance(change.case, Case):
            change = replace(change, after=discard_by_hand(change.case, by))
        await self.recorder.revise(change.case, Revision(entry_id, change.after, by))
        return change

    async def end_waiting(self, entry_id: str, now: datetime) -> Change | None:
        """Let files that are still being scanned count as taken away; all else stands.

        Nobody asked for the entry to be judged by the facts of today, so it is judged by those of
        its arrival; where it became logged since, by today's.
        """
        for as_of_receipt in (True, False):
            change = await self.preview(
                entry_id, now, as_of_receipt=as_of_receipt, patience_over=True
            )
            if change is None:
                return None
            if change.after.outcome.on_timeline:
                outcome, reason = change.before
                after = replace(change.after, outcome=outcome, reason=reason, effects=())
                await self.recorder.revise(change.case, Revision(entry_id, after, "gateway"))
                return replace(change, after=after)
        return None

    async def settle_waiting(self, now: datetime) -> tuple[Change, ...]:
        """Judge anew every entry that another message set waiting; return what changed.

        One that becomes logged may set others waiting; they are taken in the same call.
        """
        changes: list[Change] = []
        for _ in range(ROUNDS):
            waiting = await self.recorder.waiting()
            if not waiting:
                break
            for entry_id in waiting:
                change = await self.replay(entry_id, now, by="gateway")
                if change is not None and change.differs:
                    changes.append(change)
                else:
                    await self.recorder.dismiss(entry_id)
        return tuple(changes)

    async def _facts(self, kept: Kept, lookup: Lookup, *, patience_over: bool) -> Facts:
        known = await self.recorder.recall(lookup)
        return replace(
            known,
            earlier=kept.earlier,
            judged_before=kept.decision_reason,
            patience_over=patience_over,
        )


def _the_one(kept: Kept, outer: Arrival, message: Message, read: Read) -> tuple[Arrival, Message]:
    """Return the message that the entry is of: a forward may hold several."""
    inside = opened(outer, message, read)
    same = (pair for pair in inside if pair[1].message_id == kept.message_id)
    return next(same, inside[0])
