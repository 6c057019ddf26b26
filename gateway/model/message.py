"""What the octets mean: the header section, the parts, the words.

Reading is total: odd mail gives defects, never an exception. A `Heading` needs the header
section only and is all that the privacy gate may see (D-9); a `Message` is read after it.

Standards: RFC 5322, RFC 2045 to 2047, RFC 2231, RFC 3464, RFC 3834, RFC 8098.

Design notes: D-23: what is made for each message is made by msgspec, at a fifth of the cost; the
many small things can be in no cycle, so the collector of cycles need not know them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import msgspec


class Defect(msgspec.Struct, frozen=True, gc=False):
    """Something odd that was seen and survived."""

    code: str
    """A short name with dashes, such as `header-without-end`."""
    detail: str = ""


class Field(msgspec.Struct, frozen=True, gc=False):
    """A header field (RFC 5322 §2.2)."""

    name: str
    """The field name in lower case."""
    value: bytes
    """The body as sent, folds included, without the final line end and leading white space."""


class Address(msgspec.Struct, frozen=True, gc=False):
    """A mailbox of RFC 5322 §3.4: a display name and an addr-spec.

    A display name that looks like an address never becomes the address (CVE-2023-27043).
    """

    addr_spec: str
    """As written, without comments and folding."""
    name: str = ""
    """The display name, decoded."""
    key: str = ""
    """What addresses are compared by: lower case, domain in its Unicode form."""

    @property
    def domain(self) -> str:
        """The domain of the key; empty when there is none."""
        return self.key.rpartition("@")[2]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a filter in front of us said, as a header field tells it (trust is policy's)."""

    kind: str
    """`spam` or `malware`."""
    filter: str
    """The field that said so, such as `X-Spam-Flag`."""
    evidence: str


JOURNAL_FIELDS = ("x-ms-journal-report", "x-ms-exchange-organization-journal-report")


class Heading(msgspec.Struct, frozen=True):
    """The header section, read."""

    fields: tuple[Field, ...]
    size: int
    """Octets of the header section with the empty line that ends it."""
    message_id: str = ""
    """Without angle brackets; empty when the message has none."""
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    """All msg-ids of References, oldest first, at most the first and the newest 32."""
    aliases: tuple[str, ...] = ()
    """Other msg-ids of this message, such as X-Microsoft-Original-Message-ID."""
    conversation: str = ""
    """The first 22 octets of Thread-Index in hexadecimal; empty when absent or malformed."""
    authors: tuple[Address, ...] = ()
    """The mailboxes of From; the first is the author."""
    sender: Address | None = None
    reply_to: tuple[Address, ...] = ()
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    bcc: tuple[Address, ...] = ()
    resent_from: tuple[Address, ...] = ()
    subject: str = ""
    base_subject: str = ""
    """The subject without reply and forward marks (RFC 5256 §2.1, and what clients add)."""
    date: datetime | None = None
    """Aware, UTC; None when absent, unreadable or out of range."""
    received_count: int = 0
    private: str = ""
    """Why it is private: the Sensitivity value or the subject tag; empty when it is not."""
    verdicts: tuple[Verdict, ...] = ()
    defects: tuple[Defect, ...] = ()
    values: Mapping[str, bytes] = msgspec.field(default_factory=dict)
    """Of each field name the first field's body: `fields`, to be looked things up in."""

    @property
    def author(self) -> Address | None:
        """The first mailbox of From, or None when there is no usable one."""
        return self.authors[0] if self.authors else None

    @property
    def by_journalling(self) -> bool:
        """Whether the journalling of Exchange wrote it: a report, or a notice about journalling."""
        by_system = self.author is not None and self.author.key.startswith("microsoftexchange")
        return by_system or any(self.first(name) is not None for name in JOURNAL_FIELDS)

    def first(self, name: str) -> bytes | None:
        """Return the body of the first field called `name` (lower case), or None."""
        if self.values:
            return self.values.get(name)
        return next((f.value for f in self.fields if f.name == name), None)

    @property
    def cited(self) -> tuple[str, ...]:
        """Msg-ids that it answers, nearest first: In-Reply-To, then References from the right."""
        return tuple(dict.fromkeys((*self.in_reply_to, *reversed(self.references))))


class Span(msgspec.Struct, frozen=True, gc=False):
    """A range of octets and how to decode it.

    A chain of spans leads to a part (D-10): the first span counts in the content, each
    further one in what the span before it decodes to.
    """

    start: int
    stop: int
    encoding: str = "identity"
    """`identity`, `base64`, `quoted-printable`, `uuencode`; `signed` for what S/MIME wraps up."""


class Part(msgspec.Struct, frozen=True, gc=False):
    """One part of the MIME tree (RFC 2045), leaf or container."""

    number: str
    """The section number of IMAP (RFC 3501 §6.4.5), such as `1.2`; the whole message is `1`."""
    media_type: str
    """Type and subtype in lower case."""
    params: Mapping[str, str] = msgspec.field(default_factory=dict)
    disposition: str = ""
    """`inline`, `attachment` or empty."""
    filename: str = ""
    """Decoded, safe to show: no path, no control or bidi characters."""
    content_id: str = ""
    charset: str = ""
    chain: tuple[Span, ...] = ()
    """Leads from the content to the decoded body."""
    depth: int = 0
    declared_size: int | None = None
    """The `size` parameter of Content-Disposition, in octets."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came with the message."""

    part: str
    """The number of its part."""
    name: str
    media_type: str
    size: int
    """Octets after decoding."""
    sha256: bytes
    """Of the decoded octets."""
    disposition: str = ""
    chain: tuple[Span, ...] = ()
    detected_type: str = ""
    """What libmagic says; empty when nobody asked."""
    state: str = "present"
    """`present`, `damaged`, `pending`, `stripped`, `external`, `partial`."""
    inline: bool = False
    """Shown by the HTML of the message (cited by Content-ID): a logo, not a file."""


