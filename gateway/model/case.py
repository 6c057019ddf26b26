"""Everything that a decision may look at, frozen.

Rules of the privacy gate read an `Arrival`, which holds no decoded body; all others read a
`Case`. What rules.md section 1 defines by words (party, direction, mark, copy) is a property here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from gateway.model.directory import Directory, LoggingAddress, Mailbox, User
from gateway.model.envelope import Direction, Envelope
from gateway.model.facts import Contact, Facts, Seen, Thread
from gateway.model.message import Address, Heading, Message
from gateway.model.policy import Policy


@dataclass(frozen=True, slots=True)
class Proof:
    """Why we believe that a copy came from its author."""

    kind: str
    """`trusted-client`, `login`, `dkim`, `arc`, `authentication-results`, `secret-address`."""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Wrapping:
    """What a message came wrapped in: a forward, or a journal report (stage B).

    The Case is then that of the message inside: its heading, author, recipients and octets; it is
    incoming, and `author` here is the one who forwarded it.
    """

    kind: str
    """`forward`, `journal`."""
    author: Address | None
    """Who forwarded it."""
    heading: Heading
    """Of the outer message."""


@dataclass(frozen=True, slots=True)
class Authenticity:
    """What servers that we trust say of the author's domain, beside any proof."""

    dmarc: str = ""
    """The DMARC result of a trusted Authentication-Results (RFC 8601 §2.7), such as `pass`,
    `fail`, `none` or `temperror`; empty when no trusted server says one."""
    domain: str = ""
    """The domain that the result is about."""
    authserv_id: str = ""
    """Who said it."""
    arc_sealer: str = ""
    """The trusted sealer whose unbroken ARC chain vouches for the author; empty without one."""
    unanswered: tuple[str, ...] = ()
    """Names of keys that no key server answered for: what they sign is to be tried again."""

    @property
    def spoofed(self) -> bool:
        """Whether DMARC failed and no trusted sealer vouches for the author."""
        return self.dmarc == "fail" and not self.arc_sealer


