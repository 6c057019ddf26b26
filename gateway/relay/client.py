"""One connection to a next hop: commands out, replies in, in order.

Whoever holds the connection speaks on it alone; it knows no transactions, only whether it may be
used again.

Standards: RFC 5321 (§4.5.3.2: time limits), RFC 2920 (pipelining), RFC 3207 (STARTTLS).
Limits: no login towards the next hop, which is a re-injection port or a connector.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, cast

from gateway.model.envelope import Reply
from gateway.relay.replies import ReplyReader, ReplySyntaxError

HIGH_WATER_OCTETS: Final = 524_288
QUIT_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long each step may take (RFC 5321 §4.5.3.2), in seconds."""

    connect_s: float = 30.0
    greeting_s: float = 60.0
    command_s: float = 300.0
    data_s: float = 120.0
    block_s: float = 180.0
    final_s: float = 600.0


@dataclass(frozen=True, slots=True)
class Hop:
    """A next hop: where it is, and how we deal with it."""

    host: str
    port: int
    hostname: str = "localhost"
    """The name that we say in EHLO."""
    timeouts: Timeouts = field(default_factory=Timeouts)
    connections: int = 100
    """Transactions at one time (D-1)."""
    waiting_s: float = 5.0
    """How long a transaction waits for one of them to become free."""
    tls: ssl.SSLContext | None = None
    """Speak TLS, or not at all; None: in the clear."""
    implicit_tls: bool = False
    """TLS from the first octet on, in place of STARTTLS."""
    idle_connections: int = 50
    idle_s: float = 30.0
    messages_per_connection: int = 100
    age_s: float = 300.0
    """How long a connection is used: a process of an MTA that was reloaded keeps its old settings
    as long as its client stays."""

    @property
    def is_loopback(self) -> bool:
        """Whether it is on this machine."""
        return self.host in {"localhost", "::1"} or self.host.startswith("127.")


class NextHopAwayError(Exception):
    """No connection to the next hop now; it may work later."""


class NextHopLostError(Exception):
    """The connection ended, or what came is no SMTP; nothing more can be said on it."""

    def __init__(self, what: str, parting: Reply | None = None) -> None:
        super().__init__(what)
        self.parting = parting
        """What the next hop said before it went, unasked."""


class Connection(asyncio.Protocol):
    """A connection to a next hop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.extensions: Mapping[str, str] = {}
        """EHLO keywords in upper case, and their parameters."""
        self.used = 0
        """Transactions begun on it."""
        self.dirty = False
        """A transaction was left open: RSET comes before the next."""
        self.idle_since = 0.0
        self.opened_at = 0.0
        self.lost: str = ""
        """Why it cannot be used any more; empty while it can."""
        self.silent = False
        """It was given up because it took too long."""
        self._loop = loop
        self._reader = ReplyReader()
        self._replies: deque[Reply] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._drained: asyncio.Future[None] | None = None
        self._transport: asyncio.Transport | None = None
        self._paused = False
        self._leaving: asyncio.TimerHandle | None = None
        self.closed: asyncio.Future[None] = loop.create_future()
        """Done when nothing of it is left."""

    @property
    def usable(self) -> bool:
        """Whether it lives, and the next hop said nothing unasked (a parting 421)."""
        return not self.lost and not self._replies

    @property
    def pipelines(self) -> bool:
        """Whether commands may be sent without waiting for each reply."""
        return "PIPELINING" in self.extensions

    def write(self, octets: bytes | bytearray | memoryview) -> None:
        """Send octets. Raises NextHopLostError."""
        if self.lost or self._transport is None:
            raise self.loss()
        self._transport.write(octets)

    async def drain(self, timeout_s: float) -> None:
        """Wait until more may be written. Raises NextHopLostError."""
        if self._paused and not self.lost:
            self._drained = self._loop.create_future()
            await self._within(self._drained, timeout_s, "the next hop takes no more octets")
        if self.lost:
            raise self.loss()

    async def reply(self, timeout_s: float) -> Reply:
        """Return the next reply. Raises NextHopLostError when none comes any more."""
        if not self._replies:
            if self.lost:
                raise self.loss()
            self._waiter = self._loop.create_future()
            await self._within(self._waiter, timeout_s, "the next hop does not answer")
        if not self._replies:
            raise self.loss()
        return self._replies.popleft()

    async def command(self, line: bytes, timeout_s: float) -> Reply:
        """Send one command and return its reply. Raises NextHopLostError."""
        self.write(line)
        return await self.reply(timeout_s)

    def close(self, why: str = "closed by us") -> None:
        """Close at once, whatever is under way."""
        self._fail(why)
        if self._transport is not None:
            self._transport.abort()

    def quit(self) -> None:
        """Take leave: QUIT, and the next hop closes; if it does not, we do."""
        if self._transport is None or self._transport.is_closing():
            return
        self._transport.write(b"QUIT\r\n")
        self._fail("we have quit")
        self._leaving = self._loop.call_later(QUIT_S, self._transport.abort)

    async def start_tls(self, context: ssl.SSLContext, host: str) -> None:
        """Go on in TLS. Raises OSError, NextHopLostError."""
        if self._transport is None or self._replies or self._reader.has_more:
            # Whatever was said in the clear must not be taken for said in TLS (RFC 3207 §4.2).
            raise NextHopLostError("it speaks before TLS has begun")
        safe = await self._loop.start_tls(self._transport, self, context, server_hostname=host)
        if safe is None:
            raise self.loss()
        self.connection_made(safe)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport that asyncio made."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=HIGH_WATER_OCTETS)

    def data_received(self, data: bytes) -> None:
        """Collect replies."""
        if self._leaving is not None:
            self.close()
            return
        try:
            self._replies.extend(self._reader.feed(data))
        except ReplySyntaxError as error:
            self.close(str(error))
            return
        if self._replies:
            _wake(self._waiter)

    def eof_received(self) -> bool:
        """Close when the next hop does."""
        self._fail("the next hop closed the connection")
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Wake whoever waits."""
        self._fail(f"the connection broke ({exc})" if exc else "the connection ended")
        if self._leaving is not None:
            self._leaving.cancel()
        _wake(self.closed)

    def pause_writing(self) -> None:
        """Note that the next hop is slower than we are."""
        self._paused = True

    def resume_writing(self) -> None:
        """Go on writing."""
        self._paused = False
        _wake(self._drained)

    async def _within(self, future: asyncio.Future[None], timeout_s: float, what: str) -> None:
        timer = self._loop.call_later(timeout_s, self._give_up, what)
        try:
            await future
        finally:
            timer.cancel()

    def _give_up(self, why: str) -> None:
        self.silent = True
        self.close(why)

    def _fail(self, why: str) -> None:
        self.lost = self.lost or why
        _wake(self._waiter)
        _wake(self._drained)

    def loss(self) -> NextHopLostError:
        """Return why nothing more can be said, with the next hop's last words."""
        return NextHopLostError(self.lost, self._replies[-1] if self._replies else None)


