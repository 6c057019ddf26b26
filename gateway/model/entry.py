"""The durable record of a message, as the store gives it back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.model.case import Proof
from gateway.model.decision import Answer, Decision, Note, Outcome, Reason
from gateway.model.envelope import Direction, Envelope, Relayed
from gateway.model.facts import Sighting
from gateway.model.message import Attachment


@dataclass(frozen=True, slots=True)
class AttachmentNote:
    """An attachment as it stands on the timeline."""

    attachment: Attachment
    reason: Reason | None = None
    """Why its content is not stored; None when it is."""


@dataclass(frozen=True, slots=True)
class PastDecision:
    """A decision as it was taken; never edited, only followed by others."""

    decided_at: datetime
    outcome: Outcome
    reason: Reason
    remedy: str
    preset: str
    by: str = "gateway"
    """`gateway`, `replay`, `import`, or the user who decided by hand."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One message, whatever paths it came by, with the decision that holds."""

    entry_id: str
    message_id: str
    received_at: datetime
    direction: Direction
    route: str
    """Of the first sighting."""
    author: str
    """Address key."""
    author_name: str
    subject: str
    """Empty where nothing of the content is kept."""
    outcome: Outcome
    reason: Reason
    remedy: str
    relayed: Relayed
    sha256_in: bytes
    thread_id: int | None = None
    tracked: bool = False
    """Its thread is tracked."""
    contacts: tuple[str, ...] = ()
    """Primary address keys."""
    mailboxes: tuple[str, ...] = ()
    user: str = ""
    attachments: tuple[AttachmentNote, ...] = ()
    notes: tuple[Note, ...] = ()
    trace: tuple[Answer, ...] = ()
    sightings: tuple[Sighting, ...] = ()
    decisions: tuple[PastDecision, ...] = ()
    """Oldest first; the last one holds."""
    kept: bool = False
    """Whether its octets are still there, so that it can be replayed."""
    text: str = ""
    """The new words, where policy keeps them."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What the store keeps of an entry for judging it again."""

    entry_id: str
    envelope: Envelope
    """Of the first sighting that was kept, with its octets."""
    decision_outcome: Outcome
    decision_reason: Reason
    earlier: tuple[Sighting, ...] = ()
    """The other sightings, which count in the union."""
    message_id: str = ""
    """Of the entry; tells which one it is of several messages inside a forward."""
    proof: Proof | None = None
    """What proved its sender then."""


@dataclass(frozen=True, slots=True)
class Revision:
    """A decision taken anew about an entry."""

    entry_id: str
    decision: Decision
    by: str
    """`replay`, `import`, or the user who decided by hand."""
