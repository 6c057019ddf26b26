"""What a gateway was doing when a client waited in vain: its stacks and its connections."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

from tests.torture.gate import Gate

DUMP = signal.SIGUSR1
"""Makes a gateway of the torture write the stacks of its threads to its log; see zygote.py."""
SAID_OCTETS = 12_000


def connections(ports: set[int]) -> str:
    """Return the lines of proc_net(5) that have one of these ports at either end.

    An end whose inode is 0 belongs to no process any more.
    """
    endings = tuple(f":{port:04X}" for port in ports)
    lines = Path("/proc/net/tcp").read_text("ascii").splitlines()
    return "\n".join(line for line in lines if any(end in line for end in endings))


async def witness(gate: Gate) -> str:
    """Let a gateway say what it does; takes a second."""
    found = connections(set(gate.ports.values()))
    gate.send(DUMP)
    await asyncio.sleep(1)
    alive = "runs" if gate.ready.is_set() else "is gone"
    said = gate.log.read_text("utf-8", "replace")[-SAID_OCTETS:]
    return f"gateway {gate.pid}, start {gate.starts}, {alive}\n{found}\n{said}"
