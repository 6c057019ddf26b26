"""An upgrade with mail flowing: the version before, then this one, on the sockets of systemd."""

from __future__ import annotations

import asyncio
import fcntl
import os
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from random import Random

import pytest

from tests.next_hop import next_hop
from tests.torture.account import account
from tests.torture.gate import CONFIG, ROOT, Gate, Zygote
from tests.torture.post import Client, Letter, make

BEFORE = "55496f9e"
"""A version with an older schema of the store."""
CLIENTS = 4
SERVE = """
import os, sys
for place, number in enumerate(map(int, sys.argv[2:])):
    os.dup2(number, 3 + place)
os.environ["LISTEN_PID"] = str(os.getpid())
from gateway.cli.main import main
main(["serve", "--config", sys.argv[1]], prog_name="replygate")
"""
FURNISH = """
import sys
from gateway.store.registry import Registry
with Registry(sys.argv[1]) as registry:
    registry.add_user("anna@corp.example", "Anna Arai")
    registry.add_mailbox("anna@corp.example", "anna@corp.example", "google")
    registry.connect("anna@corp.example")
    registry.add_contact("carol@customer.example", "Carol Cruz", "")
"""


@pytest.fixture
def before(tmp_path: Path) -> Path:
    """The version before, as the repository remembers it."""
    place = tmp_path / "before"
    place.mkdir()
    packed = subprocess.run(
        ["git", "-C", ROOT, "archive", BEFORE, "gateway"], check=False, capture_output=True
    )
    if packed.returncode:
        pytest.skip(f"{BEFORE} is not in this copy of the repository")
    subprocess.run(["tar", "-x", "-C", place], input=packed.stdout, check=True)
    return place


def furnished(gate: Gate, version: Path) -> Gate:
    """Configure a gateway and make its record, as that version does."""
    ports = gate.ports
    usual = CONFIG.format(state=gate.state, hop=gate.hop_port, hop_s=20.0, workers=1, **ports)
    gate.configure(usual.replace("workers = 1\n", ""))
    gate.state.mkdir(mode=0o700)
    made = [sys.executable, "-c", FURNISH, str(gate.database)]
    environ = {**os.environ, "PYTHONPATH": str(version)}
    subprocess.run(made, cwd=version, env=environ, check=True)
    gate.ready.set()
    return gate


def serve(version: Path, gate: Gate, sockets: list[socket.socket]) -> subprocess.Popen[bytes]:
    """Start a version as systemd does."""
    numbers = [held.fileno() for held in sockets]
    names = ":".join(gate.ports)
    with gate.log.open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-c", SERVE, gate.config, *map(str, numbers)],
            cwd=version,
            env={**os.environ, "PYTHONPATH": str(version), "LISTEN_FDNAMES": names,
                 "LISTEN_FDS": str(len(numbers))},
            pass_fds=numbers,
            stdout=log,
            stderr=log,
        )  # fmt: skip


def listen(gate: Gate, stack: ExitStack) -> list[socket.socket]:
    """Open the sockets of a gateway, with high numbers: the low ones are systemd's."""
    opened = []
    for port in gate.ports.values():
        held = stack.enter_context(socket.create_server(("127.0.0.1", port), backlog=64))
        high = fcntl.fcntl(held.fileno(), fcntl.F_DUPFD, 50)
        opened.append(stack.enter_context(socket.socket(fileno=high)))
    return opened


async def reached(letters: list[Letter], count: int) -> None:
    """Return once so many letters were taken."""
    async with asyncio.timeout(60):
        while sum(letter.taken for letter in letters) < count:  # noqa: ASYNC110 - counted
            await asyncio.sleep(0.01)


async def test_no_letter_is_lost_or_refused_while_the_gateway_is_upgraded(
    starter: Zygote, tmp_path: Path, before: Path
) -> None:
    async with next_hop() as hop:
        gate = furnished(Gate(starter, tmp_path / "gate", hop.port), before)
        letters: list[Letter] = []
        rng, over = Random(1), asyncio.Event()

        async def bring() -> None:
            while not over.is_set():
                letters.append(letter := make(len(letters), "up", rng))
                await Client(gate, lambda _: None).bring(letter)

        with ExitStack() as stack:
            sockets = listen(gate, stack)
            old = serve(before, gate, sockets)
            clients = [asyncio.ensure_future(bring()) for _ in range(CLIENTS)]
            await reached(letters, 60)
            old.terminate()
            assert await asyncio.to_thread(old.wait, 60) == 0
            taken = sum(letter.taken for letter in letters)
            new = serve(ROOT, gate, sockets)
            await reached(letters, taken + 60)
            over.set()
            await asyncio.gather(*clients)
            new.terminate()
            assert await asyncio.to_thread(new.wait, 60) == 0
        found = account(letters, hop.taken, gate.database)
        assert (found.lost, found.faults) == (0, [])
