"""One message, from left to right: read, judge, record, pass on.

Nothing here opens a file or a socket; the edges come in as arguments. Whatever goes wrong on
our side, mail flows (D-3): the octets go to the spool and are decided later.

Order at the end of data (D-2): the body streams to the next hop while the message is read and
judged, the entry is durable before the final dot goes onward, and between the next hop's 250
and ours nothing slow happens.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from time import perf_counter
from typing import ParamSpec, TypeVar

from gateway.interfaces import (
    Delivery,
    Handled,
    Passage,
    ProofUnavailableError,
    Recorder,
    Spool,
    StoreBusyError,
    Took,
    Verifier,
)
from gateway.mail.addresses import key_of
from gateway.mail.reading import read_message
from gateway.model.arrival import Arrival
from gateway.model.case import Authenticity, Case, Proof
from gateway.model.decision import Decision, Keep, Reason
from gateway.model.envelope import Envelope, Relayed, RelayState, Reply
from gateway.model.message import Message
from gateway.model.policy import Policy
from gateway.rules.by_hand import log_by_hand
from gateway.rules.judge import judge, judge_gate
from gateway.understand import Read, Stepwise, arrive, complete, lookup_of, opened, unread

_P = ParamSpec("_P")
_T = TypeVar("_T")
LOOP_REPLY = Reply(554, ("5.4.6 Too many hops: this message is in a mail loop",))
DEFER_REPLY = Reply(451, ("4.3.0 The record of this message cannot be written now; try again",))


class InspectionDeferredError(Exception):
    """Reading took longer than its budget."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the flow is told by the configuration."""

    policy: Policy
    defer_on_store_failure: bool = False
    """Answer 451 when the record cannot be written, in place of failing open (D-3)."""
    inline_octets: int = 262_144
    """Content up to this size is read on the loop, larger content in a thread (D-11)."""
    inspection_budget_s: float = 3.0


@dataclass(frozen=True, slots=True)
class Judged:
    """A message with its decision, ready to be recorded."""

    case: Arrival | Case
    decision: Decision


@dataclass(frozen=True, slots=True)
class Logged:
    """What came of the logging half."""

    entry_ids: tuple[str, ...] = ()
    decision: Decision | None = None
    """The first one, when a forward held several messages."""
    message_id: str = ""
    spooled_as: str = ""
    trouble: str = ""
    decisions: tuple[Decision, ...] = ()
    """Of each entry."""
    lost: bool = False
    """Nothing of it is durable, though it should be."""
    decided_at: float = 0.0
    """When the rules had spoken, by the clock of durations; 0 when they did not."""

    @property
    def words(self) -> str:
        """The decision in short, for the client's log."""
        if self.decision is None:
            return f"failed {self.trouble.partition(' ')[0]}" if self.trouble else ""
        return f"{self.decision.outcome} {self.decision.reason} e={self.entry_ids[0]}"


