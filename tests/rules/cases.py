"""Builds cases from facts: one keyword says one fact, everything else is a plain reply or offer.

The company is corp.example. Anna and Bob have connected mailboxes, Max a mailbox at Microsoft;
sales@ is the team's. Carol is a contact with a tracked thread that Anna began; Dave is a contact
without one, Dora a colleague of Carol's who is none. Whoever is not named here is a stranger.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import structs

from gateway.model.arrival import Arrival, Wrapping
from gateway.model.case import Case, Proof
from gateway.model.decision import Decision, Outcome, Reason
from gateway.model.directory import (
    Connection,
    Directory,
    LoggingAddress,
    Mailbox,
    ProviderChange,
    User,
)
from gateway.model.envelope import Client, Content, Direction, Envelope, Recipient, RelayState
from gateway.model.facts import Contact, Facts, Seen, Sighting, Thread, ThreadMessage
from gateway.model.message import Address, Field, Heading, Message
from gateway.model.policy import Policy
from gateway.rules.judge import judge
from gateway.rules.presets import GATEWAY, HUBSPOT_2020

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
BEFORE = NOW - timedelta(days=30)
LONG_AGO = NOW - timedelta(days=365)
LONGER_AGO = NOW - timedelta(days=400)
LOG = "log@crm.example"
JOURNAL = "journal@crm.example"
ANNA, BOB, MAX = "anna@corp.example", "bob@corp.example", "max@corp.example"
SALES = "sales@corp.example"
CAROL, DAVE, IVY = "carol@customer.example", "dave@dorn.example", "ivy@stranger.example"
DORA = "dora@customer.example"
OURS = replace(HUBSPOT_2020, logging_address=LOG)
GATE = replace(GATEWAY, logging_address=LOG)


def mailbox(address: str, user: str = "", provider: str = "google", **facts: Any) -> Mailbox:
    """Return a mailbox that has been connected for a year."""
    plain: dict[str, Any] = {
        "user": user,
        "providers": (ProviderChange(LONGER_AGO, provider),),
        "connections": (Connection(LONGER_AGO, provider),),
        "log_sent": "marked",
    }
    return Mailbox(address, **{**plain, **facts})


ANNAS = mailbox(ANNA, ANNA)
BOBS = mailbox(BOB, BOB, "imap")
MAXS = mailbox(MAX, MAX, "microsoft365")
TEAM = mailbox(SALES)
DIRECTORY = Directory(
    domains=frozenset({"corp.example"}),
    users=(User(ANNA, "Anna", further=("anna@home.example",)), User(BOB), User(MAX)),
    mailboxes=(ANNAS, BOBS, MAXS, TEAM),
    logging_addresses=(LoggingAddress(LOG), LoggingAddress(JOURNAL, "journal")),
)
CAROLS = Contact(1, CAROL, "Carol", (CAROL,))
DAVES = Contact(2, DAVE, "Dave", (DAVE,))
CONTACTS = {CAROL: (CAROLS,), DAVE: (DAVES,)}
ANSWERED = {"answered_with_mark": True}
"""The facts of a message that one of ours answered with a mark."""


def the_directory(**facts: Any) -> Directory:
    """Return the directory of the story, with some facts changed."""
    return replace(DIRECTORY, **facts)


def with_mailboxes(*changed: Mailbox) -> Directory:
    """Return the directory with these mailboxes in place of those of the same address."""
    boxes = {box.address: box for box in (*DIRECTORY.mailboxes, *changed)}
    return the_directory(mailboxes=tuple(boxes.values()))


def address(key: str, name: str = "") -> Address:
    """Return an address as a field holds it."""
    return Address(key, name, key)


def past(author: str, to: Iterable[str], **facts: Any) -> ThreadMessage:
    """Return a message of a thread: outgoing and logged when a colleague wrote it."""
    outgoing = author.endswith("@corp.example")
    plain: dict[str, Any] = {
        "entry_id": f"e-{author}",
        "message_id": f"first.{author}",
        "direction": Direction.OUTGOING if outgoing else Direction.INCOMING,
        "author": author,
        "recipients": frozenset(to),
        "received_at": BEFORE,
        "logged": True,
        "reason": Reason.OPTED_IN if outgoing else Reason.TRACKED_REPLY,
        "user": author if outgoing else "",
        "mailbox": author if outgoing else ANNA,
        "subject": "Offer",
    }
    return ThreadMessage(**{**plain, **facts})


OFFER = past(ANNA, [CAROL])


def tracked(**facts: Any) -> Thread:
    """Return the thread that Anna began with Carol."""
    plain: dict[str, Any] = {
        "thread_id": 1,
        "tracked": True,
        "original": OFFER,
        "parent": OFFER,
        "starter": ANNA,
        "began_in": ANNA,
        "began_at": BEFORE,
        "outside": frozenset({CAROL}),
        "contacts": (CAROLS,),
    }
    return Thread(**{**plain, **facts})


TEAM_THREAD = tracked(starter=SALES, began_in=SALES)


def untracked(**facts: Any) -> Thread:
    """Return the thread as it is when Anna's first message was sent without a mark."""
    quiet = replace(OFFER, logged=False, reason=Reason.SENT_NOT_MARKED)
    plain: dict[str, Any] = {
        "thread_id": 1,
        "tracked": False,
        "original": quiet,
        "parent": quiet,
    }
    return Thread(**{**plain, **facts})


