"""What an admin does to the record while mail flows."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

import pysqlite3

from tests.torture.gate import ROOT, Zygote
from tests.torture.test_faults import decided, gate, offer, send

LETTERS = 200
MOST_S = 3.0
"""Less than the store waits for its turn: whoever waited longer went to the spool."""


async def command(*words: str) -> None:
    """Run a command of ours in a process of its own."""
    program = (sys.executable, "-c", "from gateway.cli.main import main; main()")
    silent = asyncio.subprocess.DEVNULL
    started = await asyncio.create_subprocess_exec(*program, *words, cwd=ROOT, stdout=silent)
    assert await started.wait() == 0


def emptied(database: Path) -> int:
    """Make free pages, and return how many."""
    connection = pysqlite3.connect(database, timeout=10)
    connection.execute("CREATE TABLE filler AS SELECT zeroblob(8000000) AS octets")
    connection.commit()
    connection.execute("DROP TABLE filler")
    connection.commit()
    (pages,) = connection.execute("PRAGMA freelist_count").fetchone()
    connection.close()
    return int(pages)


async def test_a_vacuum_and_a_backup_send_no_letter_to_the_spool(
    starter: Zygote, tmp_path: Path
) -> None:
    async with gate(starter, tmp_path) as (made, hop):
        for number in range(LETTERS):
            assert (await send(made, offer(number, 2000))).startswith("250")
        assert await asyncio.to_thread(emptied, made.database) > 1000
        config = ("--config", str(made.config))

        async def keep_house() -> None:
            await command("vacuum", *config)
            await command("backup", str(tmp_path / "copy"), *config)

        working = asyncio.ensure_future(keep_house())
        number, longest = LETTERS, 0.0
        while not working.done():
            began = time.monotonic()
            assert (await send(made, offer(number))).startswith("250")
            longest = max(longest, time.monotonic() - began)
            number += 1
        await working
        await decided(made, set(range(number)))
        assert "spool" not in made.log.read_text()
        assert longest < MOST_S
        await command("backup", "--check", str(tmp_path / "copy"), *config)
    assert len(hop.taken) == number
