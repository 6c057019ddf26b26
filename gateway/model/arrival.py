"""A message at the privacy gate, frozen: what a decision may look at before a body is decoded.

What the rules mean by party, direction, mark and copy is a property here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.model.directory import Directory, LoggingAddress, Mailbox, User
from gateway.model.envelope import Direction, Envelope
from gateway.model.lazily import lazily
from gateway.model.message import Address, Heading
from gateway.model.policy import Policy


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


ROBOTS_OF_MAIL = frozenset({"mailer-daemon", "postmaster"})
"""Local parts that send delivery reports with a null reverse-path."""


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """A message at the gate: envelope, header section, and whom we know."""

    envelope: Envelope
    heading: Heading
    recipient_keys: tuple[str, ...]
    """Address keys of the envelope recipients, in order."""
    login_key: str
    """Address key of the client's login; empty where that is no address."""
    directory: Directory
    policy: Policy
    asked_at: datetime
    """The moment whose facts count: the receipt, or the replay."""
    wrapping: Wrapping | None = None
    """None for a message that came as itself."""
    told_keys: tuple[str, ...] = ()
    """Address keys of those whom a copy reached that its envelope does not name, where a field of
    it tells them; the gate asks of them too."""

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

    @lazily
    def addressed_to(self) -> tuple[LoggingAddress, ...]:
        """The logging and journal addresses among the envelope recipients, To and Cc."""
        named = dict.fromkeys(
            (*self.recipient_keys, *(a.key for a in (*self.heading.to, *self.heading.cc)))
        )
        ours = self.directory.logging_by_key
        return tuple(ours[key] for key in named if key in ours)

    @lazily
    def is_copy(self) -> bool:
        """Whether all envelope recipients are logging or journal addresses."""
        ours = self.directory.logging_by_key
        return bool(self.recipient_keys) and all(key in ours for key in self.recipient_keys)

    def is_login_of_another(self, sender: Address | None) -> bool:
        """Whether the login is of a known user, and this sender is another."""
        user = self.directory.user_of(self.login_key)
        said = self.directory.user_of(sender.key) if sender else None
        return user is not None and said is not None and user.key != said.key

    @lazily
    def secretly_called(self) -> frozenset[str]:
        """Keys of the users to whose secret address it came.

        One that To or Cc shows to anybody else is no secret; who forwards to it writes it into To.
        """
        ours = self.directory.logging_by_key
        written = {address.key for address in (*self.heading.to, *self.heading.cc)}
        shown = written if written - ours.keys() else frozenset[str]()
        called = (ours[key] for key in self.recipient_keys if key in ours and key not in shown)
        return frozenset(address.user for address in called if address.user)

    @property
    def redirected_by(self) -> Address | None:
        """Who of the company sent it on as it was (RFC 5322 §3.6.6), or None."""
        resent = self.heading.resent_from
        if self.by_company or len(resent) != 1:
            return None
        return resent[0] if self.directory.is_company(resent[0].key) else None

    @lazily
    def copy(self) -> str:
        """What kind of copy it is; empty for mail in path.

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

    @lazily
    def recipients(self) -> tuple[str, ...]:
        """Keys of everyone it went to: envelope, To and Cc, without logging addresses."""
        ours = self.directory.logging_by_key
        named = (*self.told_keys, *(a.key for a in (*self.heading.to, *self.heading.cc)))
        return tuple(k for k in dict.fromkeys((*self.recipient_keys, *named)) if k not in ours)

    @lazily
    def parties(self) -> tuple[str, ...]:
        """Keys of the author and everyone it went to."""
        first = (self.author.key,) if self.author else ()
        return tuple(dict.fromkeys((*first, *self.recipients)))

    @lazily
    def outside(self) -> tuple[str, ...]:
        """Keys of the parties that are not of the company."""
        return tuple(key for key in self.parties if not self.directory.is_company(key))

    @lazily
    def by_company(self) -> bool:
        """Whether the author is of the company."""
        return self.author is not None and self.directory.is_company(self.author.key)

    @lazily
    def reports_delivery(self) -> bool:
        """Whether its header section is that of a delivery report (RFC 3464 §2)."""
        if self.envelope.mail_from:
            return False
        kind = (self.heading.first("content-type") or b"").lower()
        by_robot = self.author and self.author.key.partition("@")[0] in ROBOTS_OF_MAIL
        return b"delivery-status" in kind or bool(by_robot)

    @lazily
    def direction(self) -> Direction:
        """The listener's (D-14), with three exceptions.

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

    @lazily
    def user(self) -> User | None:
        """The user who wrote it, or None."""
        return self.directory.user_of(self.author.key) if self.author else None

    @lazily
    def sender_mailbox(self) -> Mailbox | None:
        """The mailbox that an outgoing message came from: the author's, else his user's first."""
        if self.author is None:
            return None
        if (box := self.directory.mailbox_by_key.get(self.author.key)) is not None:
            return box
        owned = self.directory.mailboxes_of(self.user.key) if self.user else ()
        return owned[0] if owned else None

    @lazily
    def reached(self) -> tuple[Mailbox, ...]:
        """The mailboxes that it reached, in the order of its recipients.

        Envelope recipients tell where it went. To and Cc count only for a copy and for what is
        inside a forward, whose envelope names nobody but us.
        """
        keys = self.recipients if self.is_copy or self.wrapping else self.recipient_keys
        boxes = self.directory.mailbox_by_key
        return tuple({boxes[k].address: boxes[k] for k in keys if k in boxes}.values())

    @lazily
    def users_concerned(self) -> tuple[User, ...]:
        """The users who wrote or forwarded it, or get it at a mailbox or further address."""
        forwarder = (self.brought_by.key,) if self.inside_forward and self.brought_by else ()
        found = map(self.directory.user_of, (*self.parties, *forwarder))
        return tuple({user.key: user for user in found if user is not None}.values())

    @property
    def robot(self) -> str:
        """Key of the author of automatic mail, who is no user; empty for mail of people.

        Reports (RFC 6522) do not count: one mailer daemon speaks for thousands of addresses, and
        no robot answers it.
        """
        value = self.heading.first("auto-submitted")
        if value is None or value.strip().lower().startswith(b"no"):
            return ""
        kind = (self.heading.first("content-type") or b"").strip().lower()
        if self.author is None or self.user is not None or kind.startswith(b"multipart/report"):
            return ""
        return self.author.key

    @lazily
    def mark(self) -> str:
        """What marks it for the log, or an empty string."""
        return self.own_mark

    @lazily
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