NOTHING_SAID = Authenticity()
"""No trusted server says anything."""


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """A message at the gate: envelope, header section, and whom we know."""

    envelope: Envelope
    heading: Heading
    recipient_keys: tuple[str, ...]
    """Address keys of the envelope recipients, in order."""
    directory: Directory
    policy: Policy
    asked_at: datetime
    """The moment whose facts count: the receipt, or the replay."""
    wrapping: Wrapping | None = None
    """None for a message that came as itself."""

    @property
    def author(self) -> Address | None:
        """The author, or None when there is no usable one."""
        return self.heading.author

    @cached_property
    def addressed_to(self) -> tuple[LoggingAddress, ...]:
        """The logging and journal addresses among the envelope recipients, To and Cc."""
        named = dict.fromkeys(
            (*self.recipient_keys, *(a.key for a in (*self.heading.to, *self.heading.cc)))
        )
        ours = self.directory.logging_by_key
        return tuple(ours[key] for key in named if key in ours)

    @cached_property
    def is_copy(self) -> bool:
        """Whether all envelope recipients are logging or journal addresses."""
        ours = self.directory.logging_by_key
        return bool(self.recipient_keys) and all(key in ours for key in self.recipient_keys)

    @cached_property
    def recipients(self) -> tuple[str, ...]:
        """Keys of everyone it went to: envelope, To and Cc, without logging addresses."""
        ours = self.directory.logging_by_key
        named = (a.key for a in (*self.heading.to, *self.heading.cc))
        return tuple(k for k in dict.fromkeys((*self.recipient_keys, *named)) if k not in ours)

    @cached_property
    def parties(self) -> tuple[str, ...]:
        """Keys of the author and everyone it went to."""
        first = (self.author.key,) if self.author else ()
        return tuple(dict.fromkeys((*first, *self.recipients)))

    @cached_property
    def outside(self) -> tuple[str, ...]:
        """Keys of the parties that are not of the company."""
        return tuple(key for key in self.parties if not self.directory.is_company(key))

    @cached_property
    def direction(self) -> Direction:
        """The listener's, but for what a copy holds.

        What is inside a forward is incoming; a BCC copy or an MTA's copy goes by its author.
        """
        if self.wrapping is not None:
            return Direction.INCOMING
        if self.is_copy and self.author and self.directory.is_company(self.author.key):
            return Direction.OUTGOING
        return self.envelope.direction

    @property
    def incoming(self) -> bool:
        """Whether it came to the company."""
        return self.direction is Direction.INCOMING

    @cached_property
    def user(self) -> User | None:
        """The user who wrote it, or None."""
        return self.directory.user_of(self.author.key) if self.author else None

    @cached_property
    def sender_mailbox(self) -> Mailbox | None:
        """The mailbox that an outgoing message came from: the author's, else his user's first."""
        if self.author is None:
            return None
        if (box := self.directory.mailbox_by_key.get(self.author.key)) is not None:
            return box
        owned = self.directory.mailboxes_of(self.user.key) if self.user else ()
        return owned[0] if owned else None

    @cached_property
    def reached(self) -> tuple[Mailbox, ...]:
        """The mailboxes that it reached, in the order of its recipients.

        Envelope recipients tell where it went. To and Cc count only for a copy, whose own
        envelope names nobody but us.
        """
        keys = self.recipients if self.is_copy else self.recipient_keys
        boxes = self.directory.mailbox_by_key
        return tuple({boxes[k].address: boxes[k] for k in keys if k in boxes}.values())

    @cached_property
    def users_concerned(self) -> tuple[User, ...]:
        """The users who wrote it, own a mailbox on it, or get it at a further address."""
        found = (self.directory.user_of(key) for key in self.parties)
        return tuple({user.key: user for user in found if user is not None}.values())

    @cached_property
    def mark(self) -> str:
        """What marks it for the log (rules.md section 1), or an empty string.

        One of `logging-address`, `field`, `crm-login`, `log-sent`.
        """
        if self.direction is Direction.INCOMING:
            return ""
        if any(address.use in {"bcc", "any"} for address in self.addressed_to):
            return "logging-address"
        value = self.heading.first(self.policy.mark_field)
        if value is not None and value.strip().lower() == b"yes":
            return "field"
        if self.envelope.by_crm:
            return "crm-login"
        return "log-sent" if self._mailbox_logs_all else ""

    @property
    def _mailbox_logs_all(self) -> bool:
        """Whether the sender's mailbox says `log_sent = always` and a person wrote this."""
        box = self.sender_mailbox
        automatic = self.heading.first("auto-submitted")
        by_robot = automatic is not None and not automatic.strip().lower().startswith(b"no")
        return box is not None and box.log_sent == "always" and not by_robot


@dataclass(frozen=True, kw_only=True)
class Case(Arrival):
    """A message past the gate: all that rules may read."""

    message: Message
    facts: Facts
    proof: Proof | None = None
    authenticity: Authenticity = NOTHING_SAID

    @cached_property
    def thread(self) -> Thread | None:
        """The thread that it belongs to: a tracked one first, else the nearest."""
        tracked = next((thread for thread in self.facts.threads if thread.tracked), None)
        return tracked or (self.facts.threads[0] if self.facts.threads else None)

    @property
    def in_tracked_thread(self) -> bool:
        """Whether its thread is tracked."""
        return self.thread is not None and self.thread.tracked

    @cached_property
    def author_contacts(self) -> tuple[Contact, ...]:
        """The contacts that have the author's address."""
        return self.facts.contacts.get(self.author.key, ()) if self.author else ()

    @cached_property
    def same_message(self) -> Seen | None:
        """The entry that is this very message: same id and digest, or id, author and date."""
        author = self.author.key if self.author else ""
        versions = (
            seen
            for seen in self.facts.seen
            if self.message.digest in seen.digests
            or (seen.author == author and seen.date == self.heading.date)
        )
        exact = (s for s in self.facts.seen if self.message.digest in s.digests)
        return next(exact, None) or next(versions, None)
