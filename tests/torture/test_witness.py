"""A run that stops says what the gateway was doing."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from tests.next_hop import next_hop
from tests.torture import post
from tests.torture.gate import Gate, Zygote
from tests.torture.post import Client, make
from tests.torture.witness import witness


async def test_it_shows_the_stacks_of_the_gateway(starter: Zygote, tmp_path: Path) -> None:
    async with next_hop() as hop:
        gate = Gate(starter, tmp_path, hop.port)
        gate.furnish()
        await gate.start()
        said = await witness(gate)
        await gate.stop()
    assert "asyncio/runners.py" in said


async def test_it_shows_the_connections(starter: Zygote, tmp_path: Path) -> None:
    async with next_hop() as hop:
        gate = Gate(starter, tmp_path, hop.port)
        gate.furnish()
        await gate.start()
        caller = await gate.call()
        said = await witness(gate)
        caller.writer.close()
        await gate.stop()
    _, port = caller.writer.get_extra_info("sockname")
    assert f":{port:04X}" in said


async def test_it_shows_the_threads(starter: Zygote, tmp_path: Path) -> None:
    async with next_hop() as hop:
        gate = Gate(starter, tmp_path, hop.port)
        gate.furnish()
        await gate.start()
        said = await witness(gate)
        await gate.stop()
    assert f"thread {gate.pid}: " in said


async def test_it_says_that_the_gateway_is_gone(starter: Zygote, tmp_path: Path) -> None:
    async with next_hop() as hop:
        gate = Gate(starter, tmp_path, hop.port)
        gate.furnish()
        await gate.start()
        await gate.kill()
        said = await witness(gate)
    assert "no such process" in said


async def test_a_client_that_waits_in_vain_tells(
    starter: Zygote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(post, "PATIENCE_S", 0.0)
    async with next_hop() as hop:
        gate = Gate(starter, tmp_path, hop.port)
        gate.furnish()
        await gate.start()
        with pytest.raises(TimeoutError, match="nobody answers"):
            await Client(gate, lambda _: None).bring(make(0, "t", Random(1)))
        await gate.kill()
