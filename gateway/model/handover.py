"""What is handed over to the world: one push of one event to one sink."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import blake2b
from typing import Final

from gateway.model.decision import Reason
from gateway.model.entry import Entry
from gateway.model.envelope import Octets
from gateway.model.message import Message


class Kind(StrEnum):
    """What happened; the words are public, in every file and webhook."""

    LOGGED = "entry.logged"
    """It appears on the timeline, or changed there: completed by a file, judged anew."""
    REMOVED = "entry.removed"
    """It is on the timeline no more."""
    ERASED = "entry.erased"
    """A person in it was erased on request; nothing of it may stay anywhere."""
    MERGED = "contact.merged"
    """A contact of it was merged into another: it is tied anew."""
    UNENROLLED = "sequence.unenrolled"
    """A reply ended an enrolment in a sequence of the sales tool."""
    NOT_LOGGED = "email.not_logged"
    """It passed the privacy gate, and is not on the timeline."""
    HELD = "email.held"
    """It waits for a person to decide."""
    REPLY = "reply.received"
    """Somebody answered in a tracked thread, by hand."""
    BOUNCE = "bounce.received"
    """A message that is on the timeline was not delivered to somebody."""
    SUGGESTED = "contact.suggested"
    """An address looks like a second one of a contact."""

    @property
    def word(self) -> str:
        """What files and webhooks are told: what is an entry here is an email to them."""
        return self.value.replace("entry.", "email.")


USUAL: Final = frozenset({Kind.LOGGED, Kind.REMOVED, Kind.ERASED, Kind.MERGED, Kind.UNENROLLED})
"""What a sink is told that does not say what it wants: all that changes a timeline."""


class State(StrEnum):
    """Where a push stands."""

    WAITING = "waiting"
    DONE = "done"
    DEAD = "dead"
    """Refused for good, or tried for too long: a person must look."""
    DROPPED = "dropped"
    """A person took it out of the queue, or there was nothing left to tell."""


@dataclass(frozen=True, slots=True)
class Push:
    """One event that one sink is to be told of."""

    number: int
    sink: str
    key: str
    """The idempotency key: the same for every attempt, and in every sink."""
    kind: Kind
    entry_id: str
    thread: str
    """The ordering key: pushes with the same one go in their order."""
    made_at: datetime
    attempts: int = 0
    failing_since: datetime | None = None
    told: Mapping[str, str | int | bool] = field(default_factory=dict)
    """What the event itself says."""
    known: bool = False
    """Whether the sink was told of the entry before."""
    theirs: str = ""
    """What the sink calls the entry, where it said so; a space parts several objects of one."""


@dataclass(frozen=True, slots=True)
class Showing:
    """One object on the timelines of a CRM."""

    name: str
    """What it is known by there: unique, and the same whenever the entry is told."""
    contacts: tuple[str, ...]
    """Primary address keys of those on whose timelines it stands."""
    blind: bool = False
    """Its contact got the message blindly: it stands on his own timeline and nowhere else."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A push with all that a sink may want to tell."""

    push: Push
    entry: Entry | None = None
    """None where nothing may be told any more but that it is gone."""
    message: Message | None = None
    """The message, read from the kept octets; None where they are gone."""
    octets: Octets = b""
    """What the chains of its attachments lead into."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Display names of contacts, by address key."""
    addresses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """All address keys of contacts and mailboxes, by that which names them."""
    originals: tuple[str, ...] = ()
    """Ids of the entries that it speaks of, where it is a report."""
    blind: frozenset[str] = frozenset()
    """Contacts and mailboxes of the entry that it reached blindly: its sender's to know (D-22)."""

    @property
    def open_contacts(self) -> tuple[str, ...]:
        """The contacts that everybody who sees the entry may be told."""
        return tuple(one for one in self._contacts if one not in self.blind)

    @property
    def blind_contacts(self) -> tuple[str, ...]:
        """The contacts that got it blindly, each of whom only the sender knows."""
        return tuple(one for one in self._contacts if one in self.blind)

    def showings(self, *, blind: bool) -> tuple[Showing, ...]:
        """Return the objects that show the entry: one for all whom the message names.

        With `blind` there is one more for each contact whom it reached blindly.
        """
        entry_id, apart = self.push.entry_id, self.blind_contacts
        together = Showing(entry_id, self.open_contacts)
        each = (Showing(_apart(entry_id, one), (one,), blind=True) for one in apart if blind)
        return (*((together,) if together.contacts or not apart else ()), *each)

    @property
    def _contacts(self) -> tuple[str, ...]:
        return self.entry.contacts if self.entry else ()


@dataclass(frozen=True, slots=True)
class Standing:
    """A push as an admin sees it."""

    push: Push
    state: State
    next_at: datetime
    reason: Reason | None = None
    """`crm-retrying` or `crm-refused`; None when nothing went wrong."""
    said: str = ""
    """What the sink said last."""


@dataclass(frozen=True, slots=True)
class Queue:
    """How long the queue of one sink is."""

    waiting: int = 0
    dead: int = 0
    """What was refused, and waits for a person."""
    oldest_s: float = 0.0
    """Age of the oldest event that waits; 0 when there is none."""


@dataclass(frozen=True, slots=True)
class Pause:
    """A sink that is left alone for a while."""

    sink: str
    until: datetime
    attempts: int
    said: str


def _apart(entry_id: str, contact: str) -> str:
    """Return the name of what shows an entry to one of its contacts alone."""
    return f"{entry_id}-{blake2b(contact.encode('utf-8', 'replace'), digest_size=8).hexdigest()}"
