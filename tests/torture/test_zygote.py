"""The process that starts gateways leaves none behind."""

from __future__ import annotations

import os
import select
from pathlib import Path

from tests.next_hop import next_hop
from tests.torture.gate import Gate, zygote


async def test_no_gateway_outlives_the_run_that_started_it(tmp_path: Path) -> None:
    async with next_hop() as hop:
        async with zygote() as starter:
            made = Gate(starter, tmp_path, hop.port)
            made.furnish()
            await made.start()
            handle = os.pidfd_open(made.pid)
        try:
            ended, _, _ = select.select([handle], [], [], 10.0)
        finally:
            os.close(handle)
        await made.kill()
    assert ended
