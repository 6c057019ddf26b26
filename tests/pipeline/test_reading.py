"""What takes long to read is read beside the loop, or later; mail does not wait."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass, field, replace

from gateway.mail.reading import read_message
from gateway.model.envelope import Octets
from gateway.model.message import Heading, Message
from gateway.model.policy import Policy
from tests.pipeline.conftest import QUEUED, Gate, Hop, outgoing, sent


@dataclass
class Looking:
    """Reads as the gateway does; looks into files only once it may, and notes the thread."""

    may: threading.Event = field(default_factory=threading.Event)
    looks: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    looked_in: list[threading.Thread] = field(default_factory=list)

    def __call__(self, octets: Octets, heading: Heading) -> Message:
        return self.look(octets, self.quickly(octets, heading))

    def quickly(self, octets: Octets, heading: Heading) -> Message:
        return read_message(octets, heading)

    def look(self, octets: Octets, message: Message) -> Message:
        self.looked_in.append(threading.current_thread())
        self.looks.release()
        self.may.wait(10)
        return message


def with_file(**fields: str) -> bytes:
    return sent(
        Content_Type="text/plain", Content_Disposition='attachment; filename="a.pdf"', **fields
    )


async def test_files_of_a_small_message_are_looked_at_beside_the_loop(gate: Gate) -> None:
    gate.flow.read = looking = Looking()
    looking.may.set()
    await gate.flow.receive(outgoing(with_file()), Hop())
    (where,) = looking.looked_in
    assert where is not threading.main_thread()


async def test_files_that_take_too_long_are_looked_at_later_with_patience(gate: Gate) -> None:
    gate.flow.read = looking = Looking()
    gate.flow.settings = replace(gate.flow.settings, inspection_budget_s=0.01)
    handled = await gate.flow.receive(outgoing(with_file()), Hop())
    later = asyncio.ensure_future(gate.flow.decide_later())
    for _ in range(2):
        await asyncio.to_thread(looking.looks.acquire)
    looking.may.set()
    assert (handled.words, await later) == ("failed inspection-deferred", 1)


async def test_reading_over_its_budget_does_not_hold_the_mail(gate: Gate) -> None:
    release = asyncio.Event()

    def slow(octets: Octets, heading: Heading) -> Message:
        asyncio.run_coroutine_threadsafe(release.wait(), loop).result()
        return read_message(octets, heading)

    loop = asyncio.get_running_loop()
    gate.flow.read = slow
    gate.flow.settings = replace(gate.flow.settings, inline_octets=0, inspection_budget_s=0.01)
    handled = await gate.flow.receive(outgoing(sent()), Hop())
    release.set()
    assert (handled.reply, handled.words) == (QUEUED, "failed inspection-deferred")


async def test_large_content_is_read_beside_the_loop(gate: Gate) -> None:
    gate.flow.settings = replace(gate.flow.settings, inline_octets=0)
    handled = await gate.flow.receive(outgoing(sent()), Hop())
    assert handled.words.startswith("logged opted-in")


async def test_content_over_the_inspection_limit_still_passes(gate: Gate) -> None:
    small = replace(Policy(), inspection_limit=10)
    gate.flow.settings = replace(gate.flow.settings, policy=small)
    handled = await gate.flow.receive(outgoing(sent()), Hop())
    assert handled.reply == QUEUED
    assert "too-large-to-inspect" in handled.words
