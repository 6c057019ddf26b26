"""Mixed load for a while, with faults switched on and off at random; nothing may grow or be lost.

Memory and descriptors are those of the gateway's process, as the kernel tells them.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.next_hop import next_hop
from tests.torture.account import Account, account
from tests.torture.crash import Round
from tests.torture.disk import Disk, disk
from tests.torture.faults import Faults
from tests.torture.gate import Gate, zygote
from tests.torture.post import Client, make
from tests.torture.samples import Sample, sample, slope
from tests.torture.slow import slow_disk

CLIENTS = 8
LETTERS_MOST = 200_000
"""In an hour a machine would bring a million, and fill its disk with them."""


@dataclass
class Soaked:
    """What came of it."""

    account: Account = field(default_factory=Account)
    faults: Counter[str] = field(default_factory=Counter)
    """How often each was switched on."""
    left_out: dict[str, str] = field(default_factory=dict)
    """Faults that this machine cannot have, with why."""
    samples: list[Sample] = field(default_factory=list)

    @property
    def growth(self) -> int:
        """Octets of memory for 10,000 letters, over the last half."""
        return slope(self.samples)

    @property
    def descriptors(self) -> tuple[int, int]:
        """The most of the first and of the last half."""
        middle = len(self.samples) // 2
        first, last = self.samples[:middle], self.samples[middle:]
        return max(one.descriptors for one in first), max(one.descriptors for one in last)


async def soak(folder: Path, seconds: float, seed: int, said: Callable[[str], None]) -> Soaked:
    """Bring letters for so long; return the account and the samples."""
    flag = folder / "slow"
    environ = slow_disk(folder / "library", flag)
    with ExitStack() as stack:
        mounted = stack.enter_context(disk(folder / "soak"))
        place = mounted.place if isinstance(mounted, Disk) else folder / "soak"
        async with zygote(environ or {}) as starter, next_hop() as hop:
            hop.forgets = True
            gate = Gate(starter, folder / "gate", hop.port, state_at=place / "state")
            gate.furnish()
            rng = Random(seed)
            faults = Faults(gate, hop, rng, mounted, flag if environ else None)
            one = Round(gate, hop, rng, f"s{seed}")
            samples = await _brought(one, faults, seconds)
            await one.drained()
            found = account(one.letters, hop.taken, gate.database, faults.full)
            found.faults += one.faults
    lines = [",".join(map(str, each)) for each in samples]
    (folder / "samples.csv").write_text("\n".join(lines) + "\n")
    result = Soaked(found, faults.count, faults.left_out, samples)
    said(f"{found.letters} letters in {seconds:.0f} s, {faults.count.total()} faults")
    return result


async def _brought(one: Round, faults: Faults, seconds: float) -> list[Sample]:
    """Bring letters, with faults, for so long; return how the process did."""
    await one.gate.start()
    over = asyncio.Event()
    pause_s = CLIENTS * seconds / LETTERS_MOST

    async def bring() -> None:
        client = Client(one.gate, lambda _: None)
        while not over.is_set():
            made = make(len(one.letters), one.name, one.rng)
            one.letters.append(made)
            await client.bring(made)
            made.forget()
            await asyncio.sleep(pause_s)

    clients = [asyncio.ensure_future(bring()) for _ in range(CLIENTS)]
    failing = asyncio.ensure_future(faults.run())
    samples = []
    step = max(0.25, seconds / 400)
    for _ in range(round(seconds / step)):
        await asyncio.sleep(step)
        if one.gate.ended.is_set():
            one.faults.append(f"the gateway ended by itself ({one.gate.exit_code})")
            await one.gate.start()
        samples.append(sample(one.gate.pid, len(one.letters)))
    failing.cancel()
    with suppress(asyncio.CancelledError):
        await failing
    over.set()
    await asyncio.gather(*clients)
    return samples
