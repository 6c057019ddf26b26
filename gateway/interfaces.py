"""What the flow asks of the world; the edges answer."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol, runtime_checkable

from gateway.model.arrival import Arrival
from gateway.model.case import Authenticity, Case, Proof
from gateway.model.decision import Decision
from gateway.model.directory import Directory
from gateway.model.entry import Kept, Revision
from gateway.model.envelope import Client, Content, Envelope, Relayed, Reply
from gateway.model.facts import Facts, Lookup
from gateway.model.handover import Kind, Parcel, Pause, Push


class StoreBusyError(Exception):
    """The store cannot answer or commit now; the same call may work later."""


class ProofUnavailableError(Exception):
    """Nothing proves the sender now, but a signature might once its key can be had."""

    names: tuple[str, ...] = ()
    """Of the keys that no server answered for."""


class Recorder(Protocol):
    """The durable record of what came through and what was decided."""

    @property
    def directory(self) -> Directory:
        """The users, mailboxes and lists as last read; held in memory, never blocks."""
        ...

    async def recall(self, lookup: Lookup) -> Facts:
        """Return what is known, from one read snapshot. Raises StoreBusyError."""
        ...

    async def record(self, judged: Arrival | Case, decision: Decision) -> str:
        """Commit entry, sighting, decision and effects in one transaction; return the entry id.

        Durable when it returns (D-2), the relay's state being `relaying`. An Arrival is a
        message that the privacy gate stopped: nothing of its content is kept. Raises
        StoreBusyError when nothing was kept.
        """
        ...

    async def revise(self, case: Arrival | Case, revision: Revision) -> None:
        """Append a decision to an entry, with its effects; the old ones stay."""
        ...

    async def kept(self, entry_id: str) -> Kept | None:
        """Return what is kept of an entry, or None when nothing of its content is."""
        ...

    async def waiting(self) -> Sequence[str]:
        """Return entries that are to be judged anew because another message came, oldest first.

        An entry leaves this list when it is revised or dismissed.
        """
        ...

    async def dismiss(self, entry_id: str) -> None:
        """Take an entry off that list: its decision stands."""
        ...

    def settle(self, entry_id: str, sha256_in: bytes, relayed: Relayed) -> None:
        """Note how the relay ended; rides in a later commit, never raises, never waits."""
        ...


UNREADABLE = "unreadable"
"""The folder inside the spool where a person finds what was damaged there."""


class Spool(Protocol):
    """Where octets wait while the store is away (D-3)."""

    async def put(self, envelope: Envelope, reason: str) -> str:
        """Keep the envelope and its octets durably; return the name. Raises OSError."""
        ...

    async def settle(self, name: str, relayed: Relayed) -> None:
        """Note how the relay ended beside what waits. Raises OSError."""
        ...

    async def waiting(self) -> Sequence[str]:
        """Return the names of what waits, oldest first."""
        ...

    async def take(self, name: str) -> tuple[Envelope, Relayed | None, str] | None:
        """Return envelope with octets, relay result and reason; None when it is unreadable."""
        ...

    async def drop(self, name: str) -> None:
        """Forget it: it has been decided."""
        ...


class Verifier(Protocol):
    """Who really sent a message."""

    async def verify(self, arrival: Arrival) -> Proof | None:
        """Return why we believe that it came from its author; None when nothing proves it.

        Raises ProofUnavailableError.
        """
        ...

    async def authenticate(self, arrival: Arrival) -> Authenticity:
        """Return what trusted servers say of the author's domain; never raises."""
        ...


class SpoiledError(Exception):
    """What is arriving turned out to be nothing that may be delivered."""


class Arriving(Protocol):
    """Content that is still arriving."""

    async def piece(self) -> bytes:
        """Return what comes next, unstuffed, once it is there and was looked at (D-6).

        Nothing is the end. Raises SpoiledError.
        """
        ...

    def digest(self) -> bytes:
        """Return the SHA-256 of all pieces that were given out."""
        ...


@runtime_checkable
class Follower(Protocol):
    """A delivery that can pass content on while it arrives."""

    def follow(self, content: Arriving) -> None:
        """Begin to send DATA and what arrives; `stream` waits for its end."""
        ...


class Delivery(Protocol):
    """A transaction with the next hop."""

    async def offer_mail(self, mail_from: str, options: Sequence[str]) -> Reply:
        """Put MAIL to the next hop while the client is still talking."""
        ...

    async def offer_rcpt(self, addr_spec: str, options: Sequence[str]) -> Reply:
        """Put RCPT to the next hop; its reply is the client's reply."""
        ...

    async def stream(self, content: Content) -> Reply | None:
        """Send DATA and the content in its wire form, without the final dot.

        Returns None when the next hop takes it, else the reply that refused DATA.
        """
        ...

    async def finish(self) -> Relayed:
        """Send the final dot and return the next hop's reply, with the digest of what left."""
        ...

    async def abort(self) -> None:
        """Close without the dot: nothing is delivered. Safe at any moment."""
        ...


class NextHop(Protocol):
    """The place that mail goes to after us."""

    def delivery(self, client: Client) -> Delivery:
        """Return a transaction that is not begun yet, for a message of this client."""
        ...

    async def extensions(self) -> Mapping[str, str]:
        """Return its EHLO keywords in upper case with their parameters, as last heard."""
        ...


