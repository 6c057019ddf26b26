"""What SMTP said of a message, and the octets themselves.

Standards: RFC 5321 (envelope, reply codes), RFC 3461 (DSN options), RFC 3463 (enhanced codes).
"""

from __future__ import annotations

import mmap
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

Octets = bytes | bytearray | memoryview | mmap.mmap
"""What can be sliced and searched: memory, or a window over a spooled file."""


class Direction(StrEnum):
    """Which way a message goes, seen from the company (D-14: told by the listener)."""

    INCOMING = "incoming"
    OUTGOING = "outgoing"


@dataclass(frozen=True, slots=True)
class Client:
    """Who handed us the message."""

    address: str = ""
    """IP address of the peer, or of the client behind it when a trusted peer said XFORWARD."""
    name: str = ""
    helo: str = ""
    login: str = ""
    """Authenticated submission login; empty when there was none."""
    trusted: bool = False
    """The peer is one of the configured trusted clients."""
    forwarded: Mapping[str, str] = field(default_factory=dict)
    """XFORWARD attributes of a trusted client, decoded, names in upper case; TLS_VERSION and CIPHER
    where a milter was told them."""
    mta: str = ""
    """The trusted client that is connected itself: its address, or the name that a milter was told;
    not kept."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """A forward-path as RCPT gave it, with its options in their own case."""

    addr_spec: str
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Traits:
    """What was counted while the octets arrived."""

    bare_lf: int = 0
    bare_cr: int = 0
    nul: int = 0
    eight_bit: bool = False
    longest_line: int = 0
    """Octets of the longest line, without its line end."""
    ambiguous_end: str = ""
    """The first false end-of-data sequence (D-6), as `repr` shows it; empty when there is none."""


@dataclass(frozen=True, slots=True)
class Content:
    """The octets of one message, unstuffed, as they would stand in a file."""

    octets: Octets
    size: int
    sha256: bytes
    traits: Traits = Traits()
    wire: Octets | None = None
    """Its wire form, without the final dot: the very same object as `octets` when no line begins
    with a dot. None when a line does, or nobody has looked."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """One arrival of one message: the route it came by, the envelope, the octets."""

    route: str
    """Name of the listener or intake, such as `inbound`, `submission`, `import`."""
    direction: Direction
    mail_from: str
    """The reverse-path without brackets; empty is the null reverse-path."""
    recipients: tuple[Recipient, ...]
    content: Content
    received_at: datetime
    client: Client = Client()
    mail_options: tuple[str, ...] = ()
    """Options of MAIL in their own case, such as `BODY=8BITMIME`."""
    queue_id: str = ""
    """The MTA's name for the message, from XFORWARD IDENT or a milter macro."""
    folder: str = ""
    """The mailbox folder, when the intake or a trusted client tells it; empty is the inbox."""
    by_crm: bool = False
    """The login is a CRM account: that marks the message."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An SMTP reply (RFC 5321 §4.2)."""

    code: int
    text: tuple[str, ...]
    """One string per line, without code; an enhanced code stays in front of the text."""

    @property
    def accepted(self) -> bool:
        """Whether the code is a positive completion (2yz)."""
        return 200 <= self.code < 300

    @property
    def temporary(self) -> bool:
        """Whether the code is a transient refusal (4yz)."""
        return 400 <= self.code < 500

    @property
    def enhanced(self) -> str:
        """The enhanced status code at the head of the text (RFC 3463), or an empty string."""
        head = self.text[0].split(" ", 1)[0] if self.text else ""
        digits = head.split(".")
        is_code = len(digits) == 3 and all(part.isdigit() for part in digits)
        return head if is_code else ""


class RelayState(StrEnum):
    """What became of the message on its way onward: a fact of its own, never a decision."""

    RELAYING = "relaying"
    RELAYED = "relayed"
    CONSUMED = "consumed"
    REFUSED = "refused"
    DEFERRED = "deferred"
    UNKNOWN = "unknown"
    BY_MTA = "by-mta"


@dataclass(frozen=True, slots=True)
class Relayed:
    """The result of passing a message on."""

    state: RelayState
    reply: Reply | None = None
    sha256_out: bytes = b""
    """SHA-256 of the content as it left, unstuffed; empty when nothing left."""
