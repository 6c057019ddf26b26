"""The session under the commands: octets in, replies out, time limits, leave-taking.

It replaces what aiosmtpd's protocol (1.4.6, pinned) does for each connection:

- nothing cancels the task of a session, whether a timer, a half-close or a lost connection, so
  that no delivery is cut off in its middle;
- no exception ends in a 5xx, which would bounce mail: 451 4.3.0;
- limits of command lines belong to the instance; octets behind the final dot are kept;
- content is never read line by line, and its lines have no limit (receiver.py);
- nothing is looked up or introspected for each connection, and no thread is made.

Standards: RFC 5321, RFC 2920 (several replies in one write).
"""

from __future__ import annotations

import asyncio
import traceback
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, ClassVar, Final, cast

import structlog
from aiosmtpd.smtp import SMTP
from aiosmtpd.smtp import Session as PeerSession

from gateway.intake import words
from gateway.intake.lines import Lines, LineTooLongError
from gateway.intake.listeners import Listener, Sessions, Wiring, is_within
from gateway.intake.pace import Pace
from gateway.intake.proxied import NotProxiedError, client_of
from gateway.intake.receiver import Receiver
from gateway.intake.stock import StockReceiver
from gateway.model.envelope import Reply

ERRORS_LIMIT: Final = 20
OUT_OCTETS: Final = 8192
"""Replies that may wait for the end of what a client has pipelined."""
BROWSERS: Final = frozenset({b"GET", b"POST", b"PUT", b"HEAD", b"OPTIONS", b"CONNECT", b"DELETE"})
"""Verbs of HTTP: a page that makes a browser talk to us must not get far."""

Commands = dict[bytes, Callable[[Any, bytes], Awaitable[None]]]

_log = structlog.get_logger(__name__)


class _Peer(PeerSession):
    """aiosmtpd's session, without the warning that its own AUTH would cause."""

    login_data = None