@runtime_checkable
class Nameless(Protocol):
    """Octets in a file that has no name yet: what is kept need not be written twice."""

    def keep_as(self, path: Path) -> None:
        """Make them durable and give them this name, without a copy.

        Raises OSError, such as on another file system; then a copy must do.
        """
        ...


@dataclass(frozen=True, slots=True)
class Handled:
    """What the client is told at the end of data."""

    reply: Reply
    words: str = ""
    """The decision in short, for the text of the reply: `logged tracked-reply e=…`."""
    lost: bool = False
    """Nothing of it could be kept, in the store or in the spool, though it should be."""


@dataclass(frozen=True, slots=True)
class Took:
    """How long each stage of a message took from the end of data on, in seconds."""

    decide: float
    record: float
    """Until it was durable."""
    relay: float
    """Until the next hop had answered, without what passed before it was recorded."""
    whole: float


@dataclass(frozen=True, slots=True)
class Passage:
    """One message that went through, for the log, the metrics and the live tail."""

    envelope: Envelope
    message_id: str
    entry_id: str
    """Empty when nothing was recorded."""
    decision: Decision | None
    relayed: Relayed
    trouble: str = ""
    """What went wrong on our side, for the admin; empty when nothing did."""
    decisions: tuple[tuple[str, Decision], ...] = ()
    """Entry id and decision of each message that was recorded: a forward may hold several."""
    took: Took | None = None
    """None for what did not pass just now."""


@dataclass(frozen=True, slots=True)
class WaitingNotice:
    """A notice that is to be sent."""

    number: int
    recipient: str
    content: bytes
    attempts: int


class NoticeOutbox(Protocol):
    """Where notices wait, durably."""

    def put(
        self,
        *,
        user: str,
        recipient: str,
        entry_id: str,
        reason: str,
        content: bytes,
        now: datetime,
        kind: str = "notice",
    ) -> bool:
        """Keep a notice, unless the user was told the same of this thread within a day."""
        ...

    def due(self, now: datetime, most: int) -> Sequence[WaitingNotice]:
        """Return what is to be sent now, oldest first."""
        ...

    def sent(self, number: int, said: str) -> None:
        """Note that the next hop has it."""
        ...

    def failed(self, number: int, said: str, again_at: datetime | None) -> None:
        """Note that it did not take it; None gives up."""
        ...


class SinkUnavailableError(Exception):
    """The sink cannot take anything now, or not this push; the same push may work later."""

    def __init__(
        self, said: str, *, retry_after_s: float | None = None, everything: bool = True
    ) -> None:
        super().__init__(said)
        self.retry_after_s = retry_after_s
        """How long the sink asks to be left alone; None leaves it to us."""
        self.everything = everything
        """Whether all pushes would fail alike; False is about this one."""


class SinkDeniedError(SinkUnavailableError):
    """The sink does not accept our credential, or it permits too little: an admin must act."""


class SinkRefusedError(Exception):
    """The sink refuses this push for good."""


class Sink(Protocol):
    """A place that entries are handed over to."""

    @property
    def name(self) -> str:
        """The name of the configuration: the outbox keeps a queue by it."""
        ...

    async def push(self, parcel: Parcel) -> str:
        """Tell one event; return what the sink calls the entry, or an empty string.

        Durable there when it returns. Told again with the same key it does no harm. Raises
        SinkUnavailableError, SinkDeniedError, SinkRefusedError.
        """
        ...

    async def close(self) -> None:
        """Give up connections and files; nothing is under way."""
        ...


class Outbox(Protocol):
    """The queue of events that sinks are to be told, durable; every call may block.

    All calls raise StoreBusyError. Several processes may share one.
    """

    def register(
        self, sinks: Mapping[str, bool], wants: Mapping[str, Collection[Kind]] | None = None
    ) -> None:
        """Keep queues for these sinks, and for no other any more.

        One that was never seen begins now; where its value is true it is told all that was logged.
        `wants` says which kinds a sink is told; else all that changes a timeline.
        """
        ...

    def gather(self, now: datetime) -> int:
        """Put events that became free into the queue of every sink; return how many."""
        ...

    def pause_of(self, sink: str) -> Pause | None:
        """Return how a sink is left alone, or None."""
        ...

    def pause(self, sink: str, until: datetime, said: str) -> bool:
        """Leave a sink alone; return whether it says something new."""
        ...

    def resume(self, sink: str) -> None:
        """End the pause of a sink: it took something."""
        ...

    def claim(
        self, sink: str, now: datetime, lease_until: datetime, most: int, *, past_dead: bool
    ) -> Sequence[Push]:
        """Lease pushes that are due, at most one of each thread; nobody else has them until then.

        A dead push holds its thread up, unless `past_dead`.
        """
        ...

    def content_of(self, push: Push, now: datetime) -> tuple[Parcel, Kept | None]:
        """Return what may be told of a push today, and what is kept of its message."""
        ...

    def done(self, taken: Sequence[tuple[Push, str]], now: datetime) -> None:
        """Note that the sink has these, and what it calls each."""
        ...

    def again(
        self, push: Push, again_at: datetime, now: datetime, said: str = "", *, counts: bool = True
    ) -> None:
        """Give a lease back; with something said it failed, which may not count against it."""
        ...

    def dead(self, push: Push, now: datetime, said: str) -> None:
        """Put it on the dead-letter list."""
        ...

    def drop(self, push: Push) -> None:
        """Take it out of the queue: there is nothing to tell."""
        ...
