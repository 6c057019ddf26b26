"""Several workers on one record: shared doors, deaths, a reload, a stop, an upgrade."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from gateway.demo.stage import ENTRY_POINT
from gateway.mail.wire import stuffed
from gateway.store.entries import Entries
from gateway.store.postgres import pools
from tests.intake.door import Caller
from tests.letters import letter
from tests.next_hop import NextHop, next_hop
from tests.postgres import PostgresServer
from tests.torture.gate import Gate, Zygote, free_port, zygote
from tests.torture.nodes import served_gate

ANNA, CAROL = "anna@corp.example", "carol@customer.example"
PATIENCE_S = 30.0


@pytest_asyncio.fixture
async def starter() -> AsyncIterator[Zygote]:
    async with zygote() as made:
        yield made


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The database that holds the record; empty for a file."""
    if request.param == "sqlite":
        yield ""
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    yield server.database()
    pools.close()


@asynccontextmanager
async def crew(
    starter: Zygote, folder: Path, url: str = ""
) -> AsyncIterator[tuple[Gate, NextHop, int]]:
    """Start a gateway of two workers; its figures are told at the third value's port."""
    port = free_port()
    more = f'[metrics]\naddress = "127.0.0.1:{port}"\n'
    async with next_hop() as hop:
        gate = Gate(starter, folder, hop.port, workers=2, more=more)
        if url:
            gate = served_gate(starter, folder, hop.port, url, folder / "blobs")
            gate.workers, gate.more = 2, gate.more + more
            gate.configure()
        gate.furnish()
        await gate.start()
        try:
            yield gate, hop, port
        finally:
            await gate.kill()


async def deliver(caller: Caller, number: int) -> str:
    """Bring a letter; return the reply, or nothing when nobody is there any more."""
    try:
        return await bring(caller, number)
    except ConnectionError:
        return ""


async def bring(caller: Caller, number: int) -> str:
    await caller.say(f"MAIL FROM:<{ANNA}>".encode())
    await caller.say(f"RCPT TO:<{CAROL}>".encode())
    await caller.say(b"DATA")
    octets = letter(author=ANNA, to=CAROL, message_id=f"{number}@corp.example", X_Log_To_CRM="yes")
    caller.send(stuffed(octets) + b".\r\n")
    return await caller.reply()


async def figures(port: int) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /metrics HTTP/1.1\r\n\r\n")
    said = await reader.read()
    writer.close()
    return said.decode()


def by_worker(said: str, name: str) -> Counter[str]:
    """Return the sum of a figure for each worker."""
    found: Counter[str] = Counter()
    for line in said.splitlines():
        if match := re.fullmatch(rf'{name}{{.*worker="(\d+)".*}} ([\d.]+)', line):
            found[match[1]] += int(float(match[2]))
    return found


async def with_both(gate: Gate, port: int) -> list[Caller]:
    """Return clients of which each worker has at least one."""
    callers: list[Caller] = []
    counts: Counter[str] = Counter()
    while min(counts["0"], counts["1"]) == 0:
        callers += [await gate.call("submission") for _ in range(2)]
        counts = by_worker(await figures(port), "gateway_sessions")
    return callers


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not holds():  # noqa: ASYNC110 - it happens in other processes
            await asyncio.sleep(0.02)


def said(gate: Gate, words: str) -> int:
    """Return how many lines of the log hold these words."""
    return sum(words in line for line in gate.log.read_text("utf-8").splitlines())


async def test_all_that_workers_take_at_once_has_an_entry_each(
    starter: Zygote, tmp_path: Path, url: str
) -> None:
    async with crew(starter, tmp_path, url) as (gate, hop, _):

        async def client(first: int) -> None:
            caller = await gate.call("submission")
            for number in range(first, first + 10):
                assert "logged opted-in" in await deliver(caller, number)
            caller.writer.close()

        await asyncio.gather(*(client(first) for first in range(0, 80, 10)))
        with Entries(gate.database) as entries:
            found = Counter(entry.message_id for entry in entries.search())
    assert found == Counter(f"{number}@corp.example" for number in range(80))
    assert len(hop.taken) == 80


async def test_twenty_clients_are_shared_evenly(starter: Zygote, tmp_path: Path) -> None:
    async with crew(starter, tmp_path) as (gate, _, port):
        callers = await asyncio.gather(*(gate.call() for _ in range(20)))
        counts = by_worker(await figures(port), "gateway_sessions")
        for caller in callers:
            caller.writer.close()
    assert counts.total() == 20
    assert min(counts["0"], counts["1"]) >= 9


async def test_one_message_through_both_at_once_is_one_entry(
    starter: Zygote, tmp_path: Path, url: str
) -> None:
    async with crew(starter, tmp_path, url) as (gate, _, port):
        callers = await with_both(gate, port)
        await asyncio.gather(*(deliver(caller, 7) for caller in callers))
        for caller in callers:
            caller.writer.close()
        with Entries(gate.database) as entries:
            found = [entry.message_id for entry in entries.search()]
    assert found == ["7@corp.example"]


