"""Records letters until it is killed, and says each one that was acknowledged.

Run by the crash test: `python -m tests.store.crash_child DATABASE FIRST`.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

from gateway.store.sqlite import SqliteStore
from tests.store.office import PASSED, Clock, Office, decision, letter


async def main(path: Path, first: int) -> None:
    clock = Clock()
    clock.now = datetime.now(UTC)
    office = Office(SqliteStore.open(path), path, clock)
    numbers = iter(range(first, sys.maxsize))

    async def caller() -> None:
        for number in numbers:
            case = await office.case(letter(number, cites=[max(0, number - 3)]))
            entry = await office.store.record(case, decision())
            print(number, entry, flush=True)
            office.store.settle(entry, case.envelope.content.sha256, PASSED)

    await asyncio.gather(*(caller() for _ in range(10)))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
