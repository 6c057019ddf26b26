"""Two nodes on one database, killed at random: nothing is lost, and nothing is there twice."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

from tests.postgres import PostgresServer
from tests.torture.gate import zygote
from tests.torture.nodes import crash_nodes


async def test_two_nodes_that_are_killed_lose_nothing(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        starters = [await stack.enter_async_context(zygote()) for _ in range(2)]
        found, deaths = await crash_nodes(starters, postgres, tmp_path, kills=6, seed=7)
    assert deaths.total() >= 6
    assert found.letters > 20
    assert (found.lost, found.faults) == (0, [])
