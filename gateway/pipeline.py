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
from dataclasses import dataclass, replace
from datetime import datetime

from gateway.interfaces import Delivery, Handled, Passage, Recorder, Spool, StoreBusyError
from gateway.mail.addresses import key_of
from gateway.mail.reading import read_heading, read_message
from gateway.model.case import Arrival, Case, Proof
from gateway.model.decision import Decision, Keep
from gateway.model.directory import Directory
from gateway.model.envelope import Envelope, Relayed, RelayState, Reply
from gateway.model.facts import Facts, Lookup
from gateway.model.message import Message
from gateway.model.policy import Policy
from gateway.rules.judge import judge, judge_gate

LOOP_REPLY = Reply(554, ("5.4.6 Too many hops: this message is in a mail loop",))
DEFER_REPLY = Reply(451, ("4.3.0 The record of this message cannot be written now; try again",))
CITED_LIMIT = 33


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

    entry_id: str = ""
    decision: Decision | None = None
    spooled_as: str = ""
    trouble: str = ""

    @property
    def words(self) -> str:
        """The decision in short, for the client's log."""
        if self.decision is None:
            return f"failed {self.trouble}" if self.trouble else ""
        return f"{self.decision.outcome} {self.decision.reason} e={self.entry_id}"


def arrive(
    envelope: Envelope, directory: Directory, policy: Policy, asked_at: datetime
) -> Arrival:
    """Return the message at the gate: its header section read, nothing decoded."""
    heading = read_heading(envelope.content.octets)
    folder = envelope.folder
    if policy.folder_field and envelope.client.trusted:
        told = heading.first(policy.folder_field)
        folder = told.decode("utf-8", "replace").strip() if told else folder
    return Arrival(
        envelope=replace(envelope, folder=folder) if folder != envelope.folder else envelope,
        heading=heading,
        recipient_keys=tuple(key_of(r.addr_spec) for r in envelope.recipients),
        directory=directory,
        policy=policy,
        asked_at=asked_at,
    )


def lookup_of(arrival: Arrival, message: Message, *, entry_id: str = "") -> Lookup:
    """Return what the store is asked about a message."""
    heading = arrival.heading
    forwarded = (f.author.key for f in message.forwards if f.author)
    reported = (r.recipient for r in message.report.results) if message.report else ()
    return Lookup(
        message_id=message.message_id,
        digest=message.digest,
        aliases=heading.aliases,
        cited=message.cited[:CITED_LIMIT],
        conversation=heading.conversation,
        author=arrival.author.key if arrival.author else "",
        addresses=frozenset((*arrival.parties, *forwarded, *reported)),
        entry_id=entry_id,
    )


def complete(
    arrival: Arrival, message: Message, facts: Facts, proof: Proof | None = None
) -> Case:
    """Return the Case of an arrival that is past the gate."""
    return Case(
        envelope=arrival.envelope,
        heading=arrival.heading,
        recipient_keys=arrival.recipient_keys,
        directory=arrival.directory,
        policy=arrival.policy,
        asked_at=arrival.asked_at,
        message=message,
        facts=facts,
        proof=proof,
    )


def prove(arrival: Arrival) -> Proof | None:
    """Return why we believe that a copy came from its author, as far as SMTP tells."""
    client = arrival.envelope.client
    if client.login:
        return Proof("login", client.login)
    if client.trusted and not arrival.incoming:
        return Proof("trusted-client", client.address)
    return None


