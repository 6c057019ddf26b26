"""Mail while the clock of the machine jumps."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gateway.store.entries import Entries
from tests.torture.gate import PATIENCE_S, Gate, zygote
from tests.torture.slow import other_clock
from tests.torture.test_faults import decided, gate, offer, send

DAY_S = 86_400
JUMPS = (0, -DAY_S, 400 * DAY_S, -40 * DAY_S, 3600, 0)
"""Seconds that the clock is ahead, letter by letter."""
Clock = tuple[Path, dict[str, str]]
"""The file that says how many seconds it is ahead, and the environment of who goes by it."""


@pytest.fixture
def other(tmp_path: Path) -> Clock:
    """Return a clock of its own for a gateway, and how the gateway is given it."""
    ahead = tmp_path / "ahead"
    environ = other_clock(tmp_path / "library", ahead)
    if environ is None:
        pytest.skip("a C compiler makes the other clock")
    return ahead, environ


async def test_mail_passes_and_entries_keep_their_order_while_the_clock_jumps(
    tmp_path: Path, other: Clock
) -> None:
    ahead, environ = other
    async with zygote(environ) as starter, gate(starter, tmp_path / "gate") as (made, hop):
        for number, seconds in enumerate(JUMPS):
            ahead.write_text(str(seconds))
            assert (await send(made, offer(number))).startswith("250")
        await decided(made, set(range(len(JUMPS))))
        with Entries(made.database) as entries:
            found = {entry.message_id: entry for entry in entries.search()}
        inside = [found[f"{number}@corp.example"] for number in range(len(JUMPS))]
    assert len(hop.taken) == len(JUMPS)
    assert [entry.entry_id for entry in inside] == sorted(entry.entry_id for entry in inside)
    # It was the clock that jumped, and not our wish alone.
    days = [entry.received_at.timestamp() / DAY_S for entry in inside]
    assert days[2] - days[1] > 400


async def test_a_clock_that_is_wrong_at_the_start_frees_nothing_that_is_kept_for_a_time(
    tmp_path: Path, other: Clock
) -> None:
    ahead, environ = other
    async with zygote(environ) as starter, gate(starter, tmp_path / "gate") as (made, _):
        ahead.write_text("0")
        await send(made, unmarked(1))
        await decided(made, {1})
        await made.stop()
        ahead.write_text(str(400 * DAY_S))
        await made.start()
        await said(made, "nothing is freed")
        with Entries(made.database) as entries:
            assert entries.kept_count() == 1
        ahead.write_text("0")
        await made.stop()
        await made.start()
        await said(made, "started", 3)
        assert made.log.read_text().count("nothing is freed") == 1


def unmarked(number: int) -> bytes:
    """Return a letter that is kept for some days: nobody has said that it is to be logged."""
    return offer(number).replace(b"X-Log-To-CRM: yes\r\n", b"")


async def said(made: Gate, words: str, times: int = 1) -> None:
    """Return when the log says so."""
    async with asyncio.timeout(PATIENCE_S):
        while made.log.read_text().count(words) < times:  # noqa: ASYNC110 - of another process
            await asyncio.sleep(0.05)
