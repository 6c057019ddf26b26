"""How the parts of a daemon stand at the moment when somebody asks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from gateway.interfaces import UNREADABLE, StoreBusyError
from gateway.model.handover import Queue
from gateway.service.metrics import Levels

STORE_PATIENCE_S = 2.0


class Door(Protocol):
    """A listener."""

    @property
    def sessions(self) -> int:
        """How many clients are connected."""
        ...


class Way(Protocol):
    """Connections to a next hop."""

    @property
    def busy(self) -> int:
        """Transactions under way."""
        ...

    @property
    def idle(self) -> int:
        """Connections that wait for the next message."""
        ...

    @property
    def queued(self) -> int:
        """Transactions that wait for a connection."""
        ...


@dataclass(frozen=True, slots=True)
class Standing:
    """The parts, and what is asked of them."""

    doors: Mapping[str, Door]
    ways: Callable[[], Mapping[str, Way]]
    spool: Path
    database: Path
    store_jobs: Callable[[], int]
    ask_store: Callable[[], Awaitable[object]]
    """Any small question; raises StoreBusyError when the store is away."""
    ask_queues: Callable[[], Mapping[str, Queue]] = dict
    """What waits to be handed over; may block, raises StoreBusyError."""
    clock: Callable[[], float] = time.time

    @property
    def taking_mail(self) -> bool:
        """Whether the doors are open."""
        return bool(self.doors)

    async def levels(self) -> Levels:
        """Return how things stand."""
        spooled, oldest_s, octets = await asyncio.to_thread(self._on_disk)
        ways = self.ways()
        return Levels(
            sessions={name: door.sessions for name, door in self.doors.items()},
            busy={name: way.busy for name, way in ways.items()},
            idle={name: way.idle for name, way in ways.items()},
            queued={name: way.queued for name, way in ways.items()},
            spooled=spooled,
            oldest_s=oldest_s,
            store_octets=octets,
            store_jobs=self.store_jobs(),
            queues=await asyncio.to_thread(self._queues),
            unreadable=await asyncio.to_thread(self._unreadable),
        )

    async def store_trouble(self) -> str:
        """Return why the store cannot answer; empty when it can."""
        try:
            async with asyncio.timeout(STORE_PATIENCE_S):
                await self.ask_store()
        except TimeoutError:
            return "it does not answer"
        except StoreBusyError as error:
            return str(error)
        return ""

    def _queues(self) -> Mapping[str, Queue]:
        """Return what waits to be handed over; nothing while the store is away."""
        try:
            return self.ask_queues()
        except StoreBusyError:
            return {}

    def _on_disk(self) -> tuple[int, float, int]:
        """Return how many messages wait, the age of the oldest, and the size of the record."""
        names: list[str] = []
        with suppress(FileNotFoundError):
            names = sorted(path.stem for path in self.spool.iterdir() if path.suffix == ".json")
        octets = 0
        for suffix in ("", "-wal"):
            with suppress(FileNotFoundError):
                octets += self.database.with_name(self.database.name + suffix).stat().st_size
        return len(names), self._age_s(names[0]) if names else 0.0, octets

    def _unreadable(self) -> int:
        """Return how many messages of the spool were set aside."""
        with suppress(FileNotFoundError):
            return len({path.stem for path in (self.spool / UNREADABLE).iterdir()})
        return 0

    def _age_s(self, name: str) -> float:
        """Return how long ago that was put: names begin with microseconds, in hexadecimal."""
        with suppress(ValueError):
            return max(0.0, self.clock() - int(name.partition("-")[0], 16) / 1_000_000)
        return 0.0
