"""What many clients cost a gateway in a process of its own."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.next_hop import next_hop
from tests.torture.gate import Gate, zygote

IDLE = 1000
MOST_OCTETS = 30_000_000


def memory(pid: int) -> int:
    """Return the octets of memory that a process uses."""
    lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))


async def test_a_thousand_idle_clients_cost_less_than_30_mb(tmp_path: Path) -> None:
    async with zygote() as starter, next_hop() as hop:
        gate = Gate(starter, tmp_path, hop.port)
        text = gate.config.read_text()
        name = 'name = "inbound"\n'
        gate.configure(text.replace(name, f"{name}sessions_limit = {IDLE + 1}\n"))
        gate.furnish()
        await gate.start()
        (await gate.call()).writer.close()
        before = memory(gate.pid)
        callers = [await gate.call() for _ in range(IDLE)]
        grown = memory(gate.pid) - before
        for caller in callers:
            caller.writer.close()
        await asyncio.gather(*(c.writer.wait_closed() for c in callers), return_exceptions=True)
        await gate.kill()
    assert grown < MOST_OCTETS
