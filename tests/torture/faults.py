"""Faults of a running gateway, its disk and its next hop, switched on and off at random."""

from __future__ import annotations

import asyncio
import resource
import signal
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from random import Random

import pysqlite3

from tests.next_hop import NextHop
from tests.torture.account import Full
from tests.torture.disk import Disk
from tests.torture.gate import Gate

QUOTA = 262_144
"""A file larger than this cannot grow: the record's log cannot, a small letter in the spool can."""
ROOM = (0, 4_096, 65_536, 1_048_576)
"""Octets that are left on a full disk."""


class Faults:
    """Switches faults on and off."""

    def __init__(
        self, gate: Gate, hop: NextHop, rng: Random, disk: Disk | str, slow: Path | None
    ) -> None:
        self.count: Counter[str] = Counter()
        self.left_out: dict[str, str] = {}
        """Faults that this machine cannot have, with why."""
        self.full: list[Full] = []
        self._gate = gate
        self._hop = hop
        self._rng = rng
        self._disk = disk
        self._slow = slow
        if isinstance(disk, str):
            self.left_out["disk full"] = disk
        if slow is None:
            self.left_out["slow fsync"] = "there is no C compiler"

    async def run(self) -> None:
        """Go on until cancelled, and leave nothing switched on."""
        kinds = {
            "disk full": self._disk_full,
            "files cannot grow": self._quota,
            "slow fsync": self._slow_sync,
            "store locked": self._locked,
            "next hop refuses": self._refusing,
            "next hop closes": self._closing,
            "stands still": self._standing,
            "reload": self._reloading,
        }
        possible = [name for name in kinds if name not in self.left_out]
        while True:
            # Each has its turn before one comes again.
            for name in self._rng.sample(possible, len(possible)):
                await asyncio.sleep(self._rng.uniform(0.5, 3))
                self.count[name] += 1
                await kinds[name](self._rng.uniform(0.1, 1.5))

    async def _disk_full(self, seconds: float) -> None:
        disk = self._disk
        assert isinstance(disk, Disk)
        began = time.monotonic()
        try:
            disk.fill(self._rng.choice(ROOM))
            await asyncio.sleep(seconds)
        finally:
            disk.free()
            self.full.append(Full(began, time.monotonic()))

    async def _quota(self, seconds: float) -> None:
        began = time.monotonic()
        _, hard = resource.prlimit(self._gate.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self._gate.pid, resource.RLIMIT_FSIZE, (QUOTA, hard))
        try:
            await asyncio.sleep(seconds)
        finally:
            resource.prlimit(self._gate.pid, resource.RLIMIT_FSIZE, (hard, hard))
            self.full.append(Full(began, time.monotonic(), QUOTA))

    async def _slow_sync(self, seconds: float) -> None:
        assert self._slow
        self._slow.touch()
        try:
            await asyncio.sleep(seconds * 2)
        finally:
            self._slow.unlink()

    async def _locked(self, seconds: float) -> None:
        with suppress(pysqlite3.Error):
            other = pysqlite3.connect(self._gate.database, isolation_level=None, timeout=5)
            other.execute("BEGIN IMMEDIATE")
            try:
                # Every third time for longer than the store waits for its turn.
                await asyncio.sleep(seconds + self._rng.choice((0, 0, 4)))
            finally:
                other.close()

    async def _refusing(self, seconds: float) -> None:
        step = self._rng.choice(("MAIL", "RCPT", "DATA", "."))
        await self._answering(step, "451 4.3.0 Later", seconds)

    async def _closing(self, seconds: float) -> None:
        step = self._rng.choice(("connect", "EHLO", "MAIL", "RCPT", "DATA", "."))
        await self._answering(step, "close", seconds)

    async def _standing(self, seconds: float) -> None:
        # As a machine that swaps does.
        self._gate.send(signal.SIGSTOP)
        try:
            await asyncio.sleep(seconds / 3)
        finally:
            self._gate.send(signal.SIGCONT)

    async def _reloading(self, _: float) -> None:
        self._gate.send(signal.SIGHUP)

    async def _answering(self, step: str, answer: str, seconds: float) -> None:
        self._hop.answer = lambda command: answer if command.split(" ")[0] == step else None
        try:
            await asyncio.sleep(seconds)
        finally:
            self._hop.answer = lambda _: None
