"""The MTA is always told that the message may pass."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from gateway.interfaces import Delivery, Handled, StoreBusyError
from gateway.model.envelope import Envelope, Reply
from tests.intake.milter.conftest import LOGGED, Door, opened
from tests.intake.milter.mta import ALL_STEPS, Mta, Shown, connect, offer

BOB, LOG, BCC = (
    (b"<bob@example.org>",),
    (b"<Log@GW.example>",),
    (b"<bcc@gw.example>", b"NOTIFY=NEVER"),
)
OK = Reply(250, ("2.0.0 Ok",))


@pytest.mark.parametrize("error", [StoreBusyError(), RuntimeError("a bug"), MemoryError()])
async def test_an_exception_in_the_flow_ends_in_accept(door: Door, error: Exception) -> None:
    async def fail(envelope: Envelope, delivery: Delivery) -> Handled:
        raise error

    door.receive = fail
    assert await door.show(Shown()) == [b"a"]
    assert door.notes == [(f"passed undecided: {error!r}", "milter 4XyZ")]


@pytest.mark.parametrize(
    "reply", [Reply(451, ("4.3.0 later",)), Reply(554, ("5.4.6 Too many hops",))]
)
async def test_a_refusal_of_ours_ends_in_accept(tmp_path: Path, reply: Reply) -> None:
    async with opened(tmp_path, delete_logging_recipients=True) as door:
        door.handled = Handled(reply)
        assert await door.show(Shown(rcpts=(LOG,))) == [b"a"]


async def shown_to(door: Door, *rcpts: Sequence[bytes]) -> list[bytes]:
    return await door.show(Shown(rcpts=tuple(map(tuple, rcpts))))


async def test_a_logging_address_is_taken_out_once_the_copy_is_durable(tmp_path: Path) -> None:
    async with opened(tmp_path, delete_logging_recipients=True) as door:
        assert await shown_to(door, BOB, LOG) == [b"-<Log@GW.example>\0", b"a"]
        assert len(door.envelopes[0].recipients) == 2


async def test_all_logging_addresses_are_taken_out_each_once(tmp_path: Path) -> None:
    async with opened(tmp_path, delete_logging_recipients=True) as door:
        heard = await shown_to(door, LOG, BOB, BCC, LOG)
        assert heard == [b"-<Log@GW.example>\0", b"-<bcc@gw.example>\0", b"a"]


async def test_a_copy_for_nobody_else_is_discarded(tmp_path: Path) -> None:
    async with opened(tmp_path, delete_logging_recipients=True) as door:
        assert await shown_to(door, LOG, BCC) == [b"d"]


async def test_mail_to_others_is_left_alone(tmp_path: Path) -> None:
    async with opened(tmp_path, delete_logging_recipients=True) as door:
        assert await shown_to(door, BOB) == [b"a"]


@pytest.mark.parametrize("rcpts", [(BOB, LOG), (LOG,)])
@pytest.mark.parametrize("words", ["failed store-unavailable", ""])
async def test_what_is_not_durable_is_not_deleted(
    tmp_path: Path, words: str, rcpts: tuple[tuple[bytes, ...], ...]
) -> None:
    async with opened(tmp_path, delete_logging_recipients=True) as door:
        door.handled = Handled(OK, words)
        assert await shown_to(door, *rcpts) == [b"a"]


@pytest.mark.parametrize("rcpts", [(BOB, LOG), (LOG,)])
async def test_nothing_is_deleted_unless_it_is_switched_on(
    door: Door, rcpts: tuple[tuple[bytes, ...], ...]
) -> None:
    assert await shown_to(door, *rcpts) == [b"a"]


async def test_a_deletion_is_negotiated_where_it_is_switched_on(tmp_path: Path) -> None:
    async with opened(tmp_path, delete_logging_recipients=True) as door:
        mta = await door.connect()
        await mta.say(offer())
        assert (await mta.hear())[5:9] == bytes([0, 0, 0, 8])


async def test_an_mta_that_deletes_no_recipients_is_not_asked_to(tmp_path: Path) -> None:
    async with opened(tmp_path, delete_logging_recipients=True) as door:
        mta = await door.connect()
        await mta.say(offer(actions=0x1F7))
        await mta.hear()
        await mta.say(connect())
        assert await mta.show(Shown(rcpts=(BOB, LOG))) == [b"a"]


class Slow:
    """A flow that ends when it is told to."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.go = asyncio.Event()
        self.ended = asyncio.Event()

    async def receive(self, envelope: Envelope, delivery: Delivery) -> Handled:
        del envelope, delivery
        self.begun.set()
        await self.go.wait()
        self.ended.set()
        return LOGGED


