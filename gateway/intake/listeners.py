"""A door for mail: its settings, what it is connected to, and who is inside.

Limits: a Unix socket's peers have no address; they count as this machine.
"""

from __future__ import annotations

import socket
import ssl
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Final, Literal

from gateway.intake.entrance import Share
from gateway.intake.flight import Flight
from gateway.intake.receiver import MEMORY_OCTETS
from gateway.interfaces import Delivery, Handled, NextHop
from gateway.model.envelope import Client, Direction, Envelope

Network = IPv4Network | IPv6Network
LOOPBACK: Final = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


@dataclass(frozen=True, slots=True)
class Listener:
    """Where clients come in, and how they are dealt with."""

    name: str
    direction: Direction
    host: str = "127.0.0.1"
    port: int = 0
    inherited: socket.socket | None = None
    """A listening socket of systemd, in place of host and port."""
    hostname: str = "localhost"
    """The name that we say in the greeting."""
    trusted: tuple[Network, ...] = LOOPBACK
    """Clients whose XFORWARD and folder field are believed."""
    clients: tuple[Network, ...] = LOOPBACK
    """Clients that may send without a login."""
    proxies: tuple[Network, ...] = ()
    """Load balancers, which say by the PROXY protocol whom they speak for."""
    copies_only: bool = False
    """Takes mail to our own addresses only; nothing goes onward (D-5)."""
    own_domains: frozenset[str] = frozenset()
    """Domains whose postmaster is taken where only copies are."""
    lmtp: bool = False
    """LMTP is spoken here (RFC 2033)."""
    say_decision: bool = True
    """Put the decision behind the next hop's text, for the log of the MTA that is our client."""
    receiver: Literal["fast", "stock"] = "fast"
    """Whether content is read by our receiver, or as stock aiosmtpd does."""
    ambiguous_end: Literal["refuse", "pass"] = "refuse"
    """What becomes of content that a lax next hop could end early (D-6)."""
    size_limit: int = 157_286_400
    """Octets of one message; 0 is what the next hop allows."""
    sessions_limit: int = 500
    client_sessions_limit: int = 0
    """Sessions of one address that is not trusted; 0 is no limit."""
    recipients_limit: int = 1000
    command_timeout_s: float = 300.0
    data_timeout_s: float = 180.0
    """How long a client may send nothing in the middle of a message."""
    check_login: Callable[[str, str], bool] | None = None
    """Whether login and password are right; None: no AUTH here."""
    crm_logins: frozenset[str] = frozenset()
    """Logins whose mail is marked for the log."""
    tls: ssl.SSLContext | None = None
    """Offers STARTTLS; without it, AUTH is offered on this machine only."""


def nobody(client: Client, mail_from: str, key: str) -> bool:
    """Turn nobody away."""
    del client, mail_from, key
    return False


@dataclass(frozen=True, slots=True)
class Wiring:
    """What a listener is connected to."""

    receive: Callable[[Envelope, Delivery], Awaitable[Handled]]
    """Takes one message; its Handled is what the client is told."""
    next_hop: NextHop
    consumed: Callable[[], Delivery]
    """Makes the delivery of a copy, which sends nothing."""
    is_ours: Callable[[str], bool]
    """Whether an address key is one of our logging or journal addresses."""
    spool: Path
    """A folder on the file system of the kept messages."""
    memory_octets: int = MEMORY_OCTETS
    """Larger content goes into a file."""
    flight: Flight = field(default_factory=Flight)
    """Octets under way, of all listeners."""
    share: Share | None = None
    """Counts clients together with the other workers; None where there are none."""
    turns_away: Callable[[Client, str, str], bool] = nobody
    """Whether client and reverse-path have brought too much to this address of ours."""


class Sessions:
    """Who is inside, and whether one more may come in."""

    def __init__(self, listener: Listener, share: Share | None = None) -> None:
        self._listener = listener
        self._share = share
        self._count = 0
        self._by_address: Counter[str] = Counter()

    def admit(self, address: str) -> bool:
        """Count a session in, or say no."""
        limit = (
            0
            if is_within(address, self._listener.trusted)
            else (self._listener.client_sessions_limit)
        )
        # Others count whom they have let in, and the client that asks is among those.
        inside = self._share.everywhere - 1 if self._share else self._count
        if inside >= self._listener.sessions_limit:
            return False
        if limit and self._by_address[address] >= limit:
            return False
        self._count += 1
        self._by_address[address] += 1
        return True

    def leave(self, address: str) -> None:
        """Count a session out."""
        self._count -= 1
        self._by_address[address] -= 1
        if not self._by_address[address]:
            del self._by_address[address]


@lru_cache(maxsize=1024)
def is_within(address: str, networks: tuple[Network, ...]) -> bool:
    """Return whether an IP address is of these networks; no address is this machine."""
    if not address:
        return any(network in networks for network in LOOPBACK)
    found = ip_address(address.partition("%")[0])
    if found.version == 6 and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return any(found in network for network in networks)
