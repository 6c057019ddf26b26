"""Lists of addresses: what is never logged, who is allowed, where to BCC and forward to."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

from gateway.model import directory
from gateway.store.registry import Registry
from gateway.web.api.operation import Address, Text, Words, acts, reads
from gateway.web.desk import Visit


class Listed(Struct, frozen=True):
    """An entry of a never-log list."""

    pattern: str
    user: str
    """Whose list it is on; empty is the company's."""
    added_at: datetime | None
    removed_at: datetime | None


class NeverLogs(Struct, frozen=True):
    """What is never logged, oldest first."""

    entries: list[Listed]


class Removed(Struct, forbid_unknown_fields=True):
    """Whether what was removed is listed too."""

    also_removed: bool = False


class NewPattern(Struct, forbid_unknown_fields=True):
    """An address or a domain, for a list of the company or of a user."""

    pattern: Words
    user: Text = ""


class Senders(Struct, frozen=True):
    """Addresses and domains."""

    patterns: list[str]


class Sender(Struct, forbid_unknown_fields=True):
    """An address or a domain."""

    pattern: Words


class Taking(Struct, frozen=True):
    """An address of the gateway's own."""

    address: str
    takes: str
    user: str
    thread_of: str


class TakingAll(Struct, frozen=True):
    """All of them."""

    addresses: list[Taking]


class NewTaking(Struct, forbid_unknown_fields=True):
    """An address beside those of the configuration."""

    address: Address
    takes: Literal["bcc", "forward", "any", "journal"] = "any"
    user: Text = ""


@reads("/never-log", admin=True)
def never_log(visit: Visit, query: Removed) -> NeverLogs:
    """List what is never logged."""
    with _registry(visit) as registry:
        found = registry.list_never_log(also_removed=query.also_removed)
    return NeverLogs([_listed(one) for one in found])


@acts("POST", "/never-log", admin=True, status=201)
def add_never_log(visit: Visit, body: NewPattern) -> Listed:
    """Put an address or a domain on a list: from now on nothing of it is kept."""
    with _registry(visit) as registry:
        added = registry.add_never_log(body.pattern, body.user)
    visit.note("list", f"{added.pattern} {added.user}".strip())
    return _listed(added)


@acts("POST", "/never-log/remove", admin=True)
def remove_never_log(visit: Visit, body: NewPattern) -> NeverLogs:
    """Take an address or a domain off a list, for future mail; lists what is left."""
    with _registry(visit) as registry:
        registry.remove_never_log(body.pattern, body.user)
        visit.note("unlist", f"{body.pattern} {body.user}".strip())
        return NeverLogs([_listed(one) for one in registry.list_never_log()])


@reads("/allowed-senders", admin=True)
def allowed_senders(visit: Visit) -> Senders:
    """List whose list and robot mail may be logged."""
    with _registry(visit) as registry:
        return Senders(list(registry.list_allowed_senders()))


@acts("POST", "/allowed-senders", admin=True, status=201)
def allow_sender(visit: Visit, body: Sender) -> Senders:
    """Let list and robot mail of an address or a domain be logged."""
    with _registry(visit) as registry:
        registry.allow_sender(body.pattern)
        visit.note("allow", body.pattern)
        return Senders(list(registry.list_allowed_senders()))


@acts("POST", "/allowed-senders/remove", admin=True)
def disallow_sender(visit: Visit, body: Sender) -> Senders:
    """Log list and robot mail of an address or a domain no longer."""
    with _registry(visit) as registry:
        registry.disallow_sender(body.pattern)
        visit.note("disallow", body.pattern)
        return Senders(list(registry.list_allowed_senders()))


@reads("/logging-addresses")
def logging_addresses(visit: Visit) -> TakingAll:
    """List where to BCC and forward to; secret addresses are shown to their own user only."""
    with _registry(visit) as registry:
        known = (*visit.config.addresses, *registry.list_logging_addresses())
    mine = {"", visit.viewer.key}
    return TakingAll(
        [
            _taking(one)
            for one in known
            if visit.viewer.is_admin or (one.user in mine and not one.cites)
        ]
    )


@acts("POST", "/logging-addresses", admin=True, status=201)
def add_logging_address(visit: Visit, body: NewTaking) -> Taking:
    """Add an address of ours beside those of the configuration."""
    with _registry(visit) as registry:
        added = registry.add_logging_address(body.address, body.takes, body.user)
    visit.note("add-logging-address", added.key)
    return _taking(added)


def _registry(visit: Visit) -> Registry:
    return Registry(visit.config.store_path, clock=visit.desk.clock)


def _listed(one: directory.NeverLog) -> Listed:
    return Listed(one.pattern, one.user, one.added_at, one.removed_at)


def _taking(one: directory.LoggingAddress) -> Taking:
    return Taking(one.key, one.use, one.user, one.cites)