class Kind(StrEnum):
    """What kind of message it is; the first that fits in this order."""

    BOUNCE = "bounce"
    RECEIPT = "receipt"
    ABUSE_REPORT = "abuse-report"
    CALENDAR = "calendar"
    AUTO_REPLY = "auto-reply"
    MAILING_LIST = "mailing-list"
    BULK = "bulk"
    AUTO_GENERATED = "auto-generated"
    PERSONAL = "personal"


@dataclass(frozen=True, slots=True)
class RecipientStatus:
    """What a delivery or disposition notice says of one recipient (RFC 3464 §2.3)."""

    recipient: str
    """The address key; empty when the notice names none."""
    action: str = "failed"
    """`failed`, `delayed`, `delivered`, `relayed`, `expanded`, or `displayed` and its kin."""
    status: str = ""
    """The enhanced code (RFC 3463), such as `5.1.1`."""
    diagnostic: str = ""
    hard: bool | None = None
    """Whether trying again is useless; None when nothing tells."""


@dataclass(frozen=True, slots=True)
class Report:
    """A delivery report, disposition notice or feedback report, read."""

    results: tuple[RecipientStatus, ...] = ()
    original_ids: tuple[str, ...] = ()
    """Msg-ids of the message that it speaks of."""


@dataclass(frozen=True, slots=True)
class AutoReply:
    """What an automatic reply says beside that it is one."""

    until: str = ""
    """The return date as ISO 8601, when one is said."""
    successor: str = ""
    """The address key of who to write to instead."""


@dataclass(frozen=True, slots=True)
class Forward:
    """A message inside the message, unwrapped."""

    kind: str
    """`attached`, `inline` or `redirected`."""
    author: Address | None
    """With an empty key where only a name is told."""
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    subject: str = ""
    date: str = ""
    """As written when inline; ISO 8601 when attached."""
    body: str = ""
    message_id: str = ""
    chain: tuple[Span, ...] = ()
    """Leads to the octets of an attached message; empty for an inline one."""


@dataclass(frozen=True, slots=True)
class JournalRecipient:
    """Somebody whom the journalled message went to, as Exchange knows it."""

    key: str
    """The address key."""
    field: str = "recipient"
    """`to`, `cc`, `bcc`; `recipient` when Exchange cannot tell which."""
    expanded_from: str = ""
    """Key of the distribution list that it came through; empty without one."""
    forwarded_from: str = ""
    """Key of the recipient whose mail is sent on to this one; empty without one."""


@dataclass(frozen=True, slots=True)
class JournalReport:
    """What a journal report says of the message inside it (MS-XJRNL)."""

    sender: Address | None = None
    on_behalf_of: Address | None = None
    subject: str = ""
    message_id: str = ""
    """Without angle brackets; empty when the report names none."""
    recipients: tuple[JournalRecipient, ...] = ()
    chain: tuple[Span, ...] = ()
    """Leads to the octets of the message inside; empty when it holds none that can be read."""

    @property
    def hidden(self) -> tuple[str, ...]:
        """Keys of blind recipients: shown to the sender and to themselves only."""
        return tuple(one.key for one in self.recipients if one.field == "bcc")


@dataclass(frozen=True, slots=True)
class ScannerTrace:
    """What a security product left behind."""

    product: str
    state: str
    """`held`, `replaced`, `stripped`, `blocked`, `tagged`, `rewritten` or `scanned`."""
    name: str = ""
    """The file concerned, when known."""


class Message(msgspec.Struct, frozen=True):
    """The whole message, read."""

    heading: Heading
    digest: bytes
    """Content digest, SHA-256: author, date, subject, To, Cc and decoded parts."""
    message_id: str = ""
    """The heading's, or a synthetic one made of the digest when it has none."""
    parts: tuple[Part, ...] = ()
    text: str = ""
    """The words shown: the text part, or the HTML part as text. Cut at the reading limit."""
    text_size: int = 0
    """Octets of the decoded text before any cut."""
    new_text_stop: int = 0
    """`text[:new_text_stop]` holds the new words, what follows is quoted or a signature."""
    charset: str = ""
    attachments: tuple[Attachment, ...] = ()
    kind: Kind = Kind.PERSONAL
    kind_evidence: str = ""
    report: Report | None = None
    auto_reply: AutoReply | None = None
    calendar_method: str = ""
    encrypted: str = ""
    """`smime` or `pgp` when enveloped; empty when readable."""
    forwards: tuple[Forward, ...] = ()
    scanner: tuple[ScannerTrace, ...] = ()
    journal: str = ""
    """What came to a journal address without a readable message inside: `unreadable` for a
    report of one, `notice` for a word about journalling itself; empty for all other mail."""
    journal_report: JournalReport | None = None
    """What the report says that it came in; None for all other mail."""
    defects: tuple[Defect, ...] = ()
    unparseable: str = ""
    """Why the top level is no message; empty when it is one."""

    @property
    def new_text(self) -> str:
        """The words that are new in this message."""
        return self.text[: self.new_text_stop]

    @property
    def cited(self) -> tuple[str, ...]:
        """Msg-ids that tie it to other messages, nearest first; a report's original included."""
        originals = self.report.original_ids if self.report else ()
        return tuple(dict.fromkeys((*self.heading.cited, *originals)))
