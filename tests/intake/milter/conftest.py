"""A milter with the smallest flow: it remembers, and says what the test wants said."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.intake.milter.server import MilterServer, start_milter
from gateway.intake.milter.settings import MilterSettings
from gateway.interfaces import Delivery, Handled
from gateway.model.envelope import Envelope, Relayed, Reply
from tests.intake.milter.mta import Mta, Shown

OURS = frozenset({"log@gw.example", "bcc@gw.example"})
LOGGED = Handled(Reply(250, ("2.0.0 Ok",)), "logged tracked-reply e=1")


class Door:
    """An open milter, what came in by it, and what it complained of."""

    def __init__(self, settings: MilterSettings) -> None:
        self.settings = settings
        self.envelopes: list[Envelope] = []
        self.relayed: list[Relayed] = []
        self.notes: list[tuple[str, str]] = []
        self.handled = LOGGED
        self.receive: Callable[[Envelope, Delivery], Awaitable[Handled]] = self.remember
        self.server: MilterServer
        self.clients: list[Mta] = []

    async def remember(self, envelope: Envelope, delivery: Delivery) -> Handled:
        refused = await delivery.stream(envelope.content)
        assert refused is None
        self.relayed.append(await delivery.finish())
        self.envelopes.append(envelope)
        return self.handled

    @property
    def octets(self) -> bytes:
        """The content of the only message."""
        (envelope,) = self.envelopes
        return bytes(envelope.content.octets[:])

    def note(self, event: str, subject: str) -> None:
        self.notes.append((event, subject))

    async def connect(self) -> Mta:
        self.clients.append(await Mta.open(self.server.port))
        return self.clients[-1]

    async def client(self) -> Mta:
        """Return an MTA that is ready to show messages."""
        self.clients.append(await Mta.greeted(self.server.port))
        return self.clients[-1]

    async def show(self, shown: Shown) -> list[bytes]:
        return await (await self.client()).show(shown)


async def _receive(door: Door, envelope: Envelope, delivery: Delivery) -> Handled:
    return await door.receive(envelope, delivery)


@asynccontextmanager
async def opened(folder: Path, **settings: Any) -> AsyncIterator[Door]:
    door = Door(replace(MilterSettings("milter", folder, port=0), **settings))
    door.server = await start_milter(
        asyncio.get_running_loop(),
        door.settings,
        lambda envelope, delivery: _receive(door, envelope, delivery),
        OURS.__contains__,
        note=door.note,
    )
    try:
        yield door
    finally:
        for client in door.clients:
            await client.close()
        await door.server.stop(grace_s=5)
        assert door.server.connections == 0


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with opened(tmp_path) as found:
        yield found