async def test_figures_of_all_workers_are_told_at_one_place(
    starter: Zygote, tmp_path: Path
) -> None:
    async with crew(starter, tmp_path) as (gate, _, port):
        callers = await with_both(gate, port)
        for number, caller in enumerate(callers):
            await deliver(caller, number)
            caller.writer.close()
        told = await figures(port)
    counts = by_worker(told, "gateway_messages_total")
    assert counts.total() == len(callers)
    assert min(counts["0"], counts["1"]) >= 1
    assert told.count("\ngateway_store_octets ") == 1


async def test_a_worker_that_is_killed_is_replaced_while_the_other_goes_on(
    starter: Zygote, tmp_path: Path, url: str
) -> None:
    async with crew(starter, tmp_path, url) as (gate, _, port):
        before = gate.crew
        callers = await with_both(gate, port)
        os.kill(before[0], signal.SIGKILL)
        replies = [await deliver(caller, n) for n, caller in enumerate(callers)]
        await until(lambda: said(gate, "event=started") == 3)
        after = gate.crew
        for caller in callers:
            caller.writer.close()
    assert {reply[:3] for reply in replies} == {"", "250"}
    assert len(after) == 2
    assert set(after) & set(before) == {before[1]}


async def test_a_reload_reaches_every_worker(starter: Zygote, tmp_path: Path) -> None:
    port = free_port()
    listener = f'[[listener]]\nname = "third"\naddress = "127.0.0.1:{port}"\ndirection = "inbound"'
    async with crew(starter, tmp_path) as (gate, _, _):
        kept = await gate.call("submission")
        gate.more += listener
        gate.configure()
        gate.send(signal.SIGHUP)
        await until(lambda: said(gate, "event=reloaded") == 2)
        gate.ports["third"] = port
        callers = [await gate.call("third") for _ in range(2)]
        assert "250" in await deliver(kept, 1)
        for caller in (*callers, kept):
            caller.writer.close()
    assert len(callers) == 2


async def test_a_faulty_reload_changes_nothing(starter: Zygote, tmp_path: Path) -> None:
    async with crew(starter, tmp_path) as (gate, _, _):
        gate.configure("nonsense")
        gate.send(signal.SIGHUP)
        await until(lambda: said(gate, "reload refused") == 1)
        caller = await gate.call("submission")
        assert (await deliver(caller, 1)).startswith("250 ")
        caller.writer.close()


async def test_a_stop_finishes_what_each_worker_has_under_way(
    starter: Zygote, tmp_path: Path, url: str
) -> None:
    async with crew(starter, tmp_path, url) as (gate, hop, port):
        hop.reads.clear()
        callers = await with_both(gate, port)
        replies = [asyncio.ensure_future(deliver(c, n)) for n, c in enumerate(callers)]
        await until(lambda: sum(line == "DATA" for line in hop.heard) == len(callers))
        gate.send(signal.SIGTERM)
        hop.reads.set()
        assert {reply[:3] for reply in await asyncio.gather(*replies)} == {"250"}
        await gate.gone()
        for caller in callers:
            caller.writer.close()
        assert gate.exit_code in {"0", "None"}
    assert len(hop.taken) == len(callers)


async def test_workers_without_their_parent_leave(
    starter: Zygote, tmp_path: Path, url: str
) -> None:
    async with crew(starter, tmp_path, url) as (gate, _, _):
        gate.send(signal.SIGKILL)
        await gate.gone()
        await until(lambda: said(gate, "event=stopped") == 2)
        await gate.start()
        caller = await gate.call("submission")
        assert (await deliver(caller, 1)).startswith("250 ")
        caller.writer.close()


async def test_a_gateway_whose_workers_cannot_start_ends(starter: Zygote, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        more = f'[metrics]\naddress = "127.0.0.1:{port}"\n'
        async with next_hop() as hop:
            gate = Gate(starter, tmp_path, hop.port, workers=2, more=more)
            gate.furnish()
            await gate.start()
            await gate.gone()
    assert gate.exit_code == "1"
    assert said(gate, "ddress already in use") >= 1


async def test_clients_wait_at_an_inherited_socket_while_the_gateway_is_replaced(
    tmp_path: Path,
) -> None:
    """An upgrade under systemd: the socket stays, the processes go and come."""
    async with next_hop() as hop, AsyncExitStack() as open_:
        gate = Gate(Zygote(None), tmp_path, hop.port, workers=2)  # type: ignore[arg-type]
        gate.furnish()
        door = open_.enter_context(socket.create_server(("127.0.0.1", gate.ports["inbound"])))

        async def start() -> asyncio.subprocess.Process:
            return await asyncio.create_subprocess_exec(
                *("sh", "-c", 'LISTEN_PID=$$ exec "$@" 3<&0 <&-', "sh"),
                *(sys.executable, "-c", ENTRY_POINT, "serve", "--config", str(gate.config)),
                stdin=door.fileno(),
                stderr=subprocess.DEVNULL,
                env={**os.environ, "LISTEN_FDS": "1", "LISTEN_FDNAMES": "inbound"},
            )

        first = await start()
        caller = await gate.call()
        first.terminate()
        assert (await caller.reply()).startswith("421")
        caller.writer.close()
        assert await first.wait() == 0
        waiting = asyncio.ensure_future(gate.call())
        second = await start()
        caller = await waiting
        assert (await deliver(caller, 1)).startswith("250 ")
        caller.writer.close()
        second.terminate()
        assert await second.wait() == 0
