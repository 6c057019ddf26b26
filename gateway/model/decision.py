"""What the gateway decides: outcomes, reasons, the trace, and what follows from it.

The codes are public: never renamed, never reused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

Evidence = Mapping[str, str | int | bool]
"""What a rule saw; fills the `{…}` of its remedy."""


class Outcome(StrEnum):
    """What became of the message on the timeline."""

    LOGGED = "logged"
    PARTIAL = "partial"
    HELD = "held"
    DUPLICATE = "duplicate"
    NOT_LOGGED = "not_logged"
    FAILED = "failed"

    @property
    def on_timeline(self) -> bool:
        """Whether it shows on the timeline: logged or partial."""
        return self in {Outcome.LOGGED, Outcome.PARTIAL}


class Stage(StrEnum):
    """The stages of the rules, in the order of evaluation."""

    GATE = "0"
    INTAKE = "A"
    UNWRAP = "B"
    IDENTITY = "C"
    KIND = "E"
    POLICY = "F"
    CONTENT = "G"
    EDGE = "H"


class Reason(StrEnum):
    """Every code, in the order of the stages."""

    NEVER_LOG_ACCOUNT = "never-log-account"
    NEVER_LOG_USER = "never-log-user"
    NEVER_LOG_PARTICIPANT = "never-log-participant"
    MARKED_PRIVATE = "marked-private"
    NO_TRACKED_MAILBOX = "no-tracked-mailbox"
    USER_OPTED_OUT = "user-opted-out"
    INTERNAL_ONLY = "internal-only"
    ERASED = "erased"

    STORE_UNAVAILABLE = "store-unavailable"
    INSPECTION_DEFERRED = "inspection-deferred"
    TOO_LARGE_TO_INSPECT = "too-large-to-inspect"
    MAIL_LOOP = "mail-loop"
    OWN_NOTICE = "own-notice"
    UNPARSEABLE = "unparseable"
    COPY_SENDER_UNKNOWN = "copy-sender-unknown"
    COPY_SENDER_UNVERIFIED = "copy-sender-unverified"
    USER_NOT_PERMITTED = "user-not-permitted"

    JOURNAL_UNREADABLE = "journal-unreadable"
    JOURNAL_REPORT = "journal-report"
    FORWARD_ORIGINAL_UNKNOWN = "forward-original-unknown"
    FORWARD_INTERNAL = "forward-internal"

    COMPLETED = "completed"
    REDELIVERED = "redelivered"
    SEEN_AGAIN = "seen-again"
    FORWARD_OF_SEEN = "forward-of-seen"
    MESSAGE_ID_REUSED = "message-id-reused"
    MESSAGE_ID_MISSING = "message-id-missing"

    MALWARE = "malware"
    SPAM = "spam"
    SPAM_IN_THREAD = "spam-in-thread"
    SENDER_SPOOFED = "sender-spoofed"
    BOUNCE_UNMATCHED = "bounce-unmatched"
    RECEIPT_UNMATCHED = "receipt-unmatched"
    ABUSE_REPORT = "abuse-report"
    AUTO_REPLY_UNTRACKED = "auto-reply-untracked"
    CALENDAR = "calendar"
    MAILING_LIST = "mailing-list"
    BULK = "bulk"
    AUTO_GENERATED = "auto-generated"

    THREAD_CONFLICT = "thread-conflict"
    PROVIDER_CHANGED = "provider-changed"
    MAILBOX_DISCONNECTED = "mailbox-disconnected"
    OTHER_FOLDER = "other-folder"
    ORIGINAL_TO_NEVER_LOG = "original-to-never-log"
    TEAM_MAIL = "team-mail"
    ORIGINAL_NOT_LOGGED = "original-not-logged"
    ORIGINAL_UNKNOWN = "original-unknown"
    SHARED_THREAD_MOVED = "shared-thread-moved"
    NOT_STARTERS_MAILBOX = "not-starters-mailbox"
    BOUNCE = "bounce"
    READ_RECEIPT = "read-receipt"
    AUTO_REPLY = "auto-reply"
    CALENDAR_IN_THREAD = "calendar-in-thread"
    SUBJECT_CHANGED = "subject-changed"
    COLLEAGUE_WROTE = "colleague-wrote"
    ADOPTED_ORIGINAL = "adopted-original"
    REPLIER_NOT_CONTACT = "replier-not-contact"
    STRANGER_IN_THREAD = "stranger-in-thread"
    REPLY_FROM_UNKNOWN = "reply-from-unknown"
    CONTACT_AMBIGUOUS = "contact-ambiguous"
    TRACKED_REPLY = "tracked-reply"
    RECEIVED = "received"
    NOT_A_REPLY = "not-a-reply"
    SENDER_NOT_CONTACT = "sender-not-contact"

    BCC_COPY = "bcc-copy"
    LOGGED_BY_FORWARD = "logged-by-forward"
    OPTED_IN = "opted-in"
    SENT_IN_THREAD = "sent-in-thread"
    SENT = "sent"
    SENT_NOT_MARKED = "sent-not-marked"
    RECIPIENT_NOT_CONTACT = "recipient-not-contact"

    ATTACHMENT_TOO_LARGE = "attachment-too-large"
    ATTACHMENT_PENDING = "attachment-pending"
    ATTACHMENT_STRIPPED = "attachment-stripped"
    ATTACHMENT_TYPE_MISMATCH = "attachment-type-mismatch"
    ATTACHMENTS_OFF = "attachments-off"
    ATTACHMENT_ENCODING = "attachment-encoding"
    BODY_TOO_LARGE = "body-too-large"
    ENCRYPTED = "encrypted"

    CRM_RETRYING = "crm-retrying"
    CRM_REFUSED = "crm-refused"
    APPROVED = "approved"
    DISCARDED = "discarded"
    HOLD_EXPIRED = "hold-expired"
    LOGGED_BY_HAND = "logged-by-hand"
    IMPORTED = "imported"
    NOT_DELIVERED = "not-delivered"


@dataclass(frozen=True, slots=True)
class Answer:
    """What one rule answered."""

    stage: Stage
    rule: str
    """The name of the rule: the code of its reason."""
    matched: bool
    evidence: Evidence
    """What it saw; empty when it did not match.

    A rule that would hold, were the message logged without it, tells what it saw and has not
    matched: `would_hold` is true then.
    """


@dataclass(frozen=True, slots=True)
class Note:
    """Something said beside the decision, of one person or one attachment."""

    reason: Reason
    subject: str
    """The address key or the part number concerned; empty is the whole message."""
    remedy: str
    evidence: Evidence
    partial: bool = False
    """It turns `logged` into `partial`."""
    command: str = ""
    """The command that the remedy names, filled in."""


class Keep(StrEnum):
    """What is kept of the content."""

    CONTENT = "content"
    HELD = "held"
    FIXABLE = "fixable"
    IDS = "ids"
    DIGESTS = "digests"
    """Only keyed digests of ids: what a never-log list named."""


@dataclass(frozen=True, slots=True)
class MakeContact:
    """A contact is made for an outside address, unless one has it."""

    address: str
    """Address key."""
    name: str = ""


@dataclass(frozen=True, slots=True)
class TrackThread:
    """The thread is tracked from here on, unless it already is."""

    starter: str
    """Key of the user, or address key of the shared mailbox."""
    mailbox: str
    """Address key of the mailbox in which it began."""


@dataclass(frozen=True, slots=True)
class EndEnrolment:
    """A reply ends an enrolment: `sequence.unenrolled` goes on the outbox."""

    enrolment_id: int


@dataclass(frozen=True, slots=True)
class AttachToEntry:
    """A report or receipt is shown on the entry of the message that it speaks of."""

    entry_id: str
    recipient: str
    status: str
    action: str = "failed"
    """The action of the report (RFC 3464 §2.3.3), such as `delayed`."""


@dataclass(frozen=True, slots=True)
class SuggestAlias:
    """An address that looks like a second one of a contact."""

    address: str
    contact_id: int


@dataclass(frozen=True, slots=True)
class JudgeAnew:
    """Another entry is to be judged again because of this one."""

    entry_id: str


Effect = MakeContact | TrackThread | EndEnrolment | AttachToEntry | SuggestAlias | JudgeAnew


@dataclass(frozen=True, slots=True)
class Decision:
    """The decision about one message, with all that explains it."""

    outcome: Outcome
    reason: Reason
    remedy: str
    """What to do about it, filled in; empty when there is nothing to do."""
    evidence: Evidence
    trace: tuple[Answer, ...]
    """Every rule that was asked, in the order of evaluation."""
    notes: tuple[Note, ...] = ()
    keep: Keep = Keep.IDS
    effects: tuple[Effect, ...] = ()
    contacts: tuple[str, ...] = ()
    """Address keys under whose contacts it is logged."""
    mailboxes: tuple[str, ...] = ()
    """Address keys of the mailboxes concerned."""
    user: str = ""
    """Key of the user who has the credit."""
    direction: str = ""
    """The direction that it was judged by: `incoming` or `outgoing`."""
    joins: str = ""
    """Id of the entry that this sighting joins; empty makes a new one."""
    version: bool = False
    """It joins as a version: same id, author and date, another digest."""
    sighting_only: bool = False
    """It speaks of this sighting alone: the decision of the entry that it joins stands."""
    command: str = ""
    """The command that the remedy names, filled in; empty when none cures it."""
