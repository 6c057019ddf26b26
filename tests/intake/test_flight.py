"""How much may be under way at one time."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gateway.intake.flight import Flight
from tests.intake.door import RECEIVER, Door, gateway

LARGE = (b"x" * 98 + b"\r\n") * 100


async def with_limit(door: Door, limit: int) -> Flight:
    """Limit what a door has under way."""
    flight = door.server._wiring.flight
    flight._limit = limit
    return flight


def test_without_a_limit_there_is_always_room() -> None:
    flight = Flight()
    assert flight.take(10**12)
    assert flight.has_room(10**12)


def test_what_was_given_back_makes_room() -> None:
    flight = Flight(10)
    assert flight.take(10)
    assert not flight.has_room()
    flight.give_back(10)
    assert flight.has_room(10)


async def test_a_size_for_which_there_is_no_room_is_told_at_mail(tmp_path: Path) -> None:
    async with gateway(tmp_path) as door:
        await with_limit(door, 1000)
        caller = await door.call()
        said = await caller.say(b"MAIL FROM:<a@x.example> SIZE=1001")
        assert said.startswith("452 4.3.1")
        assert (await caller.say(b"MAIL FROM:<a@x.example> SIZE=1000")).startswith("250")


async def test_data_waits_while_too_much_is_under_way(tmp_path: Path) -> None:
    async with gateway(tmp_path) as door:
        flight = await with_limit(door, 1000)
        flight.take(1000)
        caller = await door.call()
        await caller.say(b"MAIL FROM:<a@x.example>")
        await caller.say(b"RCPT TO:<b@y.example>")
        assert (await caller.say(b"DATA")).startswith("452 4.3.1")
        flight.give_back(1000)
        assert (await caller.say(b"DATA")).startswith("354")


@pytest.mark.skipif(RECEIVER == "stock", reason="stock keeps content in memory, uncounted")
async def test_content_that_goes_over_the_limit_is_not_delivered(tmp_path: Path) -> None:
    async with gateway(tmp_path, memory_octets=1000) as door:
        flight = await with_limit(door, 5000)
        caller = await door.call()
        assert (await caller.deliver(LARGE)).startswith("452 4.3.1")
        assert flight.octets == 0
        assert (await caller.deliver(b"small\r\n")).startswith("250")
    assert len(door.hop.taken) == 1


@pytest.mark.skipif(RECEIVER == "stock", reason="stock keeps content in memory, uncounted")
async def test_a_message_counts_until_its_reply(tmp_path: Path) -> None:
    async with gateway(tmp_path, memory_octets=1000) as door:
        flight = await with_limit(door, len(LARGE))
        asked = asyncio.Event()

        def noticing(command: str) -> None:
            if command == ".":
                asked.set()
                assert flight.octets == len(LARGE)

        door.hop.answer = noticing
        caller = await door.call()
        assert (await caller.deliver(LARGE)).startswith("250")
        assert asked.is_set()
        await caller.say(b"NOOP")
        assert flight.octets == 0
