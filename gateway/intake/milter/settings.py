"""What a milter listener is told by the configuration."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

LOOPBACK = ("127.0.0.0/8", "::1/128")


@dataclass(frozen=True, slots=True)
class MilterSettings:
    """One listener with `protocol = "milter"`."""

    name: str
    """Names the route in every entry."""
    folder: Path
    """Where large content waits until it is decided, in files without a name."""
    host: str = "127.0.0.1"
    port: int = 10029
    path: Path | None = None
    """The unix socket to listen at, in place of host and port."""
    path_mode: int = 0o660
    """Who may connect to the unix socket."""
    trusted_clients: tuple[str, ...] = LOOPBACK
    """Networks of the MTAs that may connect; a unix socket is guarded by its mode."""
    submission_networks: tuple[str, ...] = LOOPBACK
    """Networks of SMTP clients whose mail is the company's own, login or not."""
    crm_logins: frozenset[str] = frozenset()
    delete_logging_recipients: bool = False
    """Whether logging addresses are taken out of the envelope once their copy is durable."""
    size_limit: int = 157_286_400
    """Octets of one message; what is larger passes unseen. 0 is no limit."""
    sessions_limit: int = 500
    idle_timeout_s: float = 7210.0
    """Seconds that an MTA may be silent; libmilter's default, for MTAs count on it."""
    progress_s: float = 10.0
    """Seconds after which the MTA is told that we are still at it."""
    answer_within_s: float = 240.0
    """Seconds after which a message is accepted, decided or not."""


class Networks:
    """Networks that an address may be in."""

    def __init__(self, networks: Iterable[str]) -> None:
        self._networks = tuple(map(ipaddress.ip_network, networks))

    def __contains__(self, address: str) -> bool:
        try:
            found = ipaddress.ip_address(address)
        except ValueError:
            return False
        mapped = getattr(found, "ipv4_mapped", None)
        return any((mapped or found) in network for network in self._networks)
