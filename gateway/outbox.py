"""Hands entries over: claim, push, settle; one sink at a time, each in a loop of its own.

Order is kept per thread: of each thread one push is under way, and a later one waits for it.
What fails is tried again after a pause that doubles, with jitter, so that many gateways do not
come back at once. A sink that fails as a whole is left alone as a whole: one alarm, no storm.

Limits: at least once. A crash between the sink's answer and our note of it tells an event
twice, with the same key.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from gateway.interfaces import (
    Outbox,
    Sink,
    SinkDeniedError,
    SinkRefusedError,
    SinkUnavailableError,
    StoreBusyError,
)
from gateway.mail.reading import read_message
from gateway.model.directory import Directory
from gateway.model.entry import Entry, Kept
from gateway.model.handover import Kind, Parcel, Push
from gateway.model.message import Message
from gateway.model.policy import Policy
from gateway.rules.blind import reached_blindly
from gateway.understand import Read, arrive, opened

FIRST_PAUSE_S: Final = 15.0
LONGEST_PAUSE_S: Final = 3600.0
LEASE: Final = timedelta(minutes=15)
"""Longer than any push may take: a crashed process loses its claims after that."""
GONE: Final = frozenset({Kind.REMOVED, Kind.ERASED})
"""Kinds that tell nothing of the content."""
ALONE: Final = frozenset({Kind.UNENROLLED, Kind.SUGGESTED})
"""Kinds that say something where nothing is told of the message."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How a sink is served."""

    past_dead: bool = False
    """A refused push does not hold its thread up."""
    at_once: int = 4
    """Pushes under way at one time."""
    give_up_after: timedelta = timedelta(days=7)
    """How long one push is tried, while others of the sink succeed."""


@dataclass(frozen=True, slots=True)
class Drained:
    """What one round did."""

    taken: int = 0
    retrying: int = 0
    refused: int = 0
    dropped: int = 0
    """There was nothing left to tell."""
    alarm: str = ""
    """What a person must know, said once: a credential is wrong, the sink is away."""


