"""A letter that is over lets its octets go at once: they must not wait for a look for garbage.

A daemon looks through what has grown old every few hours. What goes in a circle until then is
memory that a machine does not have: in twenty seconds of the soak it was sixty megabytes.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.intake.growing import Growing
from gateway.intake.receiver import Receiver
from gateway.intake.scribe import Scribe
from gateway.intake.smtp import SmtpSession
from gateway.relay.delivery import RelayDelivery
from tests.intake.door import LETTER, gateway
from tests.letting_go import nothing_collected
from tests.next_hop import Answer

MEMORY_OCTETS = 1000
LARGE = (b"x" * 76 + b"\r\n") * 100
KINDS = (Growing, Receiver, Scribe, SmtpSession, RelayDelivery)


async def test_a_small_letter_and_its_session(tmp_path: Path) -> None:
    with nothing_collected(*KINDS) as left:
        async with gateway(tmp_path) as door:
            await (await door.call()).deliver(LETTER)
        assert left.now() == {}


@pytest.mark.parametrize("answer", [None, "554 5.7.1 Not you", "close"])
async def test_a_large_letter_however_the_next_hop_answers(tmp_path: Path, answer: Answer) -> None:
    with nothing_collected(*KINDS) as left:
        async with gateway(tmp_path, memory_octets=MEMORY_OCTETS) as door:
            door.hop.answer = lambda line: answer if line == "DATA" else None
            await (await door.call()).deliver(LARGE)
        assert left.now() == {}


async def test_a_large_letter_whose_client_goes_in_its_middle(tmp_path: Path) -> None:
    with nothing_collected(*KINDS) as left:
        async with gateway(tmp_path, memory_octets=MEMORY_OCTETS) as door:
            caller = await door.call()
            await caller.open()
            caller.send(LARGE)
        assert left.now() == {}


async def test_a_large_letter_that_cannot_be_kept(tmp_path: Path) -> None:
    with nothing_collected(*KINDS) as left:
        async with gateway(tmp_path / "gone", memory_octets=MEMORY_OCTETS) as door:
            assert (await (await door.call()).deliver(LARGE)).startswith("452")
        assert left.now() == {}


async def test_a_large_letter_that_is_given_up_while_it_is_passed_on(tmp_path: Path) -> None:
    with nothing_collected(*KINDS) as left:
        async with gateway(tmp_path, memory_octets=MEMORY_OCTETS, size_limit=5000) as door:
            await (await door.call()).deliver(LARGE)
        assert left.now() == {}