async def test_progress_is_told_while_a_decision_takes_long(tmp_path: Path) -> None:
    async with opened(tmp_path, progress_s=0.01) as door:
        slow = Slow()
        door.receive = slow.receive
        mta = await door.client()
        await mta.say(*Shown().envelope(), *Shown().content())
        assert [await mta.hear(), await mta.hear()] == [b"p", b"p"]
        slow.go.set()
        assert (await mta.verdict())[-1] == b"a"


async def test_a_decision_over_its_time_is_accepted_and_goes_on(tmp_path: Path) -> None:
    async with opened(tmp_path, progress_s=0.01, answer_within_s=0.02) as door:
        slow = Slow()
        door.receive = slow.receive
        mta = await door.client()
        assert (await mta.show(Shown()))[-1] == b"a"
        door.receive = door.remember
        assert await mta.show(Shown(macros={"i": "next"})) == [b"a"]
        slow.go.set()
        await slow.ended.wait()
        assert door.envelopes[0].queue_id == "next"
        assert "that takes too long" in door.notes[0][0]


async def test_a_decision_outlives_its_connection(door: Door) -> None:
    slow = Slow()
    door.receive = slow.receive
    mta = await door.client()
    await mta.say(*Shown().envelope(), *Shown().content())
    await slow.begun.wait()
    mta.writer.transport.abort()
    slow.go.set()
    await slow.ended.wait()


async def test_a_stop_waits_for_the_message_under_way(door: Door) -> None:
    slow = Slow()
    door.receive = slow.receive
    busy, idle = await door.client(), await door.client()
    await busy.say(*Shown().envelope(), *Shown().content())
    await slow.begun.wait()
    stopping = asyncio.create_task(door.server.stop(grace_s=10))
    assert await idle.hear() == b""
    slow.go.set()
    assert await busy.verdict() == [b"a"]
    assert await busy.hear() == b""
    await stopping


async def test_a_stop_does_not_wait_for_ever(door: Door) -> None:
    slow = Slow()
    door.receive = slow.receive
    deciding, showing = await door.client(), await door.client()
    await deciding.say(*Shown().envelope(), *Shown().content())
    await showing.say(*Shown().envelope())
    await slow.begun.wait()
    await door.server.stop(grace_s=0.02)
    assert await deciding.verdict() == [b"a"]
    assert await showing.hear() == b""


async def test_nobody_comes_in_after_a_stop(door: Door) -> None:
    port = door.server.port
    await door.server.stop()
    with pytest.raises(ConnectionError):
        await Mta.open(port)


async def test_a_unix_socket_has_the_mode_it_was_given_and_goes_with_the_door(
    tmp_path: Path,
) -> None:
    path = tmp_path / "milter.sock"
    async with opened(tmp_path, path=path, path_mode=0o600, trusted=()) as door:
        assert path.stat().st_mode & 0o777 == 0o600
        assert door.server.port == 0
        mta = Mta(*await asyncio.open_unix_connection(path))
        door.clients.append(mta)
        await mta.say(offer(steps=ALL_STEPS))
        assert (await mta.hear())[:1] == b"O"
    assert not path.exists()


async def test_a_socket_that_was_left_behind_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "milter.sock"
    async with opened(tmp_path, path=path):
        left = path.stat().st_ino
        async with opened(tmp_path, path=path):
            assert path.stat().st_ino != left


async def test_a_stop_leaves_the_socket_of_a_successor(tmp_path: Path) -> None:
    path = tmp_path / "milter.sock"
    async with opened(tmp_path, path=path) as first, opened(tmp_path, path=path) as second:
        await first.server.stop()
        second.clients.append(Mta(*await asyncio.open_unix_connection(path)))


async def test_a_file_in_place_of_the_socket_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "milter.sock"
    path.write_text("precious")
    with pytest.raises(OSError, match="in use"):
        async with opened(tmp_path, path=path):
            pass
    assert path.read_text() == "precious"
