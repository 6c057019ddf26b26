"""What the store knows about a message, asked once in one read snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from gateway.model.decision import Outcome, Reason
from gateway.model.envelope import Direction, RelayState


@dataclass(frozen=True, slots=True)
class Lookup:
    """What is asked of the store for one message."""

    message_id: str
    """The message's own id; synthetic when it has none."""
    digest: bytes = b""
    """Its content digest."""
    author: str = ""
    """Address key of its author."""
    aliases: tuple[str, ...] = ()
    cited: tuple[str, ...] = ()
    """Ids that it answers or reports on, nearest first; at most 33."""
    reported: tuple[str, ...] | None = None
    """Those of the cited ids that a report speaks of; None is all of them."""
    conversation: str = ""
    """First 22 octets of Thread-Index, hexadecimal."""
    addresses: frozenset[str] = frozenset()
    """Keys of all outside parties, the authors of forwarded messages included."""
    as_of: datetime | None = None
    """Contacts are taken as they were then; None is now."""
    entry_id: str = ""
    """The entry that is judged again, which is no earlier message of its own."""
    copied: bool = False
    """It is a copy, of which others may have come lately."""
    robot: str = ""
    """Key of the author whose automatic copies are counted; empty for mail of people."""


@dataclass(frozen=True, slots=True)
class Contact:
    """A person outside."""

    contact_id: int
    primary: str
    """Key of the primary address."""
    name: str = ""
    addresses: tuple[str, ...] = ()
    """Keys of all addresses, the primary one first."""
    owner: str = ""
    """Key of the user who owns the contact; empty when nobody does."""
    company: str = ""
    """What a source of contacts calls its company; facts lack it, since no rule asks for it."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """One earlier arrival of a message: path, envelope, octets."""

    route: str
    direction: Direction
    recipients: frozenset[str]
    """Keys of the envelope recipients."""
    sha256_in: bytes
    received_at: datetime
    relay: RelayState
    marked: bool = False
    proof: str = ""
    user: str = ""
    """Key of the user who wrote or forwarded it."""


@dataclass(frozen=True, slots=True)
class Seen:
    """An entry that we already have under one of the message's ids."""

    entry_id: str
    message_id: str
    digests: frozenset[bytes]
    """Content digests of the message and its known versions."""
    author: str
    """Address key."""
    date: datetime | None
    outcome: Outcome
    reason: Reason
    direction: Direction
    sightings: tuple[Sighting, ...] = ()
    incomplete: frozenset[str] = frozenset()
    """Names of the files that it lacks."""
    remedy: str = ""
    thread_id: int | None = None
    kept: bool = False
    """Whether its octets are still kept."""


@dataclass(frozen=True, slots=True)
class ThreadMessage:
    """A message of a thread, as far as the rules need it."""

    entry_id: str
    message_id: str
    direction: Direction
    author: str
    """Address key."""
    recipients: frozenset[str]
    """Keys of all parties in To, Cc and the envelope."""
    received_at: datetime
    logged: bool
    """Its outcome is logged or partial."""
    reason: Reason
    user: str = ""
    """Key of the user who wrote or forwarded it."""
    mailbox: str = ""
    """Address key of the mailbox that it came from or reached first."""
    subject: str = ""
    """Base subject."""


@dataclass(frozen=True, slots=True)
class Thread:
    """Messages tied by ids."""

    thread_id: int
    tracked: bool = False
    """One of its messages is logged."""
    original: ThreadMessage | None = None
    """Its first message; None while that is a ghost."""
    parent: ThreadMessage | None = None
    """The nearest cited message that we know."""
    starter: str = ""
    """Key of the user, or address key of the shared mailbox, that first made it tracked."""
    began_in: str = ""
    """Address key of the mailbox in which the thread first became tracked."""
    began_at: datetime | None = None
    """When it became tracked."""
    outside: frozenset[str] = frozenset()
    """Keys of the outside parties of its logged messages."""
    contacts: tuple[Contact, ...] = ()
    """The contacts that its logged messages are tied to, the thread's own first."""
    by_hand: bool = False
    """A person asked for all of it to be logged, afterwards."""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A contact's place in a sequence of the sales tool."""

    enrolment_id: int
    sequence: str
    contact_id: int
    mailbox: str
    """Address key of the mailbox that the sequence is sent from."""


@dataclass(frozen=True, slots=True)
class Facts:
    """All of it."""

    seen: tuple[Seen, ...] = ()
    """Entries under the message's own id or an alias of it, oldest first."""
    threads: tuple[Thread, ...] = ()
    """Threads that its ids lead to, the nearest citation's first, each once."""
    reported: tuple[ThreadMessage, ...] = ()
    """The messages that a report speaks of, as far as we know them."""
    contacts: Mapping[str, tuple[Contact, ...]] = field(default_factory=dict)
    """Contacts by address key, for the addresses that were asked."""
    enrolments: tuple[Enrolment, ...] = ()
    """Open enrolments of those contacts."""
    recent_copies: int = 0
    """Of a copy: those with its content digest, or automatic ones of its author, in 120 minutes."""
    answered_with_mark: bool = False
    """A user answered this very message with a mark (S13)."""
    chosen_contact: int | None = None
    """The contact that a person chose for this entry, when one did."""
    earlier: tuple[Sighting, ...] = ()
    """The other sightings of an entry that is judged again; they count in the union."""
    patience_over: bool = False
    """Nobody waits any more for files of it that are still being scanned."""
    judged_before: Reason | None = None
    """The reason that held of an entry that is judged again."""
