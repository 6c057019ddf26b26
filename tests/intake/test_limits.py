"""How much a client may send, how long it may take, and how many there may be."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from gateway.interfaces import Delivery, Handled
from gateway.model.envelope import Envelope
from tests.intake.door import LETTER, RECEIVER, Caller, gateway


async def test_many_ehlos_change_no_limit(tmp_path: Path) -> None:
    async with gateway(tmp_path) as door:
        caller = await door.call()
        for _ in range(30):
            await caller.say(b"EHLO c.example")
        assert await caller.say(b"NOOP " + b"x" * 5000) == "500 5.5.2 Line too long"
        assert (await caller.say(b"NOOP")).startswith("250")


async def test_patience_with_nonsense_ends(tmp_path: Path) -> None:
    async with gateway(tmp_path) as door:
        caller = await door.call()
        caller.send(b"FOO\r\n" * 30)
        said = [reply async for reply in all_replies(caller)]
        assert said[-1].startswith("421 4.7.0")


async def all_replies(caller: Caller) -> AsyncIterator[str]:
    while reply := await caller.reply():
        yield reply


async def test_recipients_are_limited(tmp_path: Path) -> None:
    async with gateway(tmp_path, recipients_limit=1) as door:
        caller = await door.call()
        await caller.say(b"MAIL FROM:<a@x.example>")
        await caller.say(b"RCPT TO:<b@y.example>")
        assert (await caller.say(b"RCPT TO:<c@y.example>")).startswith("452 4.5.3")


async def test_size_over_the_limit_is_refused_at_mail(tmp_path: Path) -> None:
    async with gateway(tmp_path, size_limit=100) as door:
        caller = await door.call()
        assert (await caller.say(b"MAIL FROM:<a@x.example> SIZE=101")).startswith("552 5.3.4")


async def test_content_over_the_limit_is_refused_at_its_end(tmp_path: Path) -> None:
    async with gateway(tmp_path, size_limit=100) as door:
        caller = await door.call()
        assert (await caller.deliver(b"x" * 200 + b"\r\n")).startswith("552 5.3.4")
        assert (await caller.deliver(LETTER)).startswith("250")
        assert len(door.hop.taken) == 1


@pytest.mark.skipif(RECEIVER == "stock", reason="stock keeps content in memory")
async def test_full_disk_is_452(tmp_path: Path) -> None:
    async with gateway(tmp_path / "gone", memory_octets=10) as door:
        caller = await door.call()
        assert (await caller.deliver(LETTER)).startswith("452 4.3.1")
        assert (await caller.say(b"NOOP")).startswith("250")


async def test_sessions_are_limited(tmp_path: Path) -> None:
    async with gateway(tmp_path, sessions_limit=1) as door:
        first = await door.call()
        second = await door.call(hello=False)
        assert (await second.reply()).startswith("421 4.7.0")
        await first.say(b"QUIT")
        await first.reply()
        third = await door.call(hello=False)
        assert (await third.reply()).startswith("220")


async def test_sessions_of_one_stranger_are_limited(tmp_path: Path) -> None:
    async with gateway(tmp_path, trusted=(), client_sessions_limit=1) as door:
        await door.call()
        second = await door.call(hello=False)
        assert (await second.reply()).startswith("421 4.7.0")


async def test_silent_client_is_told_and_closed(tmp_path: Path) -> None:
    async with gateway(tmp_path, command_timeout_s=0.05) as door:
        caller = await door.call()
        assert (await caller.reply()).startswith("421 4.4.2")
        assert await caller.reply() == ""


@pytest.mark.parametrize(
    "steps",
    [
        (),
        (b"EHLO x.example",),
        (b"EHLO x.example", b"MAIL FROM:<a@x.example>"),
        (b"EHLO x.example", b"MAIL FROM:<a@x.example>", b"RCPT TO:<b@y.example>"),
        (b"EHLO x.example", b"MAIL FROM:<a@x.example>", b"RCPT TO:<b@y.example>", b"DATA"),
    ],
    ids=lambda steps: steps[-1][:4].decode() if steps else "connect",
)
async def test_a_client_that_hangs_at_any_step_is_told_and_the_next_one_is_served(
    tmp_path: Path, steps: tuple[bytes, ...]
) -> None:
    async with gateway(tmp_path, command_timeout_s=0.3, data_timeout_s=0.3) as door:
        caller = await door.call(hello=False)
        await caller.reply()
        for step in steps:
            assert (await caller.say(step))[:1] in {"2", "3"}
        if steps[-1:] == (b"DATA",):
            caller.send(b"Subject: x\r\n\r\nhal")
        assert (await caller.reply()).startswith("421 4.4.2")
        assert await caller.reply() == ""
        assert (await (await door.call()).deliver(LETTER)).startswith("250")
    assert len(door.hop.taken) == 1


async def drip(caller: Caller, octets: bytes) -> str:
    """Send one octet after the other, slowly, until the gateway says something."""
    replying = asyncio.ensure_future(caller.reply())
    for octet in octets:
        caller.send(bytes((octet,)))
        await asyncio.wait({replying}, timeout=0.02)
        if replying.done():
            break
    return await replying


async def test_a_command_that_comes_an_octet_now_and_then_has_no_more_time(
    tmp_path: Path,
) -> None:
    async with gateway(tmp_path, command_timeout_s=0.2) as door:
        caller = await door.call()
        assert (await drip(caller, b"NOOP " + b"x" * 400)).startswith("421 4.4.2")


@pytest.mark.skipif(RECEIVER == "stock", reason="stock reads content by itself")
async def test_content_that_comes_an_octet_now_and_then_is_ended(tmp_path: Path) -> None:
    async with gateway(tmp_path, data_timeout_s=0.2) as door:
        caller = await door.call()
        await caller.open()
        said = await drip(caller, b"Subject: " + b"x" * 400)
        assert said.startswith("421 4.4.2 Your message comes in too slowly")
        # An octet that is still on its way meets a closed door: a reset in place of an end.
        with suppress(ConnectionResetError):
            assert await caller.reply() == ""
    assert not door.envelopes
    assert not door.hop.taken


async def test_time_limit_does_not_run_while_the_gateway_works(tmp_path: Path) -> None:
    async with gateway(tmp_path, command_timeout_s=0.05, data_timeout_s=0.05) as door:

        async def slowly(envelope: Envelope, delivery: Delivery) -> Handled:
            await asyncio.sleep(0.2)
            return await door.pass_on(envelope, delivery)

        door.receive = slowly
        caller = await door.call()
        assert (await caller.deliver(LETTER)).startswith("250")


async def test_stranger_may_not_send(tmp_path: Path) -> None:
    async with gateway(tmp_path, clients=()) as door:
        caller = await door.call()
        assert (await caller.say(b"MAIL FROM:<a@x.example>")).startswith("554 5.7.1")


async def test_endless_command_line_is_thrown_away(tmp_path: Path) -> None:
    async with gateway(tmp_path) as door:
        caller = await door.call()
        for _ in range(20):
            caller.send(b"x" * 10_000)
            await caller.writer.drain()
            await asyncio.sleep(0)
        assert await caller.say(b"") == "500 5.5.2 Line too long"
        assert (await caller.say(b"NOOP")).startswith("250")


async def test_too_many_transactions_end_in_an_early_421(tmp_path: Path) -> None:
    async with gateway(tmp_path, pool={"connections": 1, "waiting_s": 0.01}) as door:
        first = await door.call()
        await first.say(b"MAIL FROM:<a@x.example>")
        second = await door.call()
        assert (await second.say(b"MAIL FROM:<a@x.example>")).startswith("421 4.3.2")
        assert await second.reply() == ""
