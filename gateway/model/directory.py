"""Whom the gateway knows inside the company, and what must never be logged.

A `Directory` is small, read whole, and held in memory: the privacy gate is asked of it alone, so
that it stands even while the store is away (D-3, D-9). What changes over time carries its
times, so that a rule can be asked as of any moment.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property


@dataclass(frozen=True, slots=True)
class User:
    """A person of the company whose mail may be logged."""

    key: str
    """The address key of the login address; names the user everywhere."""
    name: str = ""
    role: str = "member"
    """`member` or `admin`."""
    logging: bool = True
    """False: the user opted out."""
    permitted: bool = True
    """False: may not log mail at all."""
    further: tuple[str, ...] = ()
    """Keys of proven further addresses (a private alias): mail from them is the user's."""
    language: str = ""
    """The language that he chose; empty for none."""
    time_zone: str = ""
    """His time zone, as IANA names it; empty is that of the configuration."""


@dataclass(frozen=True, slots=True)
class Connection:
    """One interval `[connected_at, disconnected_at)` in which a mailbox was connected."""

    connected_at: datetime
    provider: str
    disconnected_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ProviderChange:
    """From `since` on the mailbox lives at `provider`."""

    since: datetime
    provider: str
    """`google`, `microsoft365`, `exchange`, `imap` or `other`."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A connected inbox."""

    address: str
    """The address key; names the mailbox everywhere."""
    user: str = ""
    """Key of its user; empty for a shared mailbox of a team."""
    aliases: tuple[str, ...] = ()
    """Keys of aliases and former addresses."""
    providers: tuple[ProviderChange, ...] = ()
    """Oldest first."""
    connections: tuple[Connection, ...] = ()
    """Oldest first."""
    log_sent: str = "marked"
    """`marked` or `always`."""

    @property
    def shared(self) -> bool:
        """Whether it belongs to a team and not to one user."""
        return not self.user

    def provider_at(self, moment: datetime) -> str:
        """Return the provider that it lived at then; the first known one before that."""
        known = [change.provider for change in self.providers if change.since <= moment]
        if known:
            return known[-1]
        return self.providers[0].provider if self.providers else "other"

    def connection_at(self, moment: datetime) -> Connection | None:
        """Return the connection that was open then, or None."""
        for connection in reversed(self.connections):
            if connection.connected_at <= moment and (
                connection.disconnected_at is None or moment < connection.disconnected_at
            ):
                return connection
        return None


@dataclass(frozen=True, slots=True)
class NeverLog:
    """An entry of a never-log list: an address or a domain that is not to be logged."""

    pattern: str
    """An address key, or a domain without `@`."""
    user: str = ""
    """Key of the user whose list it is on; empty is the company's list."""
    added_at: datetime | None = None
    removed_at: datetime | None = None

    def holds_at(self, moment: datetime) -> bool:
        """Whether the entry was on its list then."""
        begun = self.added_at is None or self.added_at <= moment
        return begun and (self.removed_at is None or moment < self.removed_at)


@dataclass(frozen=True, slots=True)
class LoggingAddress:
    """An address of ours that takes marks, BCC copies, forwards or journal reports."""

    key: str
    use: str = "any"
    """`bcc`, `forward`, `any` or `journal`."""
    user: str = ""
    """Key of the user for whom its secret part was made; empty for everybody's."""
    cites: str = ""
    """The msg-id that what comes to it answers, when it was made for one thread."""


@dataclass(frozen=True, slots=True)
class Switched:
    """A switch that is set over the one of the configuration."""

    name: str
    """The setting of the policy; `preset` is all of a preset."""
    value: str
    """As JSON."""
    by: str
    """Who set it."""
    at: datetime


@dataclass(frozen=True)
class Directory:
    """All of it, as of one read."""

    version: int = 0
    domains: frozenset[str] = frozenset()
    """The company's domains, lower case."""
    users: tuple[User, ...] = ()
    mailboxes: tuple[Mailbox, ...] = ()
    never_log: tuple[NeverLog, ...] = ()
    logging_addresses: tuple[LoggingAddress, ...] = ()
    allowed_senders: frozenset[str] = frozenset()
    """Address keys and domains whose list and robot mail may be logged."""
    crm_logins: frozenset[str] = frozenset()
    """Submission logins that belong to the CRM."""
    erased: frozenset[str] = frozenset()
    """Keyed digests of erased addresses, in hexadecimal."""
    erased_key: bytes = field(default=b"", repr=False)
    """The key of those digests: HMAC-SHA256 over the address key."""
    approved_routes: frozenset[tuple[str, str]] = frozenset()
    """Networks in CIDR form, each with the key of a user whose mail a person believed from it."""
    notice_key: bytes = field(default=b"", repr=False)
    """The key that signs the ids of our own notices; empty while none are sent."""
    switched: tuple[Switched, ...] = ()
    """Switches that hold over those of the configuration, in the order in which they were set."""
    known: bool = True
    """False when it could not be read, not even as it was: nobody knows what may be kept."""

    @cached_property
    def user_by_key(self) -> Mapping[str, User]:
        """Users by their key and by each further address."""
        return {key: user for user in self.users for key in (user.key, *user.further)}

    @cached_property
    def mailbox_by_key(self) -> Mapping[str, Mailbox]:
        """Mailboxes by address, alias and former address."""
        return {key: box for box in self.mailboxes for key in (box.address, *box.aliases)}

    @cached_property
    def logging_by_key(self) -> Mapping[str, LoggingAddress]:
        """Logging and journal addresses by key."""
        return {address.key: address for address in self.logging_addresses}

    @cached_property
    def never_log_by_pattern(self) -> Mapping[str, tuple[NeverLog, ...]]:
        """Never-log entries by their pattern."""
        found: dict[str, tuple[NeverLog, ...]] = {}
        for entry in self.never_log:
            found[entry.pattern] = (*found.get(entry.pattern, ()), entry)
        return found

    def user_of(self, key: str) -> User | None:
        """Return the user who writes from this address: his own, or a mailbox of his."""
        if (user := self.user_by_key.get(key)) is not None:
            return user
        box = self.mailbox_by_key.get(key)
        return self.user_by_key.get(box.user) if box and box.user else None

    def mailboxes_of(self, user: str) -> tuple[Mailbox, ...]:
        """Return the personal mailboxes of the user with this key."""
        return tuple(box for box in self.mailboxes if box.user == user)

    def is_company(self, key: str) -> bool:
        """Whether the address is of the company: by domain, user or mailbox."""
        return (
            key.rpartition("@")[2] in self.domains
            or key in self.mailbox_by_key
            or key in self.user_by_key
        )

    def never_logged(self, key: str, moment: datetime, user: str = "") -> NeverLog | None:
        """Return the entry of that list which names the address or its domain, or None."""
        domain = key.rpartition("@")[2]
        for pattern in (key, domain):
            for entry in self.never_log_by_pattern.get(pattern, ()):
                if entry.user == user and entry.holds_at(moment):
                    return entry
        return None

    def is_erased(self, key: str) -> bool:
        """Whether the person at this address was erased on request."""
        if not self.erased:
            return False
        return hmac.new(self.erased_key, key.encode(), hashlib.sha256).hexdigest() in self.erased
