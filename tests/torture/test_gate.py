"""A client of the torture knows when its gateway has ended, also where nobody tells it."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest

from tests.torture.gate import Gate, Zygote


async def test_who_waits_for_a_greeting_sees_the_gateway_end(
    starter: Zygote, tmp_path: Path
) -> None:
    gate = Gate(starter, tmp_path, 25)
    with socket.create_server(("127.0.0.1", gate.ports["inbound"])):
        asyncio.get_running_loop().call_later(0.1, gate.ended.set)
        with pytest.raises(ConnectionResetError):
            await gate.call()


async def test_who_waits_for_a_greeting_of_a_gateway_that_runs_waits_on(
    starter: Zygote, tmp_path: Path
) -> None:
    gate = Gate(starter, tmp_path, 25)
    with socket.create_server(("127.0.0.1", gate.ports["inbound"])), pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await gate.call()
