"""Whom the admin trusts to say who sent a message."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TrustedServer:
    """A server whose Authentication-Results are believed (RFC 8601 §5)."""

    authserv_id: str
    """As it signs its results, lower case. Empty is for servers that leave it out, such as
    Exchange Online; `hosts` must then tell them."""
    hosts: tuple[str, ...] = ()
    """Host names after `by` in its Received fields, lower case; a domain stands for all its
    hosts. Empty is the authserv-id itself."""

    def is_host(self, name: str) -> bool:
        """Whether a Received field `by` this name (lower case) is of this server."""
        hosts = self.hosts or (self.authserv_id,)
        return any(name == host or name.endswith(f".{host}") for host in hosts if host)


@dataclass(frozen=True, slots=True)
class Trust:
    """Who may vouch for the sender of a copy; nobody by default."""

    networks: tuple[str, ...] = ()
    """Clients that authenticate whoever submits through them, in CIDR form."""
    servers: tuple[TrustedServer, ...] = ()
    arc_sealers: frozenset[str] = frozenset()
    """Domains (`d=`) whose ARC seals are believed, lower case."""
