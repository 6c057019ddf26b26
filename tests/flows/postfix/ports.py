"""Ports for programs that must be told theirs before they start."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

# Below the range from which systems hand out ports of their own accord.
FIRST, LAST = 20_000, 32_000


@contextmanager
def reserved(count: int) -> Iterator[tuple[int, ...]]:
    """Give unused loopback ports that no other test takes meanwhile."""
    with ExitStack() as held:
        ports: list[int] = []
        while len(ports) < count:
            port = random.SystemRandom().randrange(FIRST, LAST)
            if _free(port) and _claim(port, held):
                ports.append(port)
        yield tuple(ports)


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _claim(port: int, held: ExitStack) -> bool:
    """Claim a port among the tests of this machine; the claim ends with this process."""
    claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        claim.bind(f"\0replygate-tests-port-{port}")
    except OSError:
        claim.close()
        return False
    held.enter_context(claim)
    return True
