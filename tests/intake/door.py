"""An open listener between a client and a next hop, with the smallest flow: pass it on."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from gateway.intake.listeners import Listener, Wiring
from gateway.intake.server import Server, start
from gateway.interfaces import Delivery, Handled
from gateway.model.envelope import Direction, Envelope, RelayState
from gateway.relay.client import Hop, Timeouts
from gateway.relay.consumed import ConsumedDelivery
from gateway.relay.delivery import Relay
from tests.next_hop import ALL_EXTENSIONS, NextHop, next_hop

Receive = Callable[[Envelope, Delivery], Awaitable[Handled]]
RECEIVER = os.environ.get("REPLYGATE_RECEIVER", "fast")
"""`REPLYGATE_RECEIVER=stock pytest tests/intake` holds for aiosmtpd's reading of content too."""
LETTER = b"Subject: hello\r\n\r\n..a dot\r\nlast\r\n"
"""In wire form: its first dot is there for the way only."""
OURS = frozenset({"log@gw.example", "bcc@gw.example"})


class Caller:
    """A client that speaks in octets."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def reply(self) -> str:
        """Return the next reply, its lines joined by a bar; empty when the gateway closed."""
        lines = []
        while line := await self.reader.readline():
            lines.append(line.decode("ascii").removesuffix("\r\n"))
            if line[3:4] != b"-":
                break
        return "|".join(lines)

    def send(self, octets: bytes) -> None:
        self.writer.write(octets)

    async def say(self, octets: bytes) -> str:
        """Send a command line and return its reply."""
        self.send(octets + b"\r\n")
        return await self.reply()

    async def open(self, rcpt: bytes = b"<b@y.example>") -> None:
        """Come as far as DATA's 354."""
        await self.say(b"MAIL FROM:<a@x.example>")
        await self.say(b"RCPT TO:" + rcpt)
        assert (await self.say(b"DATA")).startswith("354")

    async def deliver(self, wire: bytes) -> str:
        """Send a whole message and return the reply to its final dot."""
        await self.open()
        self.send(wire + b".\r\n")
        return await self.reply()


class Door:
    """A gateway of one listener, what it received, and its next hop."""

    def __init__(self, hop: NextHop, spool: Path) -> None:
        self.hop = hop
        self.spool = spool
        self.envelopes: list[Envelope] = []
        self.states: list[RelayState] = []
        self.words = ""
        self.receive: Receive = self.pass_on
        self.server: Server
        self.callers: list[Caller] = []

    async def pass_on(self, envelope: Envelope, delivery: Delivery) -> Handled:
        self.envelopes.append(envelope)
        refused = await delivery.stream(envelope.content)
        if refused is not None:
            return Handled(refused, self.words)
        relayed = await delivery.finish()
        self.states.append(relayed.state)
        assert relayed.reply is not None
        if relayed.sha256_out:
            assert relayed.sha256_out == envelope.content.sha256
        return Handled(relayed.reply, self.words)

    async def _receive(self, envelope: Envelope, delivery: Delivery) -> Handled:
        return await self.receive(envelope, delivery)

    async def call(self, *, hello: bool = True) -> Caller:
        """Return a client that is connected, and has said EHLO."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.server.port)
        caller = Caller(reader, writer)
        self.callers.append(caller)
        if hello:
            await caller.reply()
            await caller.say(b"EHLO client.example")
        return caller


@asynccontextmanager
async def open_door(
    spool: Path,
    hop: NextHop,
    *,
    timeouts: Timeouts | None = None,
    pool: dict[str, Any] | None = None,
    **settings: Any,
) -> AsyncIterator[Door]:
    """Open a listener before a next hop that runs already."""
    door = Door(hop, spool)
    relay = Relay(Hop("127.0.0.1", hop.port, timeouts=timeouts or Timeouts(), **(pool or {})))
    memory_octets = settings.pop("memory_octets", 262_144)
    listener = Listener(
        **{
            "name": "inbound",
            "direction": Direction.INCOMING,
            "say_decision": False,
            "receiver": RECEIVER,
        }
        | settings
    )
    wiring = Wiring(door._receive, relay, ConsumedDelivery, OURS.__contains__, spool, memory_octets)
    door.server = await start(listener, wiring)
    try:
        yield door
    finally:
        for caller in door.callers:
            caller.writer.close()
        await door.server.stop(5)
        await relay.close()


@asynccontextmanager
async def gateway(
    spool: Path, extensions: tuple[str, ...] = ALL_EXTENSIONS, **settings: Any
) -> AsyncIterator[Door]:
    """Open a listener and the next hop behind it."""
    async with next_hop(extensions) as hop, open_door(spool, hop, **settings) as door:
        yield door
