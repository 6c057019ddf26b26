"""Two gateways on one PostgreSQL, each killed at random while mail goes to both.

A client takes a node that answers, as a balancer would; what one node did not finish is brought
to another. In the end every letter is accounted for, over both.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, cast

from gateway.model.place import ServedPath
from tests.intake.door import Caller
from tests.next_hop import NextHop, next_hop
from tests.postgres import PostgresServer
from tests.torture.account import Account, account
from tests.torture.crash import CLIENTS, KILLS_A_ROUND, Killer, Round, plan
from tests.torture.gate import PATIENCE_S, Gate, Zygote
from tests.torture.post import Client, Letter, make


@dataclass
class ServedGate(Gate):
    """A gateway whose record others share."""

    url: str = ""
    blobs: Path | str = ""

    @property
    def database(self) -> ServedPath:
        """Its record."""
        return ServedPath.at(self.state / "replygate.db", self.url, str(self.blobs))


def served_gate(
    zygote: Zygote, folder: Path, hop_port: int, url: str, blobs: Path | str
) -> ServedGate:
    """Return a gateway on this database, not started yet."""
    more = f'[store]\nurl = "{url}"\nblobs = "{blobs}"\n'
    return ServedGate(zygote, folder, hop_port, more=more, url=url, blobs=blobs)


class Balancer:
    """Gives a client whichever node takes mail."""

    def __init__(self, gates: Sequence[Gate], killers: Sequence[Killer], rng: Random) -> None:
        self._nodes = tuple(zip(gates, killers, strict=True))
        self._rng = rng
        self._killer = killers[0]
        self.ready = self

    async def wait(self) -> None:
        """Wait until a node takes mail."""
        waits = [asyncio.ensure_future(gate.ready.wait()) for gate, _ in self._nodes]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for each in waits:
            each.cancel()

    async def call(self, listener: str) -> Caller:
        """Connect to one that does. Raises ConnectionError."""
        ready = [node for node in self._nodes if node[0].ready.is_set()] or self._nodes
        gate, self._killer = self._rng.choice(ready)
        return await gate.call(listener)

    def happened(self, stage: str) -> None:
        """Note a step of the client at the node that it talks to."""
        self._killer.happened(stage)


class Pair:
    """Nodes, their next hop and their clients."""

    def __init__(self, gates: Sequence[ServedGate], hop: NextHop, rng: Random, name: str) -> None:
        self._hop = hop
        self._rng = rng
        self._name = name
        self._letters: list[Letter] = []
        self._over = False
        self.rounds = [
            Round(gate, hop, Random(rng.random()), f"{name}-{number}")
            for number, gate in enumerate(gates)
        ]
        self._killers = [Killer(one.gate, one.rng) for one in self.rounds]

    async def run(self, kills: int) -> Account:
        """Kill so many nodes, then finish; return the account."""
        self._hop.answer = self._answered
        first = self.rounds[0].gate
        first.furnish()
        for one in self.rounds:
            one.gate.state.mkdir(mode=0o700, exist_ok=True)
        clients = [asyncio.ensure_future(self._client()) for _ in range(CLIENTS)]
        await asyncio.gather(*(self._die(number, kills) for number in range(len(self.rounds))))
        self._over = True
        self._hop.answer = lambda _: None
        await asyncio.gather(*(one.gate.start() for one in self.rounds))
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.gather(*clients)
        for one in self.rounds:
            await one.drained()
        result = account(self._letters, self._hop.taken, first.database)
        for one in self.rounds:
            said = one.gate.log.read_text("utf-8", "replace")
            if "Traceback" in said or "a defect" in said:
                at = said.find("Traceback")
                one.faults.append(f"{one.name} logs a defect: {said[at : at + 3000]}")
            result.faults += one.faults
        return result

    @property
    def deaths(self) -> Counter[str]:
        """The deaths of all nodes, by stage."""
        return sum((one.deaths for one in self.rounds), Counter[str]())

    def _answered(self, command: str) -> None:
        for killer in self._killers:
            killer.happened(f"hop {command.split(' ', 1)[0]}")

    async def _die(self, number: int, kills: int) -> None:
        one = self.rounds[number]
        while self.deaths.total() < kills:
            await one.live_and_die(self._killers[number], plan(one.rng))

    async def _client(self) -> None:
        gates: list[Gate] = [one.gate for one in self.rounds]
        balancer = Balancer(gates, self._killers, self._rng)
        client = Client(cast("Any", balancer), balancer.happened)
        while not self._over:
            letter = make(len(self._letters), self._name, self._rng)
            self._letters.append(letter)
            await client.bring(letter)


async def crash_nodes(  # noqa: PLR0917 - as those of `crash`
    zygotes: Sequence[Zygote],
    server: PostgresServer,
    folder: Path,
    kills: int,
    seed: int,
    said: Callable[[str], None] = lambda _: None,
) -> tuple[Account, Counter[str]]:
    """Kill so many nodes, one for each zygote; return the account of all, and deaths by stage."""
    total, deaths = Account(), Counter[str]()
    for number, first in enumerate(range(0, kills, KILLS_A_ROUND)):
        place, url = folder / f"round-{number}", server.database(f"round_{number}")
        place.mkdir(parents=True)
        async with next_hop() as hop:
            gates = [
                served_gate(zygote, place / f"node-{one}", hop.port, url, place / "blobs")
                for one, zygote in enumerate(zygotes)
            ]
            pair = Pair(gates, hop, Random(seed + number), f"n{seed + number}")
            found = await pair.run(min(KILLS_A_ROUND, kills - first))
        total.add(found)
        deaths += pair.deaths
        said(
            f"{deaths.total()} kills of {len(zygotes)} nodes, {total.letters} letters,"
            f" {total.doubled} doubled, {total.lost} lost, {len(total.faults)} faults"
        )
    return total, deaths
