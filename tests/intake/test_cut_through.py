"""Large content that is on its way to the next hop before its end has come."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.interfaces import Delivery, Handled
from gateway.mail.wire import stuffed
from gateway.model.envelope import Envelope, Reply
from tests.intake.door import RECEIVER, Door, gateway, open_door
from tests.next_hop import NextHop

pytestmark = pytest.mark.skipif(RECEIVER == "stock", reason="stock passes nothing on early")
MEMORY_OCTETS = 1000
LINE = b"x" * 76 + b"\r\n"
LARGE = LINE * 100
PATIENCE_S = 20.0


class Ear(NextHop):
    """A next hop that notes every octet of content at the moment when it comes."""

    def __init__(self) -> None:
        super().__init__()
        self.said = b""
        self.more = asyncio.Condition()
        self.gone = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 ear ESMTP\r\n")
        while line := await reader.readline():
            if line.startswith(b"DATA"):
                writer.write(b"354 Go on\r\n")
                break
            writer.write(b"250 2.1.0 Ok\r\n")
        while octets := await reader.read(65_536):
            async with self.more:
                self.said += octets
                self.more.notify_all()
            if self.said.endswith(b"\r\n.\r\n"):
                writer.write(b"250 2.0.0 Ok\r\n")
            if self.said.endswith(b".\r\nQUIT\r\n"):
                break
        writer.close()
        self.gone.set()

    @property
    def message(self) -> bytes:
        """All of the content with the final dot, without what was said behind it."""
        return self.said.removesuffix(b"QUIT\r\n")

    async def heard_octets(self, count: int) -> None:
        """Return when so many octets have come."""
        async with asyncio.timeout(PATIENCE_S), self.more:
            await self.more.wait_for(lambda: len(self.said) >= count)


@asynccontextmanager
async def ear(spool: Path, **settings: Any) -> AsyncIterator[tuple[Door, Ear]]:
    hop = Ear()
    server = await asyncio.start_server(hop.serve, "127.0.0.1", 0)
    hop.port = server.sockets[0].getsockname()[1]
    async with open_door(spool, hop, memory_octets=MEMORY_OCTETS, **settings) as door:
        yield door, hop
    server.close()


async def test_content_leaves_before_its_end_has_come(tmp_path: Path) -> None:
    async with ear(tmp_path) as (door, hop):
        caller = await door.call()
        await caller.open()
        caller.send(LARGE)
        await hop.heard_octets(len(LARGE) - len(LINE))
        assert LARGE.startswith(hop.said)
        caller.send(b".\r\n")
        assert (await caller.reply()).startswith("250")
    assert hop.message == LARGE + b".\r\n"


async def test_the_end_of_data_waits_for_the_record(tmp_path: Path) -> None:
    async with ear(tmp_path) as (door, hop):
        recorded = asyncio.Event()

        async def receive(envelope: Envelope, delivery: Delivery) -> Handled:
            await delivery.stream(envelope.content)
            await hop.heard_octets(len(LARGE))
            await recorded.wait()
            assert hop.said == LARGE
            relayed = await delivery.finish()
            assert relayed.sha256_out == hashlib.sha256(LARGE).digest()
            return Handled(relayed.reply or Reply(451, ("",)))

        door.receive = receive
        caller = await door.call()
        await caller.open()
        caller.send(LARGE + b".\r\n")
        await hop.heard_octets(len(LARGE))
        recorded.set()
        assert (await caller.reply()).startswith("250")


async def test_a_client_that_dies_leaves_nothing_half_delivered(tmp_path: Path) -> None:
    async with ear(tmp_path) as (door, hop):
        caller = await door.call()
        await caller.open()
        caller.send(LARGE)
        await hop.heard_octets(len(LARGE) - len(LINE))
        caller.writer.transport.abort()
        async with asyncio.timeout(PATIENCE_S):
            await hop.gone.wait()
    assert b"\r\n.\r\n" not in hop.said


@pytest.mark.parametrize("sequence", [b"\n.\n", b"\r.\r\n", b"\n.\r\n"])
async def test_a_false_end_is_never_sent(tmp_path: Path, sequence: bytes) -> None:
    async with ear(tmp_path) as (door, hop):
        caller = await door.call()
        await caller.open()
        caller.send(LARGE)
        await hop.heard_octets(len(LARGE) - len(LINE))
        caller.send(b"x" + sequence + b"MAIL FROM:<evil@x>\r\n.\r\n")
        assert (await caller.reply()).startswith("550 5.6.0")
        async with asyncio.timeout(PATIENCE_S):
            await hop.gone.wait()
    assert LARGE.startswith(hop.said)


@pytest.mark.parametrize("cut", [1, 2])
async def test_a_false_end_across_pieces_is_never_whole(tmp_path: Path, cut: int) -> None:
    sequence = b"\n.\n"
    async with ear(tmp_path) as (door, hop):
        caller = await door.call()
        await caller.open()
        caller.send(LARGE + b"x" + sequence[:cut])
        await hop.heard_octets(len(LARGE))
        caller.send(sequence[cut:] + b"MAIL FROM:<evil@x>\r\n.\r\n")
        assert (await caller.reply()).startswith("550 5.6.0")
        async with asyncio.timeout(PATIENCE_S):
            await hop.gone.wait()
    assert sequence not in hop.said


async def test_ambiguous_content_is_followed_to_its_end_where_it_may_pass(tmp_path: Path) -> None:
    async with ear(tmp_path, ambiguous_end="pass") as (door, hop):
        caller = await door.call()
        await caller.open()
        caller.send(LARGE + b"x\n.\ny\r\n.\r\n")
        assert (await caller.reply()).startswith("250")
    assert hop.message == LARGE + b"x\n.\ny\r\n.\r\n"


async def test_a_next_hop_that_dies_in_the_middle_is_451(tmp_path: Path) -> None:
    async with gateway(tmp_path, memory_octets=MEMORY_OCTETS) as door:
        door.hop.early = b""
        caller = await door.call()
        await caller.open()
        caller.send(LARGE)
        await door.hop.emptied()
        caller.send(LARGE + b".\r\n")
        assert (await caller.reply()).startswith("451 4.4.2")
    assert door.hop.taken == []


async def test_a_refusal_of_data_is_told_at_the_end(tmp_path: Path) -> None:
    async with gateway(tmp_path, memory_octets=MEMORY_OCTETS) as door:
        door.hop.answer = lambda line: "554 5.7.1 Not you" if line == "DATA" else None
        caller = await door.call()
        assert (await caller.deliver(LARGE)) == "554 5.7.1 Not you"
        door.hop.answer = lambda _: None
        assert (await caller.deliver(LARGE)).startswith("250")


async def test_content_over_the_limit_is_not_delivered(tmp_path: Path) -> None:
    async with ear(tmp_path, size_limit=len(LARGE)) as (door, hop):
        caller = await door.call()
        await caller.open()
        caller.send(LARGE)
        await hop.heard_octets(len(LARGE) - len(LINE))
        caller.send(LINE + b".\r\n")
        assert (await caller.reply()).startswith("552 5.3.4")
        async with asyncio.timeout(PATIENCE_S):
            await hop.gone.wait()
    assert b"\r\n.\r\n" not in hop.said


async def test_what_the_flow_turns_away_is_not_delivered(tmp_path: Path) -> None:
    async def receive(envelope: Envelope, delivery: Delivery) -> Handled:
        del envelope
        await delivery.abort()
        return Handled(Reply(554, ("5.4.6 A loop",)))

    async with ear(tmp_path) as (door, hop):
        door.receive = receive
        caller = await door.call()
        assert (await caller.deliver(LARGE)) == "554 5.4.6 A loop"
        async with asyncio.timeout(PATIENCE_S):
            await hop.gone.wait()
    assert b"\r\n.\r\n" not in hop.said


async def test_a_disk_that_fails_in_the_middle_delivers_nothing(tmp_path: Path) -> None:
    async with gateway(tmp_path / "gone", memory_octets=MEMORY_OCTETS) as door:
        caller = await door.call()
        assert (await caller.deliver(LARGE)).startswith("452 4.3.1")
    assert door.hop.taken == []


async def test_a_copy_is_followed_by_nobody(tmp_path: Path) -> None:
    async with gateway(tmp_path, memory_octets=MEMORY_OCTETS) as door:
        caller = await door.call()
        await caller.open(b"<log@gw.example>")
        caller.send(LARGE + b".\r\n")
        assert (await caller.reply()).startswith("250")
    assert "DATA" not in door.hop.heard


async def test_a_next_hop_that_lags_gets_all_of_it_out_of_the_file(tmp_path: Path) -> None:
    octets = b"".join(b"%0900d\r\n.%d\r\n" % (number, number) for number in range(12_000))
    async with gateway(tmp_path, memory_octets=MEMORY_OCTETS) as door:
        door.hop.reads.clear()
        caller = await door.call()
        await caller.open()
        caller.send(stuffed(octets) + b".\r\n")
        async with asyncio.timeout(PATIENCE_S):
            # All of it is taken while the next hop takes nothing.
            await caller.writer.drain()
            while not door.envelopes:  # noqa: ASYNC110 - the double tells nobody
                await asyncio.sleep(0.01)
        door.hop.reads.set()
        assert (await caller.reply()).startswith("250")
    assert door.hop.taken[0].content == octets


async def test_lines_that_begin_with_a_dot_are_stuffed_again(tmp_path: Path) -> None:
    async with ear(tmp_path) as (door, hop):
        caller = await door.call()
        await caller.open()
        for piece in (LARGE, b"..two\r\n.", b".again\r\n", b".bare\r\n", b".\r\n"):
            caller.send(piece)
            await caller.writer.drain()
        assert (await caller.reply()).startswith("250")
    assert hop.message == LARGE + b"..two\r\n..again\r\nbare\r\n.\r\n"
