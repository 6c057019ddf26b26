"""Nodes on one database: killed at random, and with the database away."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.conftest import need
from tests.next_hop import next_hop
from tests.postgres import PostgresServer, postgres_server
from tests.torture.gate import Zygote, zygote
from tests.torture.nodes import crash_nodes, served_gate
from tests.torture.test_faults import decided, offer, send, waiting


async def test_two_nodes_that_are_killed_lose_nothing(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        starters = [await stack.enter_async_context(zygote()) for _ in range(2)]
        found, deaths = await crash_nodes(starters, postgres, tmp_path, kills=6, seed=7)
    assert deaths.total() >= 6
    assert found.letters > 20
    assert (found.lost, found.faults) == (0, [])


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    """A server that may be stopped: no other test has it."""
    with postgres_server(Path(need("postgresql"))) as made:
        yield made


async def test_mail_passes_while_the_database_is_away_and_is_decided_later(
    starter: Zygote, server: PostgresServer, tmp_path: Path
) -> None:
    async with next_hop() as hop:
        made = served_gate(
            starter, tmp_path / "node", hop.port, server.database(), tmp_path / "blobs"
        )
        made.furnish()
        await made.start()
        assert (await send(made, offer(1))).startswith("250")
        server.stop()
        for number in (2, 3):
            assert (await send(made, offer(number))).startswith("250")
        assert waiting(made) == 2
        server.start()
        await decided(made, {1, 2, 3})
        await made.stop()
    assert len(hop.taken) == 3
    said = made.log.read_text("utf-8")
    assert "could not be used" in said
    assert "Traceback" not in said


async def test_a_gateway_starts_while_the_database_is_away(
    starter: Zygote, server: PostgresServer, tmp_path: Path
) -> None:
    async with next_hop() as hop:
        made = served_gate(
            starter, tmp_path / "node", hop.port, server.database(), tmp_path / "blobs"
        )
        made.furnish()
        await made.start()
        await made.stop()
        server.stop()
        await made.start()
        assert (await send(made, offer(1))).startswith("250")
        server.start()
        await decided(made, {1})
        await made.stop()
    assert len(hop.taken) == 1
