"""Everything that a decision may look at past the gate, frozen.

Rules of the privacy gate read an `Arrival`, which holds no decoded body; all others read a `Case`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.model.arrival import Arrival
from gateway.model.directory import Mailbox
from gateway.model.envelope import Direction, RelayState
from gateway.model.facts import Contact, Facts, Seen, Sighting, Thread
from gateway.model.lazily import lazily
from gateway.model.message import Kind, Message


@dataclass(frozen=True, slots=True)
class Proof:
    """Why we believe that a copy came from its author."""

    kind: str
    """`login`, `trusted-client`, `approved-route`, `dkim`, `arc`, `authentication-results` or
    `secret-address`."""
    detail: str = ""


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


SESSION_PROOFS = frozenset({"login"})
"""Proofs by who brought a message: a copy of it that comes later needs none of its own."""


@dataclass(frozen=True, kw_only=True)
class Case(Arrival):
    """A message past the gate: all that rules may read."""

    message: Message
    facts: Facts
    proof: Proof | None = None
    authenticity: Authenticity = NOTHING_SAID

    @lazily
    def sightings(self) -> tuple[Sighting, ...]:
        """The other sightings of this very message, which count in the union (D-8)."""
        same = self.same_message
        return (*self.facts.earlier, *(same.sightings if same else ()))

    @lazily
    def copy(self) -> str:
        """As at the gate, but a copy of what was seen in path is a BCC copy."""
        kind = super().copy
        in_path = any(seen.relay is not RelayState.CONSUMED for seen in self.sightings)
        return "bcc" if kind == "forward" and in_path else kind

    @lazily
    def reports_delivery(self) -> bool:
        """Whether it is a delivery report, now that its body is read."""
        return self.message.kind is Kind.BOUNCE or super().reports_delivery

    @lazily
    def recipients(self) -> tuple[str, ...]:
        """Keys of everyone whom any sighting went to."""
        own = super().recipients
        return tuple(dict.fromkeys((*own, *self._earlier_keys))) if self.sightings else own

    @lazily
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

    @lazily
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

    @lazily
    def proven(self) -> str:
        """What proves that it came from who is said to have sent it; empty when nothing does."""
        if self.proof is not None:
            return self.proof.kind
        client = self.envelope.client
        if client.login and not self.is_login_of_another(self.brought_by):
            return "login"
        # Behind port 25 the trusted client is our own MTA, and hands on what anybody wrote.
        if client.trusted and self.envelope.direction is Direction.OUTGOING:
            return "trusted-client"
        sender = self.directory.user_of(self.brought_by.key) if self.brought_by else None
        if sender and sender.key in self.secretly_called:
            return "secret-address"
        proofs = (seen.proof for seen in self.sightings if seen.proof in SESSION_PROOFS)
        return next(proofs, "")

    @lazily
    def is_forwarded(self) -> bool:
        """Whether it came inside a forward, or one of its sightings did."""
        return self.inside_forward or (self.incoming and self._was_copied)

    @lazily
    def is_bcc_copy(self) -> bool:
        """Whether one of its sightings is a BCC copy."""
        if self.incoming:
            return False
        return self.copy == "bcc" or self._was_copied

    @lazily
    def marked_sightings(self) -> tuple[Sighting, ...]:
        """The other sightings whose mark counts: that of a copy does when it was proved.

        Who sent the message by login proves all copies of it, whichever came first.
        """
        marked = tuple(seen for seen in self.sightings if seen.marked)
        if self.proven in SESSION_PROOFS:
            return marked
        return tuple(s for s in marked if s.proof or s.relay is not RelayState.CONSUMED)

    @property
    def _was_copied(self) -> bool:
        """Whether a sighting came to a logging address alone."""
        return any(seen.relay is RelayState.CONSUMED for seen in self.marked_sightings)

    @lazily
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

    @lazily
    def thread(self) -> Thread | None:
        """The thread that it belongs to: a tracked one first, else the nearest."""
        tracked = next((thread for thread in self.facts.threads if thread.tracked), None)
        return tracked or (self.facts.threads[0] if self.facts.threads else None)

    @property
    def in_tracked_thread(self) -> bool:
        """Whether its thread is tracked."""
        return self.thread is not None and self.thread.tracked

    @lazily
    def replies_in_tracked_thread(self) -> bool:
        """Whether it answers something in a tracked thread, and is not what began it."""
        if not self.in_tracked_thread or self.message.cited:
            return self.in_tracked_thread
        original = self.thread.original if self.thread else None
        return original is not None and original.received_at < self.envelope.received_at

    @lazily
    def author_contacts(self) -> tuple[Contact, ...]:
        """The contacts that have the author's address."""
        return self.facts.contacts.get(self.author.key, ()) if self.author else ()

    def _is_dated(self, date: datetime | None) -> bool:
        """Whether a date may be that of this message: inline forwards tell none that is exact."""
        own = self.heading.date
        return date == own or date is None or (own is None and self.wrapping is not None)

    @lazily
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