class Pipeline:
    """The flow, with the edges it was given."""

    def __init__(
        self,
        recorder: Recorder,
        spool: Spool,
        settings: Settings,
        observe: Callable[[Passage], None] = lambda _: None,
    ) -> None:
        self.recorder = recorder
        self.spool = spool
        self.settings = settings
        self.observe = observe

    async def receive(self, envelope: Envelope, delivery: Delivery) -> Handled:
        """Take one message through the gateway and return what to tell the client."""
        sending = asyncio.ensure_future(delivery.stream(envelope.content))
        logged = await self._log(envelope)
        if isinstance(logged, Reply):
            return await self._turn_away(envelope, delivery, sending, logged)
        refused = await sending
        relayed = _refusal(refused) if refused else await delivery.finish()
        await self._settle(envelope, logged, relayed)
        reply = relayed.reply or Reply(250, ("2.0.0 Ok",))
        return Handled(reply, logged.words)

    async def decide(self, envelope: Envelope, asked_at: datetime | None = None) -> Judged:
        """Read and judge one message. Raises StoreBusyError, InspectionDeferredError."""
        policy = self.settings.policy
        moment = asked_at or envelope.received_at
        arrival = arrive(envelope, self.recorder.directory, policy, moment)
        return await self._judge(arrival)

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
            try:
                judged = await self.decide(envelope)
                entry_id = await self.recorder.record(judged.case, judged.decision)
            except StoreBusyError:
                break
            except Exception as error:  # noqa: BLE001 - the others behind it must not wait (D-3)
                trouble = f"{name} stays in the spool: {error!r}"
                fate = relayed or Relayed(RelayState.UNKNOWN)
                self.observe(Passage(envelope, "", "", None, fate, trouble))
                continue
            fate = relayed or Relayed(RelayState.UNKNOWN)
            self.recorder.settle(entry_id, envelope.content.sha256, fate)
            await self.spool.drop(name)
            decided += 1
        return decided

    async def _judge(self, arrival: Arrival) -> Judged:
        if (stopped := judge_gate(arrival)) is not None:
            return Judged(arrival, stopped)
        message = await self._read(arrival)
        facts = await self.recorder.recall(lookup_of(arrival, message))
        case = complete(arrival, message, facts, prove(arrival))
        return Judged(case, judge(case))

    async def _read(self, arrival: Arrival) -> Message:
        content = arrival.envelope.content
        if content.size > arrival.policy.inspection_limit:
            return Message(heading=arrival.heading, digest=content.sha256)
        if content.size <= self.settings.inline_octets:
            return read_message(content.octets, arrival.heading)
        reading = asyncio.to_thread(read_message, content.octets, arrival.heading)
        try:
            return await asyncio.wait_for(reading, self.settings.inspection_budget_s)
        except TimeoutError:
            raise InspectionDeferredError from None

    async def _log(self, envelope: Envelope) -> Logged | Reply:
        """Decide and record; on trouble keep the octets for later. A Reply turns mail away."""
        arrival: Arrival | None = None
        try:
            arrival = arrive(
                envelope, self.recorder.directory, self.settings.policy, envelope.received_at
            )
            if arrival.heading.received_count > arrival.policy.received_limit:
                return LOOP_REPLY
            judged = await self._judge(arrival)
            entry_id = await self.recorder.record(judged.case, judged.decision)
        except InspectionDeferredError:
            return await self._put_by(envelope, arrival, "inspection-deferred")
        except StoreBusyError:
            if self.settings.defer_on_store_failure:
                return DEFER_REPLY
            return await self._put_by(envelope, arrival, "store-unavailable")
        except Exception as error:  # noqa: BLE001 - a defect of ours must not stop mail (D-3)
            return await self._put_by(envelope, arrival, f"inspection-deferred ({error!r})")
        return Logged(entry_id, judged.decision)

    async def _put_by(self, envelope: Envelope, arrival: Arrival | None, why: str) -> Logged:
        """Spool the octets, unless the privacy gate forbids to keep them (D-9)."""
        stopped = judge_gate(arrival) if arrival is not None else None
        if stopped is not None and stopped.keep in {Keep.IDS, Keep.DIGESTS}:
            return Logged(trouble=why)
        try:
            name = await self.spool.put(envelope, why)
        except OSError:
            return Logged(trouble=f"{why} spool-unavailable")
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

    async def _settle(self, envelope: Envelope, logged: Logged, relayed: Relayed) -> None:
        trouble = logged.trouble
        if logged.entry_id:
            self.recorder.settle(logged.entry_id, envelope.content.sha256, relayed)
        if logged.spooled_as:
            try:
                await self.spool.settle(logged.spooled_as, relayed)
            except OSError as error:
                trouble = f"{trouble} ({error})"
        self.observe(Passage(envelope, "", logged.entry_id, logged.decision, relayed, trouble))


def _refusal(reply: Reply) -> Relayed:
    state = RelayState.DEFERRED if reply.temporary else RelayState.REFUSED
    return Relayed(state, reply)