def sighting(**facts: Any) -> Sighting:
    """Return an earlier arrival of the message itself, by the same path, relayed."""
    plain: dict[str, Any] = {
        "route": "inbound",
        "direction": Direction.INCOMING,
        "recipients": frozenset({ANNA}),
        "sha256_in": b"\1" * 32,
        "received_at": NOW - timedelta(hours=1),
        "relay": RelayState.RELAYED,
    }
    return Sighting(**{**plain, **facts})


def seen(*sightings: Sighting, **facts: Any) -> Seen:
    """Return the entry that the message has already: a tracked reply, logged."""
    plain: dict[str, Any] = {
        "entry_id": "e-seen",
        "message_id": "this@customer.example",
        "digests": frozenset({b"digest"}),
        "author": CAROL,
        "date": NOW,
        "outcome": Outcome.LOGGED,
        "reason": Reason.TRACKED_REPLY,
        "direction": Direction.INCOMING,
        "sightings": sightings or (sighting(),),
    }
    return Seen(**{**plain, **facts})


def arrival(
    *,
    author: str | Address | None = CAROL,
    to: Iterable[str] = (ANNA,),
    cc: Iterable[str] = (),
    rcpt: Iterable[str] | None = None,
    outgoing: bool = False,
    policy: Policy = OURS,
    directory: Directory = DIRECTORY,
    asked_at: datetime = NOW,
    fields: Mapping[str, str] | None = None,
    heading: Mapping[str, Any] | None = None,
    envelope: Mapping[str, Any] | None = None,
    client: Client | None = None,
    wrapping: Wrapping | None = None,
) -> Arrival:
    """Return a message at the gate: Carol writes to Anna, unless told otherwise."""
    to, cc = tuple(to), tuple(cc)
    keys = (*to, *cc) if rcpt is None else tuple(rcpt)
    written = address(author) if isinstance(author, str) else author
    plain: dict[str, Any] = {
        "route": "submission" if outgoing else "inbound",
        "direction": Direction.OUTGOING if outgoing else Direction.INCOMING,
        "mail_from": written.key if written else "nobody@elsewhere.example",
        "recipients": tuple(map(Recipient, keys)),
        "content": Content(b"", 1000, b"\2" * 32),
        "received_at": asked_at,
        "client": client or Client(login=written.key if outgoing and written else ""),
    }
    said: dict[str, Any] = {
        "fields": tuple(Field(n, v.encode()) for n, v in (fields or {}).items()),
        "size": 100,
        "message_id": "this@customer.example",
        "authors": (written,) if written else (),
        "to": tuple(map(address, to)),
        "cc": tuple(map(address, cc)),
        "subject": "Re: Offer",
        "base_subject": "Offer",
        "date": NOW,
    }
    brought = Envelope(**{**plain, **(envelope or {})})
    return Arrival(
        envelope=brought,
        heading=Heading(**{**said, **(heading or {})}),
        recipient_keys=() if wrapping else keys,
        login_key=brought.client.login,
        directory=directory,
        policy=policy,
        asked_at=asked_at,
        wrapping=wrapping,
    )