def _wake(future: asyncio.Future[None] | None) -> None:
    if future is not None and not future.done():
        future.set_result(None)


async def connect(hop: Hop) -> Connection:
    """Return a connection that has been greeted and has said EHLO. Raises NextHopAwayError."""
    loop = asyncio.get_running_loop()
    connection = Connection(loop)
    try:
        async with asyncio.timeout(hop.timeouts.connect_s):
            at_once = hop.tls if hop.implicit_tls else None
            await loop.create_connection(lambda: connection, hop.host, hop.port, ssl=at_once)
        await _introduce(connection, hop)
    except (OSError, NextHopLostError) as error:
        connection.close()
        why = str(error) or "no connection in time"
        raise NextHopAwayError(f"{hop.host}:{hop.port}: {why}") from error
    return connection


async def _introduce(connection: Connection, hop: Hop) -> None:
    greeting = await connection.reply(hop.timeouts.greeting_s)
    if not greeting.accepted:
        raise NextHopLostError(f"it greets with {greeting.code}")
    await _hello(connection, hop)
    if hop.tls is not None and not hop.implicit_tls:
        if "STARTTLS" not in connection.extensions:
            raise NextHopLostError("it offers no STARTTLS")
        reply = await connection.command(b"STARTTLS\r\n", hop.timeouts.command_s)
        if reply.code != 220:
            raise NextHopLostError(f"it answers STARTTLS with {reply.code}")
        async with asyncio.timeout(hop.timeouts.connect_s):
            await connection.start_tls(hop.tls, hop.host)
        await _hello(connection, hop)


async def _hello(connection: Connection, hop: Hop) -> None:
    """Say EHLO, and learn what is offered."""
    name = hop.hostname.encode("ascii", "replace")
    connection.extensions = {}
    reply = await connection.command(b"EHLO " + name + b"\r\n", hop.timeouts.command_s)
    if reply.accepted:
        connection.extensions = read_extensions(reply)
    elif not (await connection.command(b"HELO " + name + b"\r\n", hop.timeouts.command_s)).accepted:
        raise NextHopLostError("it refuses EHLO and HELO")


def read_extensions(reply: Reply) -> dict[str, str]:
    """Return the keywords of an EHLO reply in upper case, with their parameters."""
    lines = (line.strip().partition(" ") for line in reply.text[1:])
    return {keyword.upper(): rest for keyword, _, rest in lines if keyword}
