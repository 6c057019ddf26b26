"""Mail while the clock of the machine jumps."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.store.entries import Entries
from tests.torture.gate import zygote
from tests.torture.slow import other_clock
from tests.torture.test_faults import decided, gate, offer, send

DAY_S = 86_400
JUMPS = (0, -DAY_S, 400 * DAY_S, -40 * DAY_S, 3600, 0)
"""Seconds that the clock is ahead, letter by letter."""


async def test_mail_passes_and_entries_keep_their_order_while_the_clock_jumps(
    tmp_path: Path,
) -> None:
    ahead = tmp_path / "ahead"
    environ = other_clock(tmp_path / "library", ahead)
    if environ is None:
        pytest.skip("a C compiler makes the other clock")
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