class Pipeline:
    """The flow, with the edges it was given."""

    def __init__(
        self,
        recorder: Recorder,
        spool: Spool,
        verifier: Verifier,
        settings: Settings,
        *,
        observe: Callable[[Passage], None] = lambda _: None,
        decided_late: Callable[[Passage], None] = lambda _: None,
        read: Read = read_message,
    ) -> None:
        self.recorder = recorder
        self.spool = spool
        self.verifier = verifier
        self.settings = settings
        self.observe = observe
        self.decided_late = decided_late
        self.read = read

    @property
    def read(self) -> Read:
        """How whole messages are read."""
        return self._read_all

    @read.setter
    def read(self, read: Read) -> None:
        """Read them this way from now on."""
        self._read_all = read
        self._steps = read if isinstance(read, Stepwise) else None

    async def receive(self, envelope: Envelope, delivery: Delivery) -> Handled:
        """Take one message through the gateway and return what to tell the client."""
        began = perf_counter()
        sending = asyncio.ensure_future(delivery.stream(envelope.content))
        logged = await self._log(envelope)
        recorded = perf_counter()
        if isinstance(logged, Logged) and logged.lost and self._is_copy(envelope):
            # We are the final destination of a copy: 250 means durable (D-5).
            logged = DEFER_REPLY
        if isinstance(logged, Reply):
            return await self._turn_away(envelope, delivery, sending, logged)
        refused = await sending
        relayed = _refusal(refused) if refused else await delivery.finish()
        ended, decided = perf_counter(), logged.decided_at or recorded
        took = Took(decided - began, recorded - decided, ended - recorded, ended - began)
        await self._settle(envelope, logged, relayed, took)
        reply = relayed.reply or Reply(250, ("2.0.0 Ok",))
        return Handled(reply, logged.words, lost=logged.lost)

    async def decide(
        self, envelope: Envelope, asked_at: datetime | None = None
    ) -> tuple[Judged, ...]:
        """Read and judge a message, or each one inside a forward.

        Nobody waits for the answer, so it may take its time. Raises StoreBusyError.
        """
        moment = asked_at or envelope.received_at
        arrival = arrive(envelope, self.recorder.directory, self.settings.policy, moment)
        return await self._judge(arrival, None)

    async def take_in(
        self, envelope: Envelope, relayed: Relayed, asked_at: datetime | None = None
    ) -> tuple[str, ...]:
        """Decide and record a message whose way onward is over; return its entries.

        For history, the spool, and whatever else comes without a delivery. History is judged by
        the facts of today, as a replay is: give the moment. Raises StoreBusyError and
        InspectionDeferredError.
        """
        passage = await self._take_in(envelope, relayed, asked_at)
        self._settle_taken(passage)
        return tuple(entry_id for entry_id, _ in passage.decisions)

    async def take_as_logged(self, envelope: Envelope, asked_at: datetime) -> tuple[str, ...]:
        """Record a message of a sent folder that counts as logged.

        What the privacy gate stops stays out. Raises as `take_in`.
        """
        entries = []
        for judged in await self.decide(envelope, asked_at):
            decision = judged.decision
            if isinstance(judged.case, Case):
                decision = log_by_hand(judged.case, Reason.IMPORTED, "import")
            entry_id = await self.recorder.record(judged.case, decision)
            past = Relayed(RelayState.BY_MTA)
            self.recorder.settle(entry_id, envelope.content.sha256, past)
            entries.append(entry_id)
        return tuple(entries)

    async def decide_later(self) -> int:
        """Decide what waits in the spool, oldest first; return how many were decided.

        Stops at the first that the store cannot take.
        """
        decided = 0
        for name in await self.spool.waiting():
            taken = await self.spool.take(name)
            if taken is None:
                continue
            envelope, relayed, _ = taken
            fate = relayed or Relayed(RelayState.UNKNOWN)
            try:
                passage = await self._take_in(envelope, fate)
            except StoreBusyError:
                break
            except Exception as error:  # noqa: BLE001 - the others behind it must not wait (D-3)
                trouble = f"{name} stays in the spool: {error!r}"
                self.observe(Passage(envelope, "", "", None, fate, trouble))
                continue
            # Settled not before: what is decided again after a crash must not say "relayed" twice.
            dropping = asyncio.ensure_future(self.spool.drop(name))
            try:
                await asyncio.shield(dropping)
            except asyncio.CancelledError:
                # The gateway stops; a drop that has not begun yet must not be given up.
                with suppress(OSError):
                    await dropping
                    self._settle_taken(passage)
                raise
            self._settle_taken(passage)
            self.decided_late(passage)
            decided += 1
        return decided

    async def _take_in(
        self, envelope: Envelope, relayed: Relayed, asked_at: datetime | None = None
    ) -> Passage:
        found = await self.decide(envelope, asked_at)
        taken = []
        for judged in found:
            entry_id = await self.recorder.record(judged.case, judged.decision)
            taken.append((entry_id, judged.decision))
        first, decision = taken[0]
        outer = found[0].case.wrapping or found[0].case
        message_id = outer.heading.message_id
        return Passage(envelope, message_id, first, decision, relayed, decisions=tuple(taken))

    def _settle_taken(self, passage: Passage) -> None:
        for entry_id, _ in passage.decisions:
            self.recorder.settle(entry_id, passage.envelope.content.sha256, passage.relayed)

    def _is_copy(self, envelope: Envelope) -> bool:
        ours = self.recorder.directory.logging_by_key
        return all(key_of(recipient.addr_spec) in ours for recipient in envelope.recipients)

    async def _judge(self, arrival: Arrival, budget_s: float | None) -> tuple[Judged, ...]:
        if (stopped := judge_gate(arrival)) is not None:
            return (Judged(arrival, stopped),)
        message = await self._read(arrival, budget_s)
        proof, authenticity = await prove(arrival, self.verifier)
        found = []
        for inside, inner in await self._open(arrival, message, budget_s):
            if inside.wrapping and (stopped := judge_gate(inside)) is not None:
                found.append(Judged(inside, stopped))
                continue
            facts = await self.recorder.recall(lookup_of(inside, inner))
            case = complete(inside, inner, facts, proof, authenticity)
            found.append(Judged(case, judge(case)))
        return tuple(found)

    async def _read(self, arrival: Arrival, budget_s: float | None) -> Message:
        """Read a message: a small one here, but for its files, a large one in a thread (D-11)."""
        content, read, steps = arrival.envelope.content, self._read_all, self._steps
        if content.size > arrival.policy.inspection_limit:
            return unread(arrival)
        if content.size > self.settings.inline_octets:
            return await _within(budget_s, read, content.octets, arrival.heading)
        if steps is None:
            return read(content.octets, arrival.heading)
        message = steps.quickly(content.octets, arrival.heading)
        if not message.attachments:
            return message
        return await _within(budget_s, steps.look, content.octets, message)

    async def _open(
        self, arrival: Arrival, message: Message, budget_s: float | None
    ) -> tuple[tuple[Arrival, Message], ...]:
        """Return what is to be judged; what is inside a copy is read in a thread."""
        if not arrival.copy:
            return ((arrival, message),)
        return await _within(budget_s, opened, arrival, message, self.read)

    async def _log(self, envelope: Envelope) -> Logged | Reply:
        """Decide and record; on trouble keep the octets for later. A Reply turns mail away."""
        arrival: Arrival | None = None
        policy, moment = self.settings.policy, envelope.received_at
        try:
            arrival = arrive(envelope, self.recorder.directory, policy, moment)
            if arrival.heading.received_count > policy.received_limit:
                return LOOP_REPLY
            found = await self._judge(arrival, self.settings.inspection_budget_s)
            decided_at = perf_counter()
            entries = [await self.recorder.record(j.case, j.decision) for j in found]
        except InspectionDeferredError:
            return await self._put_by(envelope, arrival, "inspection-deferred")
        except StoreBusyError as error:
            if self.settings.defer_on_store_failure:
                return DEFER_REPLY
            return await self._put_by(envelope, arrival, f"store-unavailable ({error})")
        except Exception as error:  # noqa: BLE001 - a defect of ours must not stop mail (D-3)
            return await self._put_by(envelope, arrival, f"inspection-deferred ({error!r})")
        decisions = tuple(judged.decision for judged in found)
        message_id = arrival.heading.message_id
        return Logged(
            tuple(entries), decisions[0], message_id, decisions=decisions, decided_at=decided_at
        )

    async def _put_by(self, envelope: Envelope, arrival: Arrival | None, why: str) -> Logged:
        """Spool the octets, unless the privacy gate forbids to keep them (D-9)."""
        try:
            stopped = judge_gate(arrival) if arrival is not None else None
        except Exception:  # noqa: BLE001 - a defect in the gate: mail flows, and nothing is kept
            return Logged(trouble=f"{why}; the privacy gate cannot be asked", lost=True)
        known = self.recorder.directory.known
        if not known or (stopped is not None and stopped.keep in {Keep.IDS, Keep.DIGESTS}):
            return Logged(trouble=why, lost=not known)
        try:
            name = await self.spool.put(envelope, why)
        except OSError as error:
            return Logged(trouble=f"{why}; the spool cannot be written: {error}", lost=True)
        return Logged(spooled_as=name, trouble=why)

    async def _turn_away(
        self,
        envelope: Envelope,
        delivery: Delivery,
        sending: asyncio.Future[Reply | None],
        reply: Reply,
    ) -> Handled:
        sending.cancel()
        await delivery.abort()
        state = RelayState.DEFERRED if reply.temporary else RelayState.REFUSED
        self.observe(Passage(envelope, "", "", None, Relayed(state, reply), reply.text[0]))
        return Handled(reply)

    async def _settle(
        self, envelope: Envelope, logged: Logged, relayed: Relayed, took: Took
    ) -> None:
        trouble = logged.trouble
        for entry_id in logged.entry_ids:
            self.recorder.settle(entry_id, envelope.content.sha256, relayed)
        if logged.spooled_as:
            try:
                await self.spool.settle(logged.spooled_as, relayed)
            except OSError as error:
                trouble = f"{trouble} ({error})"
        first = logged.entry_ids[0] if logged.entry_ids else ""
        decided = tuple(zip(logged.entry_ids, logged.decisions, strict=True))
        message_id, decision = logged.message_id, logged.decision
        self.observe(
            Passage(envelope, message_id, first, decision, relayed, trouble, decided, took)
        )


async def _within(
    budget_s: float | None, work: Callable[_P, _T], *given: _P.args, **named: _P.kwargs
) -> _T:
    """Return what work gives in a thread. Raises InspectionDeferredError when time is over."""
    try:
        return await asyncio.wait_for(asyncio.to_thread(work, *given, **named), budget_s)
    except TimeoutError:
        raise InspectionDeferredError from None


def _refusal(reply: Reply) -> Relayed:
    state = RelayState.DEFERRED if reply.temporary else RelayState.REFUSED
    return Relayed(state, reply)


async def prove(arrival: Arrival, verifier: Verifier) -> tuple[Proof | None, Authenticity]:
    """Return who really sent a copy, or what a colleague seems to send from outside.

    Beside it stands what servers that we trust say of the author's domain, and which keys no
    server answered for.
    """
    authenticity = await verifier.authenticate(arrival)
    if not (arrival.is_copy or (arrival.incoming and arrival.by_company)):
        return None, authenticity
    try:
        return await verifier.verify(arrival), authenticity
    except ProofUnavailableError as error:
        unanswered = (*authenticity.unanswered, *error.names)
        return None, replace(authenticity, unanswered=unanswered)
