"""Kills the gateway at random moments of random stages, and accounts for every letter.

A round is a fresh gateway with its next hop. Clients bring letters all the while; a plan names
the moment of the next death; after it the record is checked and the gateway started again. At the
end of a round it runs undisturbed until everything is delivered and decided.
"""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.next_hop import NextHop, next_hop
from tests.torture.account import Account, account, look
from tests.torture.gate import PATIENCE_S, Gate, Zygote
from tests.torture.post import Client, Letter, make

CLIENTS = 6
KILLS_A_ROUND = 40
STAGES = (
    *(f"client {step}" for step in ("connect", "MAIL", "RCPT", "DATA", "body", "dot", "replied")),
    *(f"hop {step}" for step in ("connect", "EHLO", "MAIL", "RCPT", "DATA", ".")),
    "hop .", "hop .", "client dot", "client dot",
    "starting", "file", "file", "stopping", "reloading",
)  # fmt: skip
FULL = {"RLIMIT_FSIZE": 262_144}
"""A disk on which a record soon cannot grow, while the spool takes small letters."""


@dataclass
class Plan:
    """When the gateway dies next."""

    stage: str
    nth: int
    delay_s: float
    full: bool


def plan(rng: Random) -> Plan:
    """Draw the next death."""
    delay_s = rng.choice((0.0, rng.expovariate(1000), rng.uniform(0, 0.03)))
    return Plan(rng.choice(STAGES), rng.randint(1, 12), delay_s, full=rng.random() < 0.15)


class Killer:
    """Waits for the moment of a plan."""

    def __init__(self, gate: Gate, rng: Random) -> None:
        self._gate = gate
        self._rng = rng
        self._plan: Plan | None = None
        self._left = 0
        self._later: asyncio.TimerHandle | None = None

    def arm(self, plan: Plan) -> None:
        """Wait for this moment from now on."""
        self._plan, self._left = plan, plan.nth

    def disarm(self) -> None:
        """Kill nobody any more: who is meant is gone."""
        self._plan = None
        if self._later is not None:
            self._later.cancel()

    def happened(self, stage: str) -> None:
        """Note a step of a client or of the next hop; kill when it is the one."""
        if self._plan is None or self._plan.stage != stage:
            return
        self._left -= 1
        if self._left == 0:
            delay_s, self._plan = self._plan.delay_s, None
            if delay_s:
                loop = asyncio.get_running_loop()
                self._later = loop.call_later(delay_s, self._gate.strike_some, self._rng)
            else:
                self._gate.strike_some(self._rng)


@dataclass
class Round:
    """One gateway, its next hop and its clients."""

    gate: Gate
    hop: NextHop
    rng: Random
    name: str
    letters: list[Letter] = field(default_factory=list)
    deaths: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    over: bool = False

    async def run(self, kills: int) -> Account:
        """Kill so many times, then finish; return the account."""
        killer = Killer(self.gate, self.rng)
        self.hop.answer = lambda command: killer.happened(f"hop {command.split(' ')[0]}")
        self.gate.furnish()
        clients = [asyncio.ensure_future(self._client(killer.happened)) for _ in range(CLIENTS)]
        while self.deaths.total() < kills:
            await self.live_and_die(killer, plan(self.rng))
        self.over = True
        self.hop.answer = lambda _: None
        await self.gate.start()
        # A client that waits in vain has its own limit, and tells what it saw.
        async with asyncio.timeout(2 * PATIENCE_S):
            await asyncio.gather(*clients)
        await self.drained()
        result = account(self.letters, self.hop.taken, self.gate.database)
        said = self.gate.log.read_text("utf-8", "replace")
        if "Traceback" in said or "a defect" in said:
            at = said.find("Traceback")
            self.faults.append(f"{self.name} logs a defect: {said[at : at + 3000]}")
        result.faults += self.faults
        return result

    async def _client(self, happened: Callable[[str], None]) -> None:
        client = Client(self.gate, happened)
        while not self.over:
            letter = make(len(self.letters), self.name, self.rng)
            self.letters.append(letter)
            await client.bring(letter)

    async def live_and_die(self, killer: Killer, plan: Plan) -> None:
        """Start it, and kill it at the moment of a plan."""
        gate = self.gate
        killer.arm(plan)
        limits = FULL if plan.full else {}
        if plan.stage == "starting":
            starting = asyncio.ensure_future(gate.start(limits=limits))
            await gate.forked.wait()
            await asyncio.sleep(plan.delay_s * 5)
            gate.strike()
            await starting
        elif plan.stage == "file":
            await gate.start(limits=limits, die_at=self.rng.randint(1, 200))
        else:
            await gate.start(limits=limits)
        if plan.stage in {"stopping", "reloading"}:
            await asyncio.sleep(self.rng.uniform(0, 0.3))
            gate.send(signal.SIGTERM if plan.stage == "stopping" else signal.SIGHUP)
            await asyncio.sleep(plan.delay_s)
            gate.strike_some(self.rng)
        try:
            async with asyncio.timeout(1.5):
                await gate.ended.wait()
        except TimeoutError:
            # The moment did not come: nobody was that far.
            await gate.kill()
        killer.disarm()
        # On a full disk it may not even have started, and "stopping" may have been quick.
        if not gate.exit_code:
            self.deaths[f"{plan.stage}{' (disk full)' if plan.full else ''}"] += 1
        ill, _, _ = look(gate.database)
        self.faults += [f"after a kill at {plan.stage}: {said}" for said in ill]

    async def drained(self) -> None:
        """Stop and start until the spool is empty: it is looked at when the gateway starts."""
        spool = self.gate.state / "spool"
        for _ in range(20):
            await self.gate.stop()
            if self.gate.exit_code not in {"0", "None"}:
                self.faults.append(f"{self.name} ended with {self.gate.exit_code!r}")
            if not any(spool.glob("*.json")):
                return
            await self.gate.start()
            async with asyncio.timeout(PATIENCE_S):
                await self._emptied(spool)
        self.faults.append(f"{self.name}: the spool is never empty")

    async def _emptied(self, spool: Path) -> None:
        while any(spool.glob("*.json")):  # noqa: ASYNC110, ASYNC240 - another process empties it
            await asyncio.sleep(0.05)


async def crash(
    zygote: Zygote,
    folder: Path,
    kills: int,
    seed: int,
    said: Callable[[str], None],
    *,
    workers: int = 1,
) -> tuple[Account, Counter[str]]:
    """Kill so many times, in rounds; return the account of all, and the deaths by stage."""
    total, deaths = Account(), Counter[str]()
    for number, first in enumerate(range(0, kills, KILLS_A_ROUND)):
        async with next_hop() as hop:
            gate = Gate(zygote, folder / f"round-{number}", hop.port, workers=workers)
            one = Round(gate, hop, Random(seed + number), f"r{seed + number}")
            found = await one.run(min(KILLS_A_ROUND, kills - first))
            total.add(found)
            deaths += one.deaths
            said(
                f"{deaths.total()} kills, {total.letters} letters, {total.doubled} doubled,"
                f" {total.lost} lost, {len(total.faults)} faults"
            )
    return total, deaths
