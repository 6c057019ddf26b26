"""What is handed over to the world: one push of one event to one sink."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

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
    """What the sink calls the entry, where it said so."""


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
class Pause:
    """A sink that is left alone for a while."""

    sink: str
    until: datetime
    attempts: int
    said: str
