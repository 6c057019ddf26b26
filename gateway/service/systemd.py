"""What systemd and the daemon tell each other: readiness, the watchdog, inherited sockets.

Standards: sd_notify(3), sd_listen_fds(3), sd_watchdog_enabled(3).

Limits: file descriptors that are no sockets are left alone.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable, Iterable, Mapping, MutableMapping

FIRST_INHERITED = 3
"""SD_LISTEN_FDS_START: descriptors are passed from here on."""


def notify(state: str, environ: Mapping[str, str] = os.environ) -> bool:
    """Tell the service manager a state such as `READY=1`; return whether it was told.

    Several states stand on lines of their own. Where no manager listens, nothing happens: a
    daemon must not fail because nobody watches it.
    """
    path = environ.get("NOTIFY_SOCKET", "")
    if not path.startswith(("/", "@")):
        return False
    # "If the first character of $NOTIFY_SOCKET is '@', the string is understood as Linux
    # abstract namespace socket" (sd_notify(3)).
    address = f"\0{path[1:]}" if path.startswith("@") else path
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
        try:
            channel.sendto(state.encode(), address)
        except OSError:
            return False
    return True


def ready(status: str, environ: Mapping[str, str] = os.environ) -> bool:
    """Say that the daemon takes mail, with a line for `systemctl status`."""
    return notify(f"READY=1\nSTATUS={status}", environ)


def reloading(monotonic_us: int, environ: Mapping[str, str] = os.environ) -> bool:
    """Say that the configuration is read again; `ready` ends it."""
    return notify(f"RELOADING=1\nMONOTONIC_USEC={monotonic_us}", environ)


def stopping(status: str, environ: Mapping[str, str] = os.environ) -> bool:
    """Say that the daemon takes no more mail and finishes what it has."""
    return notify(f"STOPPING=1\nSTATUS={status}", environ)


class Inherited:
    """Listening sockets that systemd opened for us."""

    def __init__(self, sockets: Iterable[tuple[str, socket.socket]] = ()) -> None:
        self._sockets = list(sockets)

    @property
    def unclaimed(self) -> tuple[str, ...]:
        """The addresses that no listener has claimed: the units and the settings differ."""
        return tuple(str(held.getsockname()) for _, held in self._sockets)

    def claim(self, name: str, host: str, port: int) -> socket.socket | None:
        """Return the socket with this FileDescriptorName, else that of this address, or None.

        Whoever claims a socket owns it.
        """
        by_name = (pair for pair in self._sockets if pair[0] == name)
        by_address = (p for p in self._sockets if p[1].getsockname()[:2] == (host, port))
        found = next(by_name, None) or next(by_address, None)
        if found is None:
            return None
        self._sockets.remove(found)
        return found[1]

    def close(self) -> None:
        """Close what nobody claimed."""
        while self._sockets:
            self._sockets.pop()[1].close()


def inherit(
    environ: MutableMapping[str, str] = os.environ,
    pid: int | None = None,
    first: int = FIRST_INHERITED,
) -> Inherited:
    """Return the sockets that systemd opened for this process; none where it opened none.

    The variables are taken out of the environment, so that no child believes they were meant
    for it. A socket unit without FileDescriptorName gives its own name.
    """
    for_pid = environ.pop("LISTEN_PID", "")
    count = environ.pop("LISTEN_FDS", "")
    names = environ.pop("LISTEN_FDNAMES", "").split(":")
    if for_pid != str(os.getpid() if pid is None else pid) or not count.isdigit():
        return Inherited()
    found: list[tuple[str, socket.socket]] = []
    for position in range(int(count)):
        try:
            os.set_inheritable(first + position, False)
            held = socket.socket(fileno=first + position)
        except OSError:
            continue
        held.setblocking(False)
        found.append((names[position] if position < len(names) else "", held))
    return Inherited(found)


def watchdog_interval_s(
    environ: Mapping[str, str] = os.environ, pid: int | None = None
) -> float | None:
    """Return how often to feed the watchdog, in seconds; None when there is none for us.

    Half of its patience, as sd_watchdog_enabled(3) advises.
    """
    patience = environ.get("WATCHDOG_USEC", "")
    for_pid = environ.get("WATCHDOG_PID", "")
    ours = not for_pid or for_pid == str(os.getpid() if pid is None else pid)
    if not ours or not patience.isdigit() or int(patience) == 0:
        return None
    return int(patience) / 2_000_000


async def feed_watchdog(
    alive: Callable[[], bool], interval_s: float, environ: Mapping[str, str] = os.environ
) -> None:
    """Feed the watchdog for as long as the daemon says that it is alive; runs until cancelled.

    It runs on the loop that carries the mail: a loop that hangs does not feed, and systemd
    starts the daemon anew.
    """
    while True:
        if alive():
            notify("WATCHDOG=1", environ)
        await asyncio.sleep(interval_s)
