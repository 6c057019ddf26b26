"""What a milter listener is told by the configuration."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gateway.intake.listeners import LOOPBACK, Network


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
    trusted: tuple[Network, ...] = LOOPBACK
    """Networks of the MTAs that may connect; a unix socket is guarded by its mode."""
    submission_networks: tuple[Network, ...] = LOOPBACK
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
