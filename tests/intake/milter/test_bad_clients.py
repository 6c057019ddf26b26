"""What breaks the protocol ends cleanly, and the others go on."""

from __future__ import annotations

import asyncio
import contextlib
import struct
from pathlib import Path

import pytest

from tests.intake.milter.conftest import Door, opened
from tests.intake.milter.mta import Mta, Shown, connect, frame, offer, strings

FIELD = frame(b"L", strings(b"Subject", b" x"))


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        (struct.pack("!I", 0), "a frame of 0 octets"),
        (struct.pack("!I", 2**31), "a frame of 2147483648 octets"),
        (frame(b"z"), "unknown command"),
        (frame(b"O", b"\0"), "a negotiation of 1 octets"),
        (b"GET / HTTP/1.1\r\n\r\n", "a frame of"),
    ],
)
async def test_octets_that_are_no_milter_end_the_connection(
    door: Door, octets: bytes, words: str
) -> None:
    mta = await door.connect()
    await mta.say(octets)
    assert await mta.hear() == b""
    assert [subject for _, subject in door.notes] == ["milter 127.0.0.1"]
    assert words in door.notes[0][0]


@pytest.mark.parametrize(
    "frames",
    [
        [connect()],
        [frame(b"A")],
        [frame(b"K")],
        [offer(), offer()],
        [offer(), frame(b"H", b"x\0")],
        [offer(), *Shown().envelope()],
        [offer(), connect(), connect()],
        [offer(), connect(), frame(b"R", b"<a@b>\0")],
        [offer(), connect(), frame(b"T")],
        [offer(), connect(), FIELD],
        [offer(), connect(), frame(b"N")],
        [offer(), connect(), frame(b"B", b"x")],
        [offer(), connect(), frame(b"E")],
        [offer(), connect(), *Shown().envelope(), *Shown().envelope()],
        [offer(), connect(), *Shown().envelope(), connect()],
        [offer(), connect(), *Shown().envelope(), FIELD, frame(b"R", b"<a@b>\0")],
        [offer(), connect(), *Shown().envelope(), frame(b"N"), FIELD],
        [offer(), connect(), *Shown().envelope(), frame(b"N"), frame(b"N")],
        [offer(), connect(), *Shown().envelope(), frame(b"B", b"x"), FIELD],
    ],
)
async def test_commands_out_of_order_end_the_connection(door: Door, frames: list[bytes]) -> None:
    mta = await door.connect()
    await mta.say(*frames)
    heard = [await mta.hear()]
    while heard[-1]:
        heard.append(await mta.hear())
    assert {answer[:1] for answer in heard} <= {b"O", b""}
    assert "out of order" in door.notes[0][0]


async def test_others_go_on_when_one_breaks_the_protocol(door: Door) -> None:
    good, bad = await door.client(), await door.client()
    await good.say(*Shown().envelope())
    await bad.say(*Shown().envelope(), frame(b"z"))
    assert await bad.hear() == b""
    await good.say(*Shown().content())
    assert await good.verdict() == [b"a"]


@pytest.mark.parametrize("size", [0, 1_000_000])
async def test_a_client_that_stops_in_the_middle_leaves_nothing(door: Door, size: int) -> None:
    mta = await door.client()
    shown = Shown(body=b"x" * size)
    await mta.say(*shown.envelope(), *shown.content()[:-1])
    await mta.close()
    await gone(door)
    assert not door.envelopes
    assert not list(door.settings.folder.iterdir())


async def gone(door: Door) -> None:
    """Wait until all connections have ended, by asking for a new one's place in the row."""
    while door.server.connections:
        other = await Mta.open(door.server.port)
        await other.say(frame(b"Q"))
        await other.hear()
        await other.close()


async def test_a_client_that_stops_in_the_middle_of_a_frame_is_noted(door: Door) -> None:
    mta = await door.client()
    await mta.say(connect()[:9])
    mta.writer.write_eof()
    assert await mta.hear() == b""
    assert "in the middle of a frame" in door.notes[0][0]


async def test_a_header_without_end_passes_unseen(tmp_path: Path) -> None:
    async with opened(tmp_path, size_limit=100_000) as door:
        field = (b"X-More", b" " + b"x" * 1000)
        assert await door.show(Shown(fields=(field,) * 2000)) == [b"a"]
        assert door.notes == [
            ("passed unseen: larger than the size limit of 100000 octets", "milter 4XyZ")
        ]
        assert not door.envelopes


async def test_an_over_large_message_passes_unseen_and_the_next_is_seen(tmp_path: Path) -> None:
    async with opened(tmp_path, size_limit=400_000) as door:
        mta = await door.client()
        assert await mta.show(Shown(body=b"x" * 1_000_000)) == [b"a"]
        assert await mta.show(Shown()) == [b"a"]
        assert door.octets == Shown().octets


async def test_no_size_limit_takes_all(tmp_path: Path) -> None:
    async with opened(tmp_path, size_limit=0) as door:
        await door.show(Shown(body=b"x" * 1_000_000))
        assert door.octets == Shown(body=b"x" * 1_000_000).octets


async def test_an_envelope_without_end_ends_the_connection(door: Door) -> None:
    mta = await door.client()
    many = (b"<" + b"x" * 5000 + b"@example.com>",)
    with contextlib.suppress(ConnectionError):
        await mta.say(*Shown(rcpts=(many,) * 3000).envelope())
    assert await mta.hear() == b""
    assert "an envelope without end" in door.notes[0][0]


async def test_a_folder_that_is_gone_lets_the_message_pass(tmp_path: Path) -> None:
    async with opened(tmp_path / "gone") as door:
        assert await door.show(Shown(body=b"x" * 1_000_000)) == [b"a"]
        assert door.notes[0][0].startswith("passed unseen: no room for it")


async def test_a_stranger_is_turned_away(tmp_path: Path) -> None:
    async with opened(tmp_path, trusted=()) as door:
        mta = await door.connect()
        assert await mta.hear() == b""
        assert door.notes == [("a client that is none of the trusted ones", "milter 127.0.0.1")]


async def test_more_connections_than_allowed_are_turned_away(tmp_path: Path) -> None:
    async with opened(tmp_path, sessions_limit=1) as door:
        first = await door.client()
        second = await door.connect()
        assert await second.hear() == b""
        assert await first.show(Shown()) == [b"a"]


async def test_a_silent_mta_is_let_go(tmp_path: Path) -> None:
    async with opened(tmp_path, idle_timeout_s=0.05) as door:
        mta = await door.client()
        assert await asyncio.wait_for(mta.hear(), 5) == b""