def place_of(error: BaseException) -> str:
    """Return what went wrong and where, without words: they may hold content or a password."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{where}"


class ClientSession(SMTP, ABC):
    """A client's connection, without its commands."""

    COMMANDS: ClassVar[Commands]
    protocol_name: ClassVar[str] = "ESMTP"

    def __init__(self, listener: Listener, wiring: Wiring, sessions: Sessions) -> None:
        # aiosmtpd's own __init__ introspects the class and looks its host name up, each time.
        loop = asyncio.get_running_loop()
        self.loop = loop
        self.listener = listener
        self.wiring = wiring
        self.hostname = listener.hostname
        self.tls_context = listener.tls
        self.transport: asyncio.Transport | None = None
        self.session: PeerSession | None = None
        self.address = ""
        self.trusted = False
        self.finished: asyncio.Future[None] = loop.create_future()
        """Done when the session's task has ended."""
        self._tls_protocol = None
        self._original_transport: asyncio.Transport | None = None
        self._sessions = sessions
        self._admitted = False
        self._lines = Lines(loop)
        self._receiver: Receiver | None = None
        self._reads_stock = False
        self._ended: asyncio.Future[bool] | None = None
        self._readable: asyncio.Future[None] | None = None
        """Done when the client reads again; None while it does."""
        self._out = b""
        self._errors = 0
        self._busy = False
        """A command is under way: the client is waiting for us, not we for it."""
        self._leaving = False
        self._active_at = loop.time()
        self._pace = Pace(listener.data_timeout_s)
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin a session; after STARTTLS, begin it anew on the safe transport."""
        self.transport = cast("asyncio.Transport", transport)
        self.session = _Peer(self.loop)
        self.session.peer = transport.get_extra_info("peername")
        if self._original_transport is not None:
            assert self._tls_protocol is not None  # noqa: S101 - STARTTLS has just set it
            self.session.ssl = self._tls_protocol._extra  # noqa: SLF001 - aiosmtpd does so
            self._lines.clear()
            self.begin()
            return
        peer = self.session.peer
        self.address = peer[0] if isinstance(peer, tuple) else ""
        self.trusted = is_within(self.address, self.listener.trusted)
        self._watch()
        self._handler_coroutine = self.loop.create_task(self._handle_client())

    def data_received(self, data: bytes) -> None:
        """Take octets: content while a message comes in, else command lines."""
        transport = cast("asyncio.Transport", self.transport)
        if self._receiver is None:
            # A command line has until its end: an octet now and then does not make it longer.
            if self._reads_stock:
                self._active_at = self.loop.time()
            self._lines.feed(data, transport)
            return
        self._active_at = self.loop.time()
        rest = self._receiver.feed(data)
        if rest is None:
            self._receiver.hold_back(transport)
        else:
            self._receiver = None
            self._lines.feed(rest, transport)
            # The task that goes on with it runs a moment later; who stops us now must not say 421.
            self._busy = True
            self._end(whole=True)

    def eof_received(self) -> bool:
        """Go on after a half-close: the client may still read our replies."""
        self._lines.feed_eof()
        self._end(whole=False)
        return self._original_transport is None

    def pause_writing(self) -> None:
        """Note that the client does not read."""
        self._readable = self.loop.create_future()

    def resume_writing(self) -> None:
        """Go on talking."""
        if self._readable is not None and not self._readable.done():
            self._readable.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        """Note that nobody listens any more; what is under way is finished all the same."""
        del error
        if self._timer is not None:
            self._timer.cancel()
        if self._original_transport is not None:
            self._original_transport.close()
        self.resume_writing()
        self.transport = None
        self._lines.feed_eof()
        self._end(whole=False)

    def stop(self) -> None:
        """Take leave: now when the session is idle, else after what is under way."""
        self._leaving = True
        if not self._busy and not self._receiving:
            self._part(words.STOPPING)

    def cut(self) -> None:
        """Close at once; what is under way is not told its end."""
        if self.transport is not None:
            self.transport.abort()

    @abstractmethod
    def begin(self) -> None:
        """Forget what an earlier EHLO began."""

    @abstractmethod
    async def end(self) -> None:
        """Take back what is open when the session ends."""

    def say(self, reply: Reply, more: str = "") -> None:
        """Queue a reply; `flush` sends it."""
        self._out += words.encode(reply, more)

    async def flush(self) -> None:
        """Send what is queued, and wait while the client does not read."""
        if self._out and self.transport is not None:
            self.transport.write(self._out)
            self._out = b""
            if self._readable is not None:
                await self._readable
                self._readable = None

    async def push(self, status: str | bytes) -> None:
        """Send a line at once; what stays of aiosmtpd speaks through it."""
        self._out += status.encode("ascii", "replace") if isinstance(status, str) else status
        self._out += b"\r\n"
        await self.flush()

    async def readline(self) -> bytes:
        """Return the next line; aiosmtpd's AUTH dialogue reads its answers here."""
        self._busy = False
        try:
            return await self._lines.readline()
        finally:
            self._busy = True

    async def receive_content(self, receiver: Receiver | StockReceiver) -> bool:
        """Let a message in; return whether its end came."""
        if isinstance(receiver, StockReceiver):
            return await self._receive_stock(receiver)
        self._ended = self.loop.create_future()
        self._receiver = receiver
        early = self._lines.take()
        await self.flush()
        if early:
            self.data_received(early)
        if self._lines.ended and not self._ended.done():
            self._end(whole=False)
        self._busy = False
        whole = await self._ended
        self._busy = True
        return whole

    async def _receive_stock(self, receiver: StockReceiver) -> bool:
        await self.flush()
        self._busy, self._reads_stock = False, True
        try:
            return await receiver.receive()
        finally:
            self._busy, self._reads_stock = True, False

    @property
    def _reader(self) -> asyncio.StreamReader:  # type: ignore[override] # nobody sets it here
        """Ourselves, for what stays of aiosmtpd; kept, it would make each session a circle."""
        return cast("asyncio.StreamReader", self)

    @property
    def _receiving(self) -> bool:
        """Whether a message is coming in."""
        return self._receiver is not None or self._reads_stock

    async def _learn_client(self) -> None:
        """Hear from a proxy whom it speaks for; one that does not say has no business here."""
        try:
            address = await client_of(self._lines)
        except NotProxiedError as error:
            told = f"{self.address}: {error}"
            _log.warning("no PROXY header", listener=self.listener.name, proxy=told)
            self._leaving = True
            self.cut()
            return
        if address:
            self.address = address
            self.trusted = is_within(address, self.listener.trusted)

    async def _handle_client(self) -> None:
        if is_within(self.address, self.listener.proxies):
            await self._learn_client()
        if self._leaving:
            await self._close()
            return
        if self._sessions.admit(self.address):
            self._admitted = True
        else:
            self._part(words.BUSY)
        try:
            if not self._leaving:
                await self.push(f"220 {self.hostname} {self.protocol_name} Replygate")
            while not self._leaving:
                await self._handle_line()
                if not self._lines.has_line:
                    await self.flush()
                elif len(self._out) > OUT_OCTETS:
                    # A client that pipelines without end gets its replies, and others the loop.
                    await self.flush()
                    await asyncio.sleep(0)
        finally:
            await self._close()

    async def _handle_line(self) -> None:
        """Read one command and answer it."""
        try:
            self._busy = False
            if self._leaving:
                return
            line = await self._lines.readline()
            self._busy = True
            if not line:
                self._leaving = True
                return
            await self._obey(line.removesuffix(b"\n").removesuffix(b"\r"))
        except LineTooLongError:
            self._scold(words.TOO_LONG)
        except Exception as error:  # noqa: BLE001 - mail must not bounce for a defect of ours
            _log.error("intake-defect", listener=self.listener.name, at=place_of(error))
            await self.end()
            self.say(words.TROUBLE)
        self._active_at = self.loop.time()

    async def _obey(self, line: bytes) -> None:
        verb, _, argument = line.partition(b" ")
        verb = verb.upper()
        command = self.COMMANDS.get(verb)
        if b"\r" in line or b"\0" in line:
            self._scold(words.ODD_OCTETS)
        elif command is not None:
            await command(self, argument.strip(b" \t"))
        elif verb in BROWSERS:
            self.say(words.NOT_HERE)
            self._leaving = True
        else:
            self._scold(words.NOT_RECOGNIZED)

    def _scold(self, reply: Reply) -> None:
        """Refuse nonsense, and lose patience after a while."""
        if not self._lose_patience():
            self.say(reply)

    def _lose_patience(self) -> bool:
        """Count an error; end the session when it is one too many, and return whether it is."""
        self._errors += 1
        if self._errors >= ERRORS_LIMIT:
            self._part(words.ENOUGH)
        return self._leaving

    def _part(self, reply: Reply) -> None:
        """Say the last reply of a session; its task ends when it sees that."""
        self._leaving = True
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(self._out + words.encode(reply))
            self._out = b""
            self.transport.close()
        self._lines.feed_eof()
        self._end(whole=False)

    async def _close(self) -> None:
        if self._admitted:
            self._sessions.leave(self.address)
        try:
            await self.end()
            await self.flush()
        finally:
            if self.transport is not None:
                self.transport.close()
            if not self.finished.done():
                self.finished.set_result(None)

    def _end(self, *, whole: bool) -> None:
        if self._ended is not None and not self._ended.done():
            self._receiver = None
            self._ended.set_result(whole)

    def _watch(self) -> None:
        """Look now and then whether the client has been silent for too long."""
        limit = self.listener.command_timeout_s
        if self._receiving:
            limit = self.listener.data_timeout_s
        if self._pace.is_too_slow(self._receiver, self.loop.time()):
            self._part(words.TOO_SLOW)
            return
        left = self._active_at + limit - self.loop.time()
        if left <= 0 and not self._busy:
            self._part(words.TIMED_OUT)
            return
        soon = min(limit, self.listener.data_timeout_s)
        self._timer = self.loop.call_later(left if 0 < left < soon else soon, self._watch)
