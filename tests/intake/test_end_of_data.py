"""Where content ends, wherever it is split: one message in, the same octets out."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.mail.wire import stuffed, unstuffed
from tests.ends import FALSE_ENDS
from tests.intake.door import LETTER, gateway


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b".", b"\0", b"x", b"\xff"]), max_size=40),
    st.lists(st.integers(min_value=0), max_size=6),
)
def test_any_content_split_anywhere_goes_through(
    tmp_path: Path, parts: list[bytes], cuts: list[int]
) -> None:
    wire = stuffed(b"".join(parts) + b"\r\n")

    async def run() -> None:
        async with gateway(tmp_path, ambiguous_end="pass", memory_octets=16) as door:
            caller = await door.call()
            await caller.open()
            octets = wire + b".\r\n"
            at = 0
            for cut in sorted({c % len(octets) for c in cuts} | {len(octets)}):
                caller.send(octets[at:cut])
                await caller.writer.drain()
                await asyncio.sleep(0)
                at = cut
            assert (await caller.reply()).startswith("250")
            assert door.hop.taken[0].wire == wire

    asyncio.run(run())


async def test_pipelined_session_is_answered_in_order(tmp_path: Path) -> None:
    async with gateway(tmp_path) as door:
        caller = await door.call()
        caller.send(b"MAIL FROM:<a@x.example>\r\nRCPT TO:<b@y.example>\r\nDATA\r\n")
        assert [(await caller.reply())[:3] for _ in range(3)] == ["250", "250", "354"]
        caller.send(LETTER + b".\r\nQUIT\r\n")
        assert [(await caller.reply())[:3] for _ in range(2)] == ["250", "221"]


async def test_octets_behind_the_dot_are_the_next_transaction(tmp_path: Path) -> None:
    async with gateway(tmp_path) as door:
        caller = await door.call()
        await caller.open()
        caller.send(
            LETTER + b".\r\nMAIL FROM:<c@x.example>\r\nRCPT TO:<d@y.example>\r\nDATA\r\n"
            b"second\r\n.\r\nQUIT\r\n"
        )
        replies = [(await caller.reply())[:3] for _ in range(6)]
        assert replies == ["250", "250", "250", "354", "250", "221"]
        assert door.hop.taken[1].wire == b"second\r\n"


@pytest.mark.parametrize("cut", range(1, 14))
async def test_end_and_quit_may_be_split_anywhere(tmp_path: Path, cut: int) -> None:
    async with gateway(tmp_path) as door:
        caller = await door.call()
        await caller.open()
        octets = b"a\r\n.\r\nQUIT\r\n"
        caller.send(octets[:cut])
        await caller.writer.drain()
        await asyncio.sleep(0.001)
        caller.send(octets[cut:])
        assert (await caller.reply()).startswith("250")
        assert (await caller.reply()).startswith("221")


async def test_stranger_that_sends_content_before_the_354_is_cut_off(tmp_path: Path) -> None:
    async with gateway(tmp_path, trusted=()) as door:
        caller = await door.call()
        caller.send(b"MAIL FROM:<a@x.example>\r\nRCPT TO:<b@y.example>\r\nDATA\r\nx\r\n.\r\n")
        replies = [await caller.reply() for _ in range(4)]
        assert replies[2].startswith("554 5.5.0")
        assert replies[3] == ""
        assert door.hop.taken == []


SMUGGLED = b"MAIL FROM:<evil@x.example>\r\nRCPT TO:<b@y.example>\r\nDATA\r\nevil\r\n.\r\n"


@pytest.mark.parametrize("sequence", FALSE_ENDS)
async def test_ambiguous_end_is_refused_wherever_it_is_split(
    tmp_path: Path, sequence: bytes
) -> None:
    wire = b"Subject: a\r\n\r\nx" + sequence + SMUGGLED
    async with gateway(tmp_path) as door:
        caller = await door.call()
        for cut in range(15, 15 + len(sequence) + 1):
            await caller.open()
            caller.send(wire[:cut])
            await caller.writer.drain()
            await asyncio.sleep(0)
            caller.send(wire[cut:])
            assert (await caller.reply()).startswith("550 5.6.0")
        assert door.hop.taken == []
        assert door.envelopes == []


@pytest.mark.parametrize("sequence", FALSE_ENDS)
async def test_ambiguous_end_passes_as_one_message_where_allowed(
    tmp_path: Path, sequence: bytes
) -> None:
    wire = b"Subject: a\r\n\r\nx" + sequence + SMUGGLED
    async with gateway(tmp_path, ambiguous_end="pass") as door:
        caller = await door.call()
        await caller.open()
        caller.send(wire)
        assert (await caller.reply()).startswith("250")
        assert [taken.content for taken in door.hop.taken] == [unstuffed(wire[:-3])]


@pytest.mark.parametrize(
    "wire",
    [
        b"",
        b"\r\n",
        b"x" * 100_000 + b"\r\n",
        b"nul \0 and \xff\xfe\r\n",
        b"bare \r and \n alone\r\n",
        b"x\r\n..\0\r\n",
        b"..\r\n",
        b"no header at all",
    ],
)
async def test_odd_content_passes_as_it_is(tmp_path: Path, wire: bytes) -> None:
    async with gateway(tmp_path) as door:
        caller = await door.call()
        await caller.open()
        ending = b".\r\n" if wire.endswith(b"\r\n") or not wire else b"\r\n.\r\n"
        caller.send(wire + ending)
        assert (await caller.reply()).startswith("250")
        whole = wire if ending == b".\r\n" else wire + b"\r\n"
        assert door.hop.taken[0].wire == whole