class Drain:
    """Serves one sink out of the outbox."""

    def __init__(
        self,
        outbox: Outbox,
        sink: Sink,
        manner: Manner,
        *,
        clock: Callable[[], datetime],
        chance: Callable[[], float],
        directory: Callable[[], Directory],
        policy: Callable[[], Policy],
        read: Read = read_message,
    ) -> None:
        """Take the parts; `chance` gives numbers in [0, 1)."""
        self._outbox = outbox
        self._sink = sink
        self._manner = manner
        self._clock = clock
        self._chance = chance
        self._directory = directory
        self._policy = policy
        self._read = read

    async def drain(self) -> Drained:
        """Push what is due, once; return what came of it. Raises StoreBusyError."""
        name, now = self._sink.name, self._clock()
        await asyncio.to_thread(self._outbox.gather, now)
        pause = await asyncio.to_thread(self._outbox.pause_of, name)
        if pause is not None and pause.until > now:
            return Drained()
        # After a pause one push is the probe: it tells whether the sink is there again.
        most = self._manner.at_once if pause is None else 1
        pushes = await asyncio.to_thread(
            self._outbox.claim, name, now, now + LEASE, most, past_dead=self._manner.past_dead
        )
        if not pushes:
            return Drained()
        try:
            results = await asyncio.gather(*(self._push(push) for push in pushes))
        except asyncio.CancelledError:
            # The daemon stops: the next one need not wait until the leases run out.
            with suppress(StoreBusyError):
                for push in pushes:
                    self._outbox.again(push, now, now)
            raise
        return await self._round(pushes, results)

    async def _push(self, push: Push) -> Exception | str | None:
        """Push one; return what the sink calls it, what went wrong, or None for nothing told."""
        parcel = await asyncio.to_thread(self._parcel, push)
        if parcel is None:
            return None
        try:
            return await self._sink.push(parcel)
        except (SinkUnavailableError, SinkRefusedError) as error:
            return error

    async def _round(
        self, pushes: Sequence[Push], results: Sequence[Exception | str | None]
    ) -> Drained:
        """Settle what was pushed; the sink as a whole last."""
        done = Drained()
        away: SinkUnavailableError | None = None
        taken: list[tuple[Push, str]] = []
        for push, result in zip(pushes, results, strict=True):
            now = self._clock()
            if result is None:
                await asyncio.to_thread(self._outbox.drop, push)
                done = replace(done, dropped=done.dropped + 1)
            elif isinstance(result, str):
                taken.append((push, result))
            elif isinstance(result, SinkRefusedError) or self._is_over(push, result, now):
                await asyncio.to_thread(self._outbox.dead, push, now, str(result))
                done = replace(done, refused=done.refused + 1)
            elif isinstance(result, SinkUnavailableError):
                away = result if result.everything else away
                await self._fail(push, result, now)
                done = replace(done, retrying=done.retrying + 1)
        if taken:
            # One commit for all: the mail path needs the store as well.
            await asyncio.to_thread(self._outbox.done, taken, self._clock())
            done = replace(done, taken=len(taken))
        if away is not None:
            return replace(done, alarm=await self._leave_alone(away))
        if done.taken or done.refused:
            await asyncio.to_thread(self._outbox.resume, self._sink.name)
        return done

    async def _fail(self, push: Push, error: SinkUnavailableError, now: datetime) -> None:
        """Let a push wait; where the whole sink is away, no longer than the sink itself."""
        whole = error.everything
        pause = timedelta(0) if whole else self._pause(push.attempts, error)
        await asyncio.to_thread(
            self._outbox.again, push, now + pause, now, str(error), counts=not whole
        )

    def _is_over(self, push: Push, result: Exception, now: datetime) -> bool:
        """Whether a push was tried for too long, while the sink took others."""
        if not isinstance(result, SinkUnavailableError) or result.everything:
            return False
        since = push.failing_since
        return since is not None and now - since > self._manner.give_up_after

    async def _leave_alone(self, error: SinkUnavailableError) -> str:
        """Pause the sink; return what is to be said, empty when it was said already."""
        name, now = self._sink.name, self._clock()
        before = await asyncio.to_thread(self._outbox.pause_of, name)
        pause = self._pause(before.attempts if before else 0, error)
        said = str(error)
        is_new = await asyncio.to_thread(self._outbox.pause, name, now + pause, said)
        is_alarm = is_new or (isinstance(error, SinkDeniedError) and before is None)
        return said if is_alarm else ""

    def _pause(self, attempts: int, error: SinkUnavailableError) -> timedelta:
        """Return how long to wait: as the sink asks, or doubling, with jitter."""
        if error.retry_after_s is not None:
            return timedelta(seconds=error.retry_after_s + self._chance())
        whole = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(attempts, 20))
        return timedelta(seconds=whole * (0.5 + self._chance() / 2))

    def _parcel(self, push: Push) -> Parcel | None:
        """Return what is to be told, or None when there is nothing to tell any more."""
        if push.kind in GONE:
            return Parcel(push) if push.known else None
        if push.kind is Kind.MERGED and not push.known:
            return None
        parcel, kept = self._outbox.content_of(push, self._clock())
        if (entry := parcel.entry) is None:
            return parcel if push.kind in ALONE else None
        if kept is not None:
            octets = kept.envelope.content.octets
            parcel = replace(parcel, message=self._message(kept), octets=octets)
        parcel = replace(parcel, addresses={**parcel.addresses, **self._of_mailboxes(entry)})
        return self._discreet(parcel, entry)

    def _discreet(self, parcel: Parcel, entry: Entry) -> Parcel:
        """Return the parcel with those whom the message reached blindly, known as such.

        A report is for those whom it says that a message of ours did not reach, or who read it:
        whoever got that blindly stands on the report blindly.
        """
        blind = reached_blindly(entry, parcel.message, parcel.addresses)
        recipient = str(parcel.push.told.get("recipient", ""))
        asked = (*entry.contacts, recipient) if recipient else entry.contacts
        for original in parcel.originals:
            blind |= self._blind_in(original, parcel, asked)
        if parcel.push.kind is Kind.BOUNCE and (recipient in blind or not parcel.originals):
            told = {name: value for name, value in parcel.push.told.items() if name != "recipient"}
            parcel = replace(parcel, push=replace(parcel.push, told=told))
        return replace(parcel, blind=blind)

    def _blind_in(self, original: str, report: Parcel, asked: Sequence[str]) -> frozenset[str]:
        """Return who of these got a message blindly; all of them where nobody can tell."""
        push = replace(report.push, kind=Kind.LOGGED, entry_id=original)
        sent, kept = self._outbox.content_of(push, self._clock())
        if sent.entry is None:
            return frozenset(asked)
        message = self._message(kept) if kept is not None else None
        about = replace(sent.entry, contacts=tuple(asked), mailboxes=())
        # The report may name one address of a contact, and the message another one.
        held = [(one, *report.addresses.get(one, ())) for one in report.addresses]
        keys = {one: tuple(k for ks in held if one in ks for k in ks) for one in asked}
        return reached_blindly(about, message, keys)

    def _of_mailboxes(self, entry: Entry) -> dict[str, tuple[str, ...]]:
        """Return all address keys of the mailboxes of an entry."""
        boxes = self._directory().mailbox_by_key
        return {one: (one, *boxes[one].aliases) for one in entry.mailboxes if one in boxes}

    def _message(self, kept: Kept) -> Message:
        """Return the message of an entry: a copy may hold it inside, or several."""
        arrival = arrive(
            kept.envelope, self._directory(), self._policy(), kept.envelope.received_at
        )
        message = self._read(kept.envelope.content.octets, arrival.heading)
        inside = opened(arrival, message, self._read)
        same = (found for _, found in inside if found.message_id == kept.message_id)
        return next(same, inside[0][1])