def case(
    *,
    thread: Thread | None = None,
    threads: Iterable[Thread] | None = None,
    contacts: Mapping[str, tuple[Contact, ...]] | None = None,
    message: Mapping[str, Any] | None = None,
    facts: Mapping[str, Any] | None = None,
    proof: Proof | None = None,
    more: Mapping[str, Any] | None = None,
    **at_the_gate: Any,
) -> Case:
    """Return a case past the gate: new mail from Carol to Anna, unless told otherwise."""
    came = arrival(**at_the_gate)
    tied = ((thread,) if thread else ()) if threads is None else tuple(threads)
    cites = tuple(t.parent.message_id for t in tied if t.parent)
    heading = structs.replace(came.heading, in_reply_to=came.heading.in_reply_to or cites)
    read: dict[str, Any] = {"digest": b"digest", "message_id": heading.message_id}
    known: dict[str, Any] = {
        "threads": tied,
        "contacts": CONTACTS if contacts is None else contacts,
    }
    return Case(
        envelope=came.envelope,
        heading=heading,
        recipient_keys=came.recipient_keys,
        login_key=came.login_key,
        directory=came.directory,
        policy=came.policy,
        asked_at=came.asked_at,
        wrapping=came.wrapping,
        message=Message(heading=heading, **{**read, **(message or {})}),
        facts=Facts(**{**known, **(facts or {})}),
        proof=proof,
        **(more or {}),
    )


def reply(**facts: Any) -> Case:
    """Return Carol's reply in the thread that Anna began."""
    return case(**{"thread": tracked(), **facts})


def already(entry: Seen, **more: Any) -> dict[str, Any]:
    """Return the facts of a message that has this entry already."""
    return {"seen": (entry,), **more}


def again(entry: Seen, **facts: Any) -> Case:
    """Return Carol's reply, which has this entry already."""
    return reply(**{"facts": already(entry), **facts})


def offer(**facts: Any) -> Case:
    """Return new mail of Anna's to Carol, not marked."""
    return case(**{"author": ANNA, "to": (CAROL,), "outgoing": True, **facts})


def marked(**facts: Any) -> Case:
    """Return Anna's mail to Carol with the field that marks it."""
    return offer(**{"fields": {"x-log-to-crm": "yes"}, **facts})


def bcc(**facts: Any) -> Case:
    """Return a proven BCC copy of Anna's mail to Carol."""
    plain = {"author": ANNA, "to": (CAROL,), "rcpt": (LOG,), "proof": Proof("dkim")}
    return case(**{**plain, **facts})


def forward(by: str = ANNA, **facts: Any) -> Case:
    """Return Carol's mail to Anna as it came inside a proven forward of Anna's."""
    outer = Heading(fields=(), size=100, authors=(address(by),), to=(address(LOG),))
    wrapping = Wrapping("forward", address(by), outer)
    plain = {"wrapping": wrapping, "rcpt": (LOG,), "proof": Proof("dkim")}
    return case(**{**plain, **facts})


def decided(asked: Case) -> tuple[str, str]:
    """Return outcome and reason in words."""
    decision: Decision = judge(asked)
    return decision.outcome.value, decision.reason.value


@dataclass(frozen=True)
class Pair:
    """A case that a rule hits, and the same case but for one fact, which it misses."""

    reason: Reason
    outcome: str
    build: Callable[..., Case]
    given: Mapping[str, Any]
    but: Mapping[str, Any]
    """The single fact."""
    instead: str
    """What is decided then, as `outcome reason`."""
    what: str = ""
    """What is special, where a rule has several pairs."""

    def __str__(self) -> str:
        return f"{self.reason} {self.what}".strip().replace(" ", "-")

    @property
    def hit(self) -> Case:
        """The case that it hits."""
        return self.build(**self.given)

    @property
    def miss(self) -> Case:
        """The case that it misses."""
        return self.build(**{**self.given, **self.but})


def matched(asked: Case, reason: Reason) -> bool:
    """Whether the trace says that the rule matched."""
    answers = judge(asked).trace
    return any(answer.matched for answer in answers if answer.rule == reason.value)


def holds(pair: Pair) -> None:
    """Hold both halves of a pair."""
    assert decided(pair.hit) == (pair.outcome, pair.reason.value)
    assert matched(pair.hit, pair.reason)
    assert len(pair.but) == 1
    assert " ".join(decided(pair.miss)) == pair.instead
    assert not matched(pair.miss, pair.reason)
