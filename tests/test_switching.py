"""A switch that is set while the gateway runs holds for mail to come, and survives a reload."""

from __future__ import annotations

import asyncio
from pathlib import Path

from gateway.store.switching import SwitchBook
from tests.flows.running import Running, running
from tests.next_hop import next_hop

PATIENCE_S = 10.0


async def until_log_is(gateway: Running, value: str) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            if gateway.daemon.pipeline.settings.policy.log == value:
                return
            await asyncio.sleep(0.02)


async def test_a_running_gateway_takes_up_a_switch_and_its_undoing(tmp_path: Path) -> None:
    async with next_hop() as hop, running(tmp_path, hop) as gateway:
        with SwitchBook(gateway.daemon.config.store_path) as book:
            book.set_switch("log", '"all"', "bea@corp.example")
            await until_log_is(gateway, "all")
            await gateway.daemon.reload()
            assert gateway.daemon.pipeline.settings.policy.log == "all"
            book.undo_switch("log")
            await until_log_is(gateway, "replies")
