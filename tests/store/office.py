"""A small company for tests of the store: letters come in, are judged as told, and recorded."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from gateway.interfaces import Recorder
from gateway.mail.reading import read_message
from gateway.model.arrival import Arrival
from gateway.model.case import Case, Proof
from gateway.model.decision import (
    Answer,
    Decision,
    Effect,
    Keep,
    MakeContact,
    Outcome,
    Reason,
    Stage,
    TrackThread,
)
from gateway.model.entry import Revision
from gateway.model.envelope import (
    Content,
    Direction,
    Envelope,
    Recipient,
    Relayed,
    RelayState,
    Reply,
)
from gateway.model.facts import Facts
from gateway.model.policy import Policy
from gateway.store.registry import Registry
from gateway.understand import arrive, complete, lookup_of

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
BOB, SALES = "bob@acme.example", "sales@acme.example"
ANN, DAN = "ann@client.example", "dan@client.example"
OK = Reply(250, ("2.0.0 Ok: queued",))
NO = Reply(550, ("5.1.1 no such user",))
LATER = Reply(451, ("4.3.0 later",))
PASSED = Relayed(RelayState.RELAYED, OK, b"o" * 32)
REFUSED = Relayed(RelayState.REFUSED, NO)
DEFERRED = Relayed(RelayState.DEFERRED, LATER)
TRACE = (
    Answer(Stage.GATE, "internal-only", False, {}),
    Answer(Stage.POLICY, "replier-not-contact", True, {"address": ANN}),
    Answer(Stage.POLICY, "not-a-reply", False, {"would_hold": True}),
)
LOGGED: dict[str, Any] = {
    "outcome": Outcome.LOGGED,
    "reason": Reason.TRACKED_REPLY,
    "keep": Keep.CONTENT,
    "contacts": (ANN,),
}
TRACK = TrackThread(BOB, BOB)
MAKE_ANN = MakeContact(ANN, "Ann")


class Clock:
    """A clock that stands still until it is told."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **span: float) -> None:
        self.now += timedelta(**span)


def letter(
    number: int | str,
    *,
    cites: Sequence[int | str] = (),
    author: str = ANN,
    to: str = BOB,
    text: str = "Hello.",
    **fields: str,
) -> bytes:
    """Return letter `number`, which cites others, the last one being its parent."""
    head = {
        "From": author,
        "To": to,
        "Date": "Mon, 23 Nov 2026 11:59:00 +0000",
        "Message-ID": f"<{number}@client.example>",
        "References": " ".join(f"<{one}@client.example>" for one in cites),
        "Subject": "Re: offer",
        **{name.replace("_", "-"): value for name, value in fields.items()},
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items() if value)
    return f"{lines}\r\n{text}\r\n".encode()


def decision(**told: Any) -> Decision:
    """Return a decision: not logged, for a cause that can be fixed, unless told otherwise."""
    plain: dict[str, Any] = {
        "outcome": Outcome.NOT_LOGGED,
        "reason": Reason.REPLIER_NOT_CONTACT,
        "remedy": f"{ANN} is not a contact.",
        "evidence": {"address": ANN},
        "trace": TRACE,
        "keep": Keep.FIXABLE,
    }
    return Decision(**{**plain, **told})


class Office:
    """A store with what tests do to it again and again."""

    def __init__(self, store: Recorder, path: Path, clock: Clock) -> None:
        self.store = store
        self.path = path
        self.clock = clock
        self.policy = Policy()

    def registry(self) -> Registry:
        return Registry(self.path, clock=self.clock)

    def envelope(self, octets: bytes, **told: Any) -> Envelope:
        plain: dict[str, Any] = {
            "route": "inbound",
            "direction": Direction.INCOMING,
            "mail_from": ANN,
            "recipients": (Recipient(BOB, ("NOTIFY=NEVER",)),),
            "received_at": self.clock(),
            "content": Content(octets, len(octets), hashlib.sha256(octets).digest()),
        }
        return Envelope(**{**plain, **told})

    def arrival(self, octets: bytes, **told: Any) -> Arrival:
        envelope = self.envelope(octets, **told)
        return arrive(envelope, self.store.directory, self.policy, envelope.received_at)

    async def case(
        self, octets: bytes, *, entry_id: str = "", proof: Proof | None = None, **told: Any
    ) -> Case:
        """Return a letter with what the store knows of it."""
        arrival = self.arrival(octets, **told)
        message = read_message(octets, arrival.heading)
        lookup = replace(lookup_of(arrival, message), entry_id=entry_id)
        return complete(arrival, message, await self.store.recall(lookup), proof)

    async def facts(self, octets: bytes, **told: Any) -> Facts:
        return (await self.case(octets, **told)).facts

    async def record(
        self, octets: bytes, *, relayed: Relayed | None = PASSED, by: dict[str, Any] | None = None,
        **told: Any,
    ) -> str:  # fmt: skip
        """Record a letter; `by` tells the envelope, the rest the decision."""
        case = await self.case(octets, **(by or {}))
        entry_id = await self.store.record(case, decision(**told))
        if relayed is not None:
            self.store.settle(entry_id, case.envelope.content.sha256, relayed)
        return entry_id

    async def log(self, octets: bytes, *effects: Effect, **told: Any) -> str:
        """Record a letter that is logged under Ann."""
        return await self.record(
            octets, **{**LOGGED, "effects": (MAKE_ANN, TRACK, *effects), **told}
        )

    async def revise(self, entry_id: str, **told: Any) -> None:
        """Judge an entry again."""
        kept = await self.store.kept(entry_id)
        assert kept is not None
        envelope = kept.envelope
        arrival = arrive(envelope, self.store.directory, self.policy, self.clock())
        message = read_message(envelope.content.octets, arrival.heading)
        lookup = replace(lookup_of(arrival, message), entry_id=entry_id)
        case = complete(arrival, message, await self.store.recall(lookup), None)
        await self.store.revise(case, Revision(entry_id, decision(**told), "replay"))
