"""Whoever watches the gateway: figures, health, readiness; and that mail does not wait for it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pysqlite3

from gateway import maillog
from gateway.config.load import parse_config
from gateway.daemon import Daemon
from tests.flows.running import CONFIG, Running
from tests.letters import letter
from tests.next_hop import NextHop, next_hop
from tests.test_daemon import company, deliver, sent

MORE = """
[metrics]
address = "127.0.0.1:0"
"""


@asynccontextmanager
async def watched(folder: Path, hop: NextHop, policy: str = "") -> AsyncIterator[Running]:
    """Start a whole gateway that may be asked."""
    text = CONFIG.format(state=folder / "state", hop=hop.port, policy=policy) + MORE
    daemon = Daemon(
        parse_config(text, folder / "replygate.toml", {}), maillog.configure("logfmt", "error")
    )
    await daemon.start()
    try:
        yield Running(daemon, daemon.config.store_path)
    finally:
        await daemon.stop()


async def ask(gateway: Running, request: str) -> tuple[str, str]:
    """Return status and body."""
    assert gateway.daemon.watch is not None
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.daemon.watch.port)
    writer.write(f"{request}\r\nHost: x\r\n\r\n".encode())
    answer = (await reader.read()).decode()
    writer.close()
    head, _, body = answer.partition("\r\n\r\n")
    return head.split(" ", 1)[1].split("\r\n")[0], body


async def figures(gateway: Running) -> dict[str, float]:
    _, body = await ask(gateway, "GET /metrics HTTP/1.1")
    lines = (line.rpartition(" ") for line in body.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in lines}


async def test_each_message_is_counted_by_reason_and_route(tmp_path: Path) -> None:
    async with next_hop() as hop, watched(tmp_path, hop) as gateway:
        await deliver(gateway, "inbound", "a@x.example", "anna@corp.example", letter())
        found = await figures(gateway)
    names = [name for name in found if name.startswith("gateway_messages_total")]
    assert len(names) == 1
    told = dict(pair.split("=") for pair in names[0].partition("{")[2].rstrip("}").split(","))
    assert (told["route"], told["relay"]) == ('"inbound"', '"relayed"')
    assert found[names[0]] == 1


async def test_each_stage_has_its_times(tmp_path: Path) -> None:
    async with next_hop() as hop, watched(tmp_path, hop) as gateway:
        await deliver(gateway, "inbound", "a@x.example", "anna@corp.example", letter())
        found = await figures(gateway)
    stages = ("decide", "record", "relay", "whole")
    took = [found[f'gateway_stage_seconds_sum{{stage="{stage}"}}'] for stage in stages]
    assert 0 < took[0] < took[3]
    assert abs(sum(took[:3]) - took[3]) < 0.001


async def test_clients_and_connections_are_told(tmp_path: Path) -> None:
    async with next_hop() as hop, watched(tmp_path, hop) as gateway:
        caller = await gateway.call()
        await caller.say(b"MAIL FROM:<a@x.example>")
        found = await figures(gateway)
        caller.writer.close()
        name = f'next_hop="127.0.0.1:{hop.port}"'
    assert found['gateway_sessions{route="inbound"}'] == 1
    assert found[f"gateway_next_hop_transactions{{{name}}}"] == 1


async def test_what_waits_undecided_is_told_with_its_age(tmp_path: Path) -> None:
    async with next_hop() as hop, watched(tmp_path, hop) as gateway:
        company(gateway)
        other = pysqlite3.connect(gateway.database, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        offer = sent(X_Log_To_CRM="yes")
        await deliver(gateway, "submission", "anna@corp.example", "carol@customer.example", offer)
        found = await figures(gateway)
        other.close()
    assert found["gateway_spool_messages"] == 1
    assert 0 < found["gateway_spool_oldest_seconds"] < 60
    assert found['gateway_troubles_total{route="submission"}'] == 1


async def test_what_was_damaged_in_the_spool_is_told(tmp_path: Path) -> None:
    async with next_hop() as hop, watched(tmp_path, hop) as gateway:
        aside = gateway.database.parent / "spool" / "unreadable"
        aside.mkdir(parents=True)
        for suffix in ("eml", "json"):
            (aside / f"0000000000000001-aaaaaaaa.{suffix}").write_text("{}")
        assert (await figures(gateway))["gateway_spool_unreadable_messages"] == 1


async def test_it_is_ready_while_it_takes_mail(tmp_path: Path) -> None:
    async with next_hop() as hop, watched(tmp_path, hop) as gateway:
        status, body = await ask(gateway, "GET /ready HTTP/1.1")
    assert status == "200 OK"
    assert json.loads(body) == {
        "taking_mail": True,
        "state": "well",
        "store": "well",
        "undecided": 0,
        "oldest_undecided_s": 0,
        "unreadable": 0,
    }


async def test_it_is_alive(tmp_path: Path) -> None:
    async with next_hop() as hop, watched(tmp_path, hop) as gateway:
        assert await ask(gateway, "GET /health HTTP/1.1") == ("200 OK", "alive\n")


async def test_other_pages_and_methods_are_refused(tmp_path: Path) -> None:
    async with next_hop() as hop, watched(tmp_path, hop) as gateway:
        assert (await ask(gateway, "GET /etc/passwd HTTP/1.1"))[0] == "404 Not Found"
        assert (await ask(gateway, "POST /metrics HTTP/1.1"))[0] == "405 Method Not Allowed"


async def test_who_asks_and_says_nothing_delays_no_mail(tmp_path: Path) -> None:
    async with next_hop() as hop, watched(tmp_path, hop) as gateway:
        assert gateway.daemon.watch is not None
        port = gateway.daemon.watch.port
        silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(40)]
        said = await deliver(gateway, "inbound", "a@x.example", "anna@corp.example", letter())
        for _, writer in silent:
            writer.close()
    assert said.startswith("250 ")


async def test_nothing_of_a_letter_is_in_the_figures(tmp_path: Path) -> None:
    async with next_hop() as hop, watched(tmp_path, hop) as gateway:
        await deliver(gateway, "inbound", "a@x.example", "anna@corp.example", letter())
        _, body = await ask(gateway, "GET /metrics HTTP/1.1")
    assert not any(word in body for word in ("a@x.example", "anna", "Our offer", "customer"))
