"""Everything that a decision may look at, frozen.

Rules of the privacy gate read an `Arrival`, which holds no decoded body; all others read a
`Case`. What rules.md section 1 defines by words (party, direction, mark, copy) is a property here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from gateway.model.directory import Directory, LoggingAddress, Mailbox, User
from gateway.model.envelope import Direction, Envelope, RelayState
from gateway.model.facts import Contact, Facts, Seen, Sighting, Thread
from gateway.model.message import Address, Heading, Kind, Message
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


SESSION_PROOFS = frozenset({"login", "trusted-client"})
"""Proofs by who brought a message: a copy of it that comes later needs none of its own."""
ROBOTS_OF_MAIL = frozenset({"mailer-daemon", "postmaster"})
"""Local parts that send delivery reports with a null reverse-path."""


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

    @property
    def brought_by(self) -> Address | None:
        """Who sent it to us: the one who forwarded it, else its author."""
        return self.wrapping.author if self.wrapping and self.inside_forward else self.author

    @property
    def inside_forward(self) -> bool:
        """Whether it came inside a forward."""
        return self.wrapping is not None and self.wrapping.kind == "forward"

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

    @property
    def redirected_by(self) -> Address | None:
        """Who of the company sent it on as it was (RFC 5322 §3.6.6), or None."""
        resent = self.heading.resent_from
        if self.by_company or len(resent) != 1:
            return None
        return resent[0] if self.directory.is_company(resent[0].key) else None

    @cached_property
    def copy(self) -> str:
        """What kind of copy it is (rules.md section 1); empty for mail in path.

        One of `bcc`, `forward`, `journal-report`, `always-bcc`.
        """
        if not self.is_copy:
            return ""
        ours = self.directory.logging_by_key
        if any(ours[key].use == "journal" for key in self.recipient_keys):
            return "journal-report" if self.heading.by_journalling else "always-bcc"
        if self.redirected_by is not None:
            return "forward"
        written_to = (a.key for a in (*self.heading.to, *self.heading.cc))
        is_outside = (key not in ours and not self.directory.is_company(key) for key in written_to)
        return "bcc" if any(is_outside) else "forward"

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
    def by_company(self) -> bool:
        """Whether the author is of the company."""
        return self.author is not None and self.directory.is_company(self.author.key)

    @cached_property
    def reports_delivery(self) -> bool:
        """Whether its header section is that of a delivery report (RFC 3464 §2)."""
        if self.envelope.mail_from:
            return False
        kind = (self.heading.first("content-type") or b"").lower()
        by_robot = self.author and self.author.key.partition("@")[0] in ROBOTS_OF_MAIL
        return b"delivery-status" in kind or bool(by_robot)

    @cached_property
    def direction(self) -> Direction:
        """The listener's (D-14), with the exceptions of rules.md section 1.

        What is inside a forward is incoming; a copy goes by its author; what an outside author
        redirects through submission, and a delivery report to us, are incoming.
        """
        if self.inside_forward:
            return Direction.INCOMING
        if (self.is_copy or self.wrapping) and self.author:
            return Direction.OUTGOING if self.by_company else Direction.INCOMING
        redirected = self.author and not self.by_company and not self.envelope.by_crm
        is_company = self.directory.is_company
        to_us = self.reports_delivery and all(map(is_company, self.recipient_keys))
        return Direction.INCOMING if redirected or to_us else self.envelope.direction

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

        Envelope recipients tell where it went. To and Cc count only for a copy and for what is
        inside a forward, whose envelope names nobody but us.
        """
        keys = self.recipients if self.is_copy or self.wrapping else self.recipient_keys
        boxes = self.directory.mailbox_by_key
        return tuple({boxes[k].address: boxes[k] for k in keys if k in boxes}.values())

    @cached_property
    def users_concerned(self) -> tuple[User, ...]:
        """The users who wrote or forwarded it, or get it at a mailbox or further address."""
        forwarder = (self.brought_by.key,) if self.inside_forward and self.brought_by else ()
        found = map(self.directory.user_of, (*self.parties, *forwarder))
        return tuple({user.key: user for user in found if user is not None}.values())

    @cached_property
    def mark(self) -> str:
        """What marks it for the log (rules.md section 1), or an empty string."""
        return self.own_mark

    @cached_property
    def own_mark(self) -> str:
        """What marks this very arrival: `logging-address`, `field`, `crm-login`, `log-sent`."""
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
        if (box := self.sender_mailbox) is None or box.log_sent != "always":
            return False
        automatic = self.heading.first("auto-submitted")
        return automatic is None or automatic.strip().lower().startswith(b"no")


