"""What a gateway was doing when a client waited in vain: its threads, stacks and connections."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
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


def threads(pid: int) -> str:
    """Return each thread's state and what it waits for in the kernel (proc_pid_stat(5))."""
    found = []
    with suppress(FileNotFoundError, ProcessLookupError):
        for task in sorted(Path(f"/proc/{pid}/task").iterdir()):
            state = (task / "stat").read_text("ascii").rpartition(")")[2].split()[0]
            found.append(f"thread {task.name}: {state} {(task / 'wchan').read_text('ascii')}")
    return "\n".join(found) or "no such process"


async def witness(gate: Gate) -> str:
    """Let a gateway say what it does; takes a second."""
    seen = f"{threads(gate.pid)}\n{connections(set(gate.ports.values()))}"
    gate.send(DUMP)
    await asyncio.sleep(1)
    said = gate.log.read_text("utf-8", "replace")[-SAID_OCTETS:]
    return f"{said}\ngateway {gate.pid}, start {gate.starts}\n{seen}"
