"""Mixed load for a while, with faults switched on and off at random; nothing may grow or be lost.

Memory and descriptors are those of the gateway's process, as the kernel tells them.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pysqlite3

from tests.next_hop import NextHop, next_hop
from tests.torture.account import Account, account
from tests.torture.crash import Round
from tests.torture.gate import Gate, Zygote
from tests.torture.post import Client, Letter, make

CLIENTS = 8
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass
class Soaked:
    """What came of it."""

    account: Account
    faults: int
    """How often one was switched on."""
    samples: list[tuple[int, int, int]] = field(default_factory=list)
    """Letters so far, octets of memory, descriptors."""

    @property
    def growth(self) -> int:
        """Octets of memory for 10,000 letters, over the last half: the slope of a straight line."""
        half = self.samples[len(self.samples) // 2 :]
        mean_x = sum(x for x, _, _ in half) / len(half)
        mean_y = sum(y for _, y, _ in half) / len(half)
        spread = sum((x - mean_x) ** 2 for x, _, _ in half) or 1.0
        slope = sum((x - mean_x) * (y - mean_y) for x, y, _ in half) / spread
        return round(slope * 10_000)

    @property
    def descriptors(self) -> tuple[int, int]:
        """The most of the first and of the last half."""
        middle = len(self.samples) // 2
        first, last = self.samples[:middle], self.samples[middle:]
        return max(n for _, _, n in first), max(n for _, _, n in last)


class Faults:
    """Switches faults on and off."""

    def __init__(self, gate: Gate, hop: NextHop, rng: Random) -> None:
        self.count = 0
        self._gate = gate
        self._hop = hop
        self._rng = rng

    async def run(self) -> None:
        """Go on until cancelled, and leave nothing switched on."""
        kinds = (self._locked, self._refusing, self._closing, self._slow)
        while True:
            await asyncio.sleep(self._rng.uniform(0.5, 3))
            self.count += 1
            await self._rng.choice(kinds)(self._rng.uniform(0.1, 1.5))

    async def _locked(self, seconds: float) -> None:
        with suppress(pysqlite3.Error):
            other = pysqlite3.connect(self._gate.database, isolation_level=None, timeout=5)
            other.execute("BEGIN IMMEDIATE")
            try:
                await asyncio.sleep(seconds)
            finally:
                other.close()

    async def _refusing(self, seconds: float) -> None:
        step = self._rng.choice(("MAIL", "RCPT", "DATA", "."))
        await self._answering(step, "451 4.3.0 Later", seconds)

    async def _closing(self, seconds: float) -> None:
        step = self._rng.choice(("connect", "EHLO", "MAIL", "RCPT", "DATA", "."))
        await self._answering(step, "close", seconds)

    async def _slow(self, seconds: float) -> None:
        # The gateway stands still, as a machine that swaps does.
        self._gate.send(signal.SIGSTOP)
        try:
            await asyncio.sleep(seconds / 3)
        finally:
            self._gate.send(signal.SIGCONT)

    async def _answering(self, step: str, answer: str, seconds: float) -> None:
        self._hop.answer = lambda command: answer if command.split(" ")[0] == step else None
        try:
            await asyncio.sleep(seconds)
        finally:
            self._hop.answer = lambda _: None


async def soak(
    zygote: Zygote, folder: Path, seconds: float, seed: int, said: Callable[[str], None]
) -> Soaked:
    """Bring letters for so long; return the account and the samples."""
    rng = Random(seed)
    async with next_hop() as hop:
        gate = Gate(zygote, folder / "soak", hop.port)
        gate.furnish()
        await gate.start()
        letters: list[Letter] = []
        over = asyncio.Event()

        async def bring() -> None:
            client = Client(gate, lambda _: None)
            while not over.is_set():
                letter = make(len(letters), f"s{seed}", rng)
                letters.append(letter)
                await client.bring(letter)

        clients = [asyncio.ensure_future(bring()) for _ in range(CLIENTS)]
        faults = Faults(gate, hop, rng)
        failing = asyncio.ensure_future(faults.run())
        result = Soaked(Account(), 0)
        step = max(0.25, seconds / 400)
        for _ in range(round(seconds / step)):
            await asyncio.sleep(step)
            result.samples.append(_sample(gate.pid, len(letters)))
        failing.cancel()
        await asyncio.gather(failing, return_exceptions=True)
        over.set()
        await asyncio.gather(*clients)
        ending = Round(gate, hop, rng, f"s{seed}")
        await ending.drained()
        result.account = account(letters, hop.taken, gate.database)
        result.account.faults += ending.faults
        result.faults = faults.count
        lines = [",".join(map(str, sample)) for sample in result.samples]
        (folder / "soak" / "samples.csv").write_text("\n".join(lines) + "\n")
        said(f"{len(letters)} letters in {seconds:.0f} s, {faults.count} faults, {result.growth}")
    return result


def _sample(pid: int, letters: int) -> tuple[int, int, int]:
    """Return what the kernel says of a process."""
    resident = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
    return letters, resident, len(os.listdir(f"/proc/{pid}/fd"))  # noqa: PTH208 - only counted