@dataclass(frozen=True, kw_only=True)
class Case(Arrival):
    """A message past the gate: all that rules may read."""

    message: Message
    facts: Facts
    proof: Proof | None = None
    authenticity: Authenticity = NOTHING_SAID

    @cached_property
    def sightings(self) -> tuple[Sighting, ...]:
        """The other sightings of this very message, which count in the union (D-8)."""
        same = self.same_message
        return (*self.facts.earlier, *(same.sightings if same else ()))

    @cached_property
    def copy(self) -> str:
        """As at the gate, but a copy of what was seen in path is a BCC copy."""
        kind = super().copy
        in_path = any(seen.relay is not RelayState.CONSUMED for seen in self.sightings)
        return "bcc" if kind == "forward" and in_path else kind

    @cached_property
    def reports_delivery(self) -> bool:
        """Whether it is a delivery report, now that its body is read."""
        return self.message.kind is Kind.BOUNCE or super().reports_delivery

    @cached_property
    def recipients(self) -> tuple[str, ...]:
        """Keys of everyone whom any sighting went to."""
        own = super().recipients
        return tuple(dict.fromkeys((*own, *self._earlier_keys))) if self.sightings else own

    @cached_property
    def reached(self) -> tuple[Mailbox, ...]:
        """The mailboxes that any sighting reached."""
        own = super().reached
        if not self.sightings:
            return own
        boxes = self.directory.mailbox_by_key
        earlier = (boxes[key] for key in self._earlier_keys if key in boxes)
        return tuple({box.address: box for box in (*own, *earlier)}.values())

    @property
    def _earlier_keys(self) -> list[str]:
        """Keys of those whom the other sightings went to, without logging addresses."""
        ours = self.directory.logging_by_key
        return sorted({key for seen in self.sightings for key in seen.recipients} - ours.keys())

    @cached_property
    def direction(self) -> Direction:
        """That of the first sighting; a colleague's mail from outside is outgoing when proved."""
        if (same := self.same_message) is not None:
            return same.direction
        first = min(self.facts.earlier, key=lambda seen: seen.received_at, default=None)
        if first is not None and first.received_at < self.envelope.received_at:
            return first.direction
        own = super().direction
        colleague = self.by_company and self.wrapping is None and not self.reports_delivery
        return Direction.OUTGOING if colleague and self.proven else own

    @cached_property
    def proven(self) -> str:
        """What proves that it came from who is said to have sent it; empty when nothing does."""
        if self.proof is not None:
            return self.proof.kind
        client = self.envelope.client
        sender = self.directory.user_of(self.brought_by.key) if self.brought_by else None
        if client.login and self.directory.user_by_key.get(client.login.lower(), sender) == sender:
            return "login"
        # Behind port 25 the trusted client is our own MTA, and hands on what anybody wrote.
        if client.trusted and self.envelope.direction is Direction.OUTGOING:
            return "trusted-client"
        ours = self.directory.logging_by_key
        called = (ours.get(r.addr_spec.lower()) for r in self.envelope.recipients)
        if sender and any(address and address.user == sender.key for address in called):
            return "secret-address"
        proofs = (seen.proof for seen in self.sightings if seen.proof in SESSION_PROOFS)
        return next(proofs, "")

    @cached_property
    def is_forwarded(self) -> bool:
        """Whether it came inside a forward, or one of its sightings did."""
        if self.wrapping is not None:
            return self.inside_forward
        return self.incoming and self._was_copied

    @cached_property
    def is_bcc_copy(self) -> bool:
        """Whether one of its sightings is a BCC copy."""
        if self.incoming:
            return False
        return self.copy == "bcc" or self._was_copied

    @cached_property
    def marked_sightings(self) -> tuple[Sighting, ...]:
        """The other sightings whose mark counts: that of a copy does when it was proved."""
        marked = (seen for seen in self.sightings if seen.marked)
        return tuple(s for s in marked if s.proof or s.relay is not RelayState.CONSUMED)

    @property
    def _was_copied(self) -> bool:
        """Whether a sighting came to a logging address alone."""
        return any(seen.relay is RelayState.CONSUMED for seen in self.marked_sightings)

    @cached_property
    def mark(self) -> str:
        """What marks any of its sightings: as at the gate, `forward`, or `earlier`."""
        if self.is_forwarded:
            return "forward"
        own = self.own_mark
        if own == "log-sent" and self.message.kind in {Kind.AUTO_REPLY, Kind.RECEIPT, Kind.BOUNCE}:
            own = ""
        if self.incoming or own == "logging-address":
            return own
        marked = self.marked_sightings
        ours = self.directory.logging_by_key
        if any(key in ours for seen in marked for key in seen.recipients):
            return "logging-address"
        return own or ("earlier" if marked else "")

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
    def replies_in_tracked_thread(self) -> bool:
        """Whether it answers something in a tracked thread, and is not what began it."""
        if not self.in_tracked_thread or self.message.cited:
            return self.in_tracked_thread
        original = self.thread.original if self.thread else None
        return original is not None and original.received_at < self.envelope.received_at

    @cached_property
    def author_contacts(self) -> tuple[Contact, ...]:
        """The contacts that have the author's address."""
        return self.facts.contacts.get(self.author.key, ()) if self.author else ()

    def _is_dated(self, date: datetime | None) -> bool:
        """Whether a date may be that of this message: inline forwards tell none that is exact."""
        own = self.heading.date
        return date == own or date is None or (own is None and self.wrapping is not None)

    @cached_property
    def same_message(self) -> Seen | None:
        """The entry that is this very message: same id and digest, or id, author and date."""
        author = self.author.key if self.author else ""
        versions = (
            seen
            for seen in self.facts.seen
            if self.message.digest in seen.digests
            or (seen.author == author and self._is_dated(seen.date))
        )
        exact = (s for s in self.facts.seen if self.message.digest in s.digests)
        return next(exact, None) or next(versions, None)
