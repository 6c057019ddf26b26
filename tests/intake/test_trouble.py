"""A defect of ours, a next hop in trouble, a client that goes: what each is told."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest

from gateway.interfaces import Delivery, Handled
from gateway.model.envelope import Envelope, RelayState, Reply
from gateway.relay.client import Timeouts
from tests.intake.door import LETTER, gateway, open_door
from tests.next_hop import next_hop


async def test_defect_of_ours_is_451_and_delivers_nothing(tmp_path: Path) -> None:
    async with gateway(tmp_path) as door:

        async def fail(envelope: Envelope, delivery: Delivery) -> Handled:
            await delivery.stream(envelope.content)
            raise RuntimeError("a defect")

        door.receive = fail
        caller = await door.call()
        assert await caller.deliver(LETTER) == (
            "451 4.3.0 Something went wrong here; try again later"
        )
        assert door.hop.taken == []
        door.receive = door.pass_on
        assert (await caller.deliver(LETTER)).startswith("250")


async def test_log_of_a_defect_holds_no_words_of_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with gateway(tmp_path) as door:

        async def fail(envelope: Envelope, delivery: Delivery) -> Handled:
            del delivery
            raise RuntimeError(f"cannot read {envelope.content.octets!r}")

        door.receive = fail
        await (await door.call()).deliver(LETTER)
    said = "".join(capsys.readouterr())
    assert "RuntimeError" in said
    assert "hello" not in said


async def test_defect_after_the_next_hops_250_is_still_250(tmp_path: Path) -> None:
    async with gateway(tmp_path) as door:

        async def fail(envelope: Envelope, delivery: Delivery) -> Handled:
            await door.pass_on(envelope, delivery)
            raise RuntimeError("a defect")

        door.receive = fail
        caller = await door.call()
        assert await caller.deliver(LETTER) == "250 2.0.0 Ok: queued as 1"


async def test_flow_may_turn_a_message_away(tmp_path: Path) -> None:
    async with gateway(tmp_path) as door:

        async def turn_away(envelope: Envelope, delivery: Delivery) -> Handled:
            await delivery.stream(envelope.content)
            await delivery.abort()
            return Handled(Reply(554, ("5.4.6 Too many hops",)))

        door.receive = turn_away
        caller = await door.call()
        assert await caller.deliver(LETTER) == "554 5.4.6 Too many hops"
        assert (await caller.say(b"NOOP")).startswith("250")
        assert door.hop.taken == []


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA", "."])
@pytest.mark.parametrize("said", ["450 4.7.1 later", "554 5.7.1 never", "close", "421 4.3.2 bye"])
async def test_trouble_of_the_next_hop_is_told_at_the_step_where_it_is(
    tmp_path: Path, step: str, said: str
) -> None:
    async with gateway(tmp_path, timeouts=Timeouts(command_s=5)) as door:
        door.hop.answer = lambda line: said if line.startswith(step) else None
        caller = await door.call()
        replies = [await caller.say(b"MAIL FROM:<a@x.example>")]
        if replies[-1].startswith("250"):
            replies.append(await caller.say(b"RCPT TO:<b@y.example>"))
        if replies[-1].startswith("250"):
            assert (await caller.say(b"DATA")).startswith("354")
            caller.send(LETTER + b".\r\n")
            replies.append(await caller.reply())
        assert replies[-1].startswith("451 4.4.2" if said == "close" else said)
        assert door.hop.taken == []


@pytest.mark.parametrize("step", ["", "EHLO", "MAIL", "RCPT", "DATA", "content"])
async def test_client_that_goes_at_any_step_leaves_nothing_open(tmp_path: Path, step: str) -> None:
    async with gateway(tmp_path) as door:
        caller = await door.call(hello=False)
        await caller.reply()
        said = {
            "EHLO": b"EHLO c.example",
            "MAIL": b"MAIL FROM:<a@x.example>",
            "RCPT": b"RCPT TO:<b@y.example>",
            "DATA": b"DATA",
        }
        for verb, line in said.items():
            if step:
                await caller.say(line)
            if verb == step:
                break
        if step == "content":
            caller.send(b"half of a mess")
            await caller.writer.drain()
        caller.writer.close()
        other = await door.call()
        assert (await other.deliver(LETTER)).startswith("250")
        assert len(door.hop.taken) == 1


async def test_client_that_goes_while_we_deliver_does_not_stop_it(tmp_path: Path) -> None:
    async with gateway(tmp_path) as door:
        gone, done = asyncio.Event(), asyncio.Event()

        async def wait_first(envelope: Envelope, delivery: Delivery) -> Handled:
            await gone.wait()
            try:
                return await door.pass_on(envelope, delivery)
            finally:
                done.set()

        door.receive = wait_first
        caller = await door.call()
        await caller.open()
        caller.send(LETTER + b".\r\n")
        await caller.writer.drain()
        caller.writer.transport.abort()
        await asyncio.sleep(0.01)
        gone.set()
        await done.wait()
        assert door.states == [RelayState.RELAYED]


async def test_half_closed_client_gets_its_replies(tmp_path: Path) -> None:
    async with gateway(tmp_path) as door:
        caller = await door.call()
        await caller.open()
        caller.send(LETTER + b".\r\nNOOP\r\n")
        caller.writer.write_eof()
        assert (await caller.reply()).startswith("250 2.0.0 Ok: queued")
        assert (await caller.reply()).startswith("250")
        assert await caller.reply() == ""


async def test_client_that_half_closes_in_a_message_delivers_nothing(tmp_path: Path) -> None:
    async with gateway(tmp_path) as door:
        caller = await door.call()
        await caller.open()
        caller.send(LETTER)
        caller.writer.write_eof()
        assert await caller.reply() == ""
        assert door.hop.taken == []


async def test_client_that_does_not_read_its_replies_is_waited_for(tmp_path: Path) -> None:
    count = 20_000
    async with gateway(tmp_path) as door:
        with socket.create_connection(("127.0.0.1", door.server.port)) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
            client.setblocking(False)
            loop = asyncio.get_running_loop()
            sending = asyncio.ensure_future(
                loop.sock_sendall(client, b"EHLO c.example\r\n" * count + b"QUIT\r\n")
            )
            await asyncio.wait([sending], timeout=0.1)
            said = b""
            while octets := await loop.sock_recv(client, 1_000_000):
                said += octets
            await sending
        assert said.count(b"250 XFORWARD") == count
        assert said.endswith(b"221 2.0.0 Bye\r\n")


async def test_large_content_of_a_client_that_goes_is_forgotten(tmp_path: Path) -> None:
    async with gateway(tmp_path, memory_octets=10) as door:
        caller = await door.call()
        await caller.open()
        caller.send(b"x" * 100_000)
        caller.writer.write_eof()
        assert await caller.reply() == ""
        assert door.envelopes == []


async def test_next_hop_that_is_away_is_451_4_4_1_at_mail(tmp_path: Path) -> None:
    async with gateway(tmp_path) as door:
        door.hop.answer = lambda line: "close" if line == "connect" else None
        caller = await door.call()
        assert (await caller.say(b"MAIL FROM:<a@x.example>")).startswith("451 4.4.1")
        assert (await caller.say(b"NOOP")).startswith("250")


async def test_next_hop_that_was_never_heard_makes_no_client_give_a_message_up(
    tmp_path: Path,
) -> None:
    async with next_hop() as hop, open_door(tmp_path, hop) as door:
        hop.answer = lambda line: "close" if line == "connect" else None
        caller = await door.call(hello=False)
        await caller.reply()
        offered = await caller.say(b"EHLO client.example")
        assert {"250-8BITMIME", "250-SMTPUTF8", "250-DSN"} <= {*offered.split("|")}
        reply = await caller.say("MAIL FROM:<jörg@x.example> SMTPUTF8".encode())
        assert reply.startswith("451 4.4.1")
