"""A second of each target of `make fuzz`."""

from __future__ import annotations

from tests.fuzz import CASES, fuzz


async def test_mutated_input_breaks_no_promise() -> None:
    counts = await fuzz(1.0, 1, CASES)
    assert all(counts.values())
