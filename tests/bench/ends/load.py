"""Sends one message many times, where there is no C compiler; speaks as load.c does.

python -m tests.bench.ends.load PORT FILE SESSIONS MESSAGES RUN
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench.messages import ID


class Session:
    """One connection, from its greeting on."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def enter(cls, port: int) -> Session:
        session = cls(*await asyncio.open_connection("127.0.0.1", port))
        await session.expect(220)
        await session.ask(b"EHLO load.example\r\n", 250)
        return session

    async def deliver(self, message: bytes, at: int, name: bytes) -> None:
        await self.ask(b"MAIL FROM:<joe@customer.example>\r\n", 250)
        await self.ask(b"RCPT TO:<anna@corp.example>\r\n", 250)
        await self.ask(b"DATA\r\n", 354)
        self.writer.write(message[:at] + name)
        self.writer.write(memoryview(message)[at + len(name) :])
        await self.writer.drain()
        await self.ask(b".\r\n", 250)

    async def ask(self, words: bytes, code: int) -> None:
        self.writer.write(words)
        await self.expect(code)

    async def expect(self, code: int) -> None:
        while (line := await self.reader.readuntil(b"\n"))[3:4] == b"-":
            pass
        if int(line[:3]) != code:
            raise ValueError(f"{line!r}")


class Load:
    """All sessions together."""

    def __init__(self, port: int, message: bytes, run: int) -> None:
        self.port = port
        self.message = message
        self.run = run
        self.at = message.index(ID.encode())
        self.plain = sum(message) - sum(ID.encode())
        self.took: list[float] = []
        self.failed = 0
        self.sum = 0

    async def session(self, numbers: Iterator[int]) -> None:
        session = await Session.enter(self.port)
        for number in numbers:
            name = f"{self.run:08x}{number:08x}".encode()
            started = time.perf_counter()
            try:
                await session.deliver(self.message, self.at, name)
            except (ConnectionError, ValueError, asyncio.IncompleteReadError) as error:
                print(f"load: {error!r}", file=sys.stderr)
                self.failed += 1
                session.writer.close()
                session = await Session.enter(self.port)
                continue
            self.took.append(time.perf_counter() - started)
            self.sum += self.plain + sum(name)
        await session.ask(b"QUIT\r\n", 221)
        session.writer.close()


async def main(port: int, message: bytes, sessions: int, messages: int, run: int) -> None:
    """Send, and print one line of JSON."""
    load = Load(port, message, run)
    numbers = iter(range(messages))
    started = time.perf_counter()
    await asyncio.gather(*(load.session(numbers) for _ in range(sessions)))
    lasted = time.perf_counter() - started
    took = sorted(load.took) or [0.0]
    ranks = ((len(took) * part + 999) // 1000 - 1 for part in (500, 750, 900, 950, 990, 999))
    told = {
        "sent": len(load.took),
        "failed": load.failed,
        "seconds": lasted,
        "p50_ms": took[(len(took) - 1) // 2] * 1e3,
        "p99_ms": took[(len(took) * 99 + 99) // 100 - 1] * 1e3,
        "octets": len(message) * len(load.took),
        "sum": load.sum,
        "spread_ms": [took[rank] * 1e3 for rank in ranks],
    }
    print(json.dumps(told))


if __name__ == "__main__":
    PORT, FILE, SESSIONS, MESSAGES, RUN = sys.argv[1:]
    octets = Path(FILE).read_bytes()
    asyncio.run(main(int(PORT), octets, int(SESSIONS), int(MESSAGES), int(RUN, 16)))
