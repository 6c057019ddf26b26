"""A real HAProxy before two gateways on one PostgreSQL, with the file that is shipped."""

from __future__ import annotations

import asyncio
import re
import subprocess
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, cast

import pytest_asyncio

from tests.conftest import need
from tests.intake.door import Caller
from tests.next_hop import NextHop, next_hop
from tests.postgres import PostgresServer
from tests.torture.account import account
from tests.torture.gate import PATIENCE_S, free_port, zygote
from tests.torture.nodes import ServedGate, served_gate
from tests.torture.post import Client, Letter, make

SHIPPED = Path(__file__).parents[3] / "conf" / "haproxy" / "replygate.cfg"
FRONTS = {"inbound": 10125, "submission": 10127}
CLIENT = "127.0.0.2"
BACKS = {"inbound": 10025, "submission": 10027}


@dataclass
class Site:
    """Two gateways behind a balancer."""

    gates: list[ServedGate]
    hop: NextHop
    ports: dict[str, int]

    @property
    def ready(self) -> Site:
        """Whoever waits for a gateway waits for the balancer, which is there."""
        return self

    async def wait(self) -> None:
        """Return at once."""

    async def call(self, listener: str) -> Caller:
        """Connect to the balancer, and say EHLO. Raises ConnectionError."""
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", self.ports[listener], local_addr=(CLIENT, 0)
        )
        caller = Caller(reader, writer)
        try:
            if not await caller.reply():
                raise ConnectionResetError  # noqa: TRY301 - as the gateway itself would
            await caller.say(b"EHLO client.example")
        except BaseException:
            writer.close()
            raise
        return caller


def configured(gates: list[ServedGate], ports: dict[str, int]) -> str:
    """Return the shipped file with our addresses in the place of the examples."""
    text = SHIPPED.read_text("utf-8").replace("inter 2s", "inter 100ms")
    for listener, port in FRONTS.items():
        text = text.replace(f"127.0.0.1:{port}", f"127.0.0.1:{ports[listener]}")
        for number, gate in zip((11, 12), gates, strict=True):
            ours = f"127.0.0.1:{gate.ports[listener]}"
            text = text.replace(f"192.0.2.{number}:{BACKS[listener]}", ours)
    return text


@pytest_asyncio.fixture
async def site(postgres: PostgresServer, tmp_path: Path) -> AsyncIterator[Site]:
    """The balancer, two gateways that run, and their next hop."""
    haproxy, url = need("haproxy"), postgres.database()
    async with AsyncExitStack() as stack:
        hop = await stack.enter_async_context(next_hop())
        gates = []
        for number in range(2):
            starter = await stack.enter_async_context(zygote())
            place = tmp_path / f"node-{number}"
            gates.append(served_gate(starter, place, hop.port, url, tmp_path / "blobs"))
        for gate in gates:
            text = gate.config.read_text("utf-8")
            gate.configure(
                re.sub(
                    r"^direction = .*$", r'\g<0>\nproxies = ["127.0.0.1"]', text, flags=re.MULTILINE
                )
            )
        gates[0].furnish()
        for gate in gates:
            await gate.start()
        ports = {listener: free_port() for listener in FRONTS}
        file = tmp_path / "haproxy.cfg"
        file.write_text(configured(gates, ports))
        process = await asyncio.create_subprocess_exec(haproxy, "-db", "-q", "-f", str(file))
        try:
            yield Site(gates, hop, ports)
        finally:
            process.terminate()
            await process.wait()
            for gate in gates:
                await gate.stop()


async def there(site: Site) -> None:
    """Wait until the balancer lets one through."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                caller = await site.call("inbound")
            except (ConnectionError, asyncio.IncompleteReadError):
                await asyncio.sleep(0)
            else:
                caller.writer.close()
                return


class Mail:
    """Clients that bring letters until they are told to end."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._rng = Random(11)
        self._over = False
        self.letters: list[Letter] = []
        self._clients = [asyncio.ensure_future(self._bring()) for _ in range(4)]

    async def more(self, count: int) -> None:
        """Wait until so many more letters were taken."""
        before = self._taken
        async with asyncio.timeout(PATIENCE_S):
            while self._taken < before + count:  # noqa: ASYNC110 - four clients, one count
                await asyncio.sleep(0)

    async def end(self) -> None:
        """Let each client finish its letter."""
        self._over = True
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.gather(*self._clients)

    @property
    def _taken(self) -> int:
        return sum(letter.taken for letter in self.letters)

    async def _bring(self) -> None:
        client = Client(cast("Any", self._site), lambda _: None)
        while not self._over:
            letter = make(len(self.letters), "rolling", self._rng)
            self.letters.append(letter)
            await client.bring(letter)


async def test_a_rolling_upgrade_loses_and_doubles_nothing(site: Site) -> None:
    await there(site)
    mail = Mail(site)
    await mail.more(10)
    for gate in site.gates:
        await gate.stop()
        await mail.more(10)
        await gate.start()
        await mail.more(10)
    await mail.end()
    for gate in site.gates:
        await gate.stop()
    found = account(mail.letters, site.hop.taken, site.gates[0].database)
    assert (found.lost, found.doubled, found.faults) == (0, 0, [])
    assert found.letters >= 50


async def test_both_gateways_get_mail_and_know_the_client(site: Site) -> None:
    await there(site)
    mail = Mail(site)
    await mail.more(20)
    await mail.end()
    for gate in site.gates:
        await gate.stop()
        said = gate.log.read_text("utf-8")
        assert f"client={CLIENT}" in said
        assert "client=127.0.0.1" not in said


def test_the_shipped_file_is_well(tmp_path: Path) -> None:
    done = subprocess.run(
        [need("haproxy"), "-c", "-q", "-f", str(SHIPPED)], check=False, capture_output=True
    )
    assert (done.returncode, done.stderr) == (0, b"")
