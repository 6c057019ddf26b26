"""A worker's end of the line to its parent: breath, reloads and figures."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final

import msgspec

from gateway.service.crew import BREATH_S, PACKET_OCTETS, Work
from gateway.service.metrics import Told
from gateway.service.seats import MOST_LISTENERS, Seat

PATIENCE_S: Final = 2.0
"""How long the first worker waits for the figures of the others."""


class Line:
    """What joins a worker to its parent."""

    def __init__(
        self,
        work: Work,
        reload: Callable[[], Awaitable[None]],
        figures: Callable[[], Awaitable[Told]],
        orphaned: Callable[[], None],
    ) -> None:
        self._work = work
        self._reload = reload
        self._figures = figures
        self._orphaned = orphaned
        self._loop = asyncio.get_running_loop()
        self._answers: dict[int, Told] = {}
        self._wanted: int | None = None
        self._asked = 0
        self._heard = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._breath: asyncio.TimerHandle | None = None
        self._loop.add_reader(work.line.fileno(), self._hear)
        self._breathe()

    def seat(self, name: str) -> Seat:
        """Return the count of this worker's clients at a listener."""
        return Seat(self._work.seats, self._work.number, self._work.rows[name])

    def ready(self, listening: list[str]) -> None:
        """Say at which listeners mail is taken now."""
        self._say({"listening": listening})

    async def figures(self) -> dict[int, Told]:
        """Return the figures of all other workers that answer in time."""
        self._asked += 1
        self._answers.clear()
        self._wanted = None
        self._heard.clear()
        self._say({"ask": self._asked})
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                await self._heard.wait()
        return dict(self._answers)

    def close(self) -> None:
        """Say and hear nothing more; the line itself stays until the process ends."""
        self._loop.remove_reader(self._work.line.fileno())
        if self._breath is not None:
            self._breath.cancel()

    def _say(self, said: dict[str, Any]) -> None:
        with suppress(OSError):
            self._work.line.send(msgspec.json.encode(said))

    def _breathe(self) -> None:
        """It is the loop that breathes: one that hangs is found out."""
        self._say({})
        self._breath = self._loop.call_later(BREATH_S, self._breathe)

    def _hear(self) -> None:
        try:
            packet, handles, _, _ = socket.recv_fds(self._work.line, PACKET_OCTETS, MOST_LISTENERS)
        except BlockingIOError:
            return
        except ConnectionError:
            packet, handles = b"", []
        if not packet:
            self.close()
            self._orphaned()
            return
        said = msgspec.json.decode(packet)
        if "reload" in said:
            opened = (socket.socket(fileno=handle) for handle in handles)
            self._work.sockets |= dict(zip(said["reload"], opened, strict=True))
            self._work.rows = said["rows"]
            self._behind(self._reload())
        elif "ask" in said:
            self._behind(self._answer(said["ask"]))
        elif said.get("asked", said.get("to")) == self._asked:
            self._count(said)

    def _count(self, said: dict[str, Any]) -> None:
        """Take an answer, or how many there will be."""
        if "of" in said:
            self._wanted = said["of"]
        else:
            self._answers[said["worker"]] = msgspec.convert(said["figures"], Told)
        if self._wanted is not None and len(self._answers) >= self._wanted:
            self._heard.set()

    async def _answer(self, asked: int) -> None:
        figures = await self._figures()
        self._say({"to": asked, "worker": self._work.number, "figures": figures})

    def _behind(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
