"""One MTA on the other side of a socket: octets in, short answers out.

What breaks the protocol loses its connection, and the MTA goes on by its own `default_action`.

Design notes: one message at a time; nothing is read while it is decided. A decision that was
begun is finished, even when the MTA is gone by then or has had its answer (D-2).
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Coroutine
from typing import Any, Final, cast

from gateway.intake.entrance import Share
from gateway.intake.listeners import is_within
from gateway.intake.milter import codec
from gateway.intake.milter.codec import ProtocolError
from gateway.intake.milter.letter import Letter
from gateway.intake.milter.session import Session
from gateway.intake.milter.verdict import Surroundings, decide

QUICK_ACK: Final[int | None] = getattr(socket, "TCP_QUICKACK", None)
"""Linux's option; it holds until the next answer and must be set again."""


class Roll:
    """Who is in, and which decisions are under way, at one listener."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, sessions_limit: int, share: Share | None = None
    ) -> None:
        self.stopping = False
        """Connections end with the message under way."""
        self.connections: set[Connection] = set()
        self.deciding: set[asyncio.Task[bytes]] = set()
        self.empty = asyncio.Event()
        """Nobody is in, and nothing is under way."""
        self.empty.set()
        self._loop = loop
        self._sessions_limit = sessions_limit
        self._share = share

    def enter(self, connection: Connection) -> bool:
        """Count a connection in, unless there are too many."""
        inside = self._share.everywhere - 1 if self._share else len(self.connections)
        if self.stopping or inside >= self._sessions_limit:
            return False
        self.connections.add(connection)
        self._count()
        return True

    def leave(self, connection: Connection) -> None:
        """Count a connection out, one that was turned away too."""
        if self._share is not None:
            self._share.leave()
        self.connections.discard(connection)
        self._count()

    def begin(self, deciding: Coroutine[Any, Any, bytes]) -> asyncio.Task[bytes]:
        """Run a decision that outlives its connection."""
        task = self._loop.create_task(deciding)
        self.deciding.add(task)
        task.add_done_callback(self._decided)
        self._count()
        return task

    def _decided(self, task: asyncio.Task[bytes]) -> None:
        self.deciding.discard(task)
        self._count()

    def _count(self) -> None:
        if self.connections or self.deciding:
            self.empty.clear()
        else:
            self.empty.set()


class Connection(asyncio.Protocol):
    """One MTA on the other side."""

    def __init__(self, loop: asyncio.AbstractEventLoop, roll: Roll, around: Surroundings) -> None:
        self._loop = loop
        self._roll = roll
        self._around = around
        self._decoder = codec.Decoder()
        self._session = Session(around.settings)
        self._transport: asyncio.Transport | None = None
        self._deciding: asyncio.Task[bytes] | None = None
        self._answer_at = 0.0
        self._patience: asyncio.TimerHandle | None = None
        self._heard_at = loop.time()
        self._timer: asyncio.TimerHandle | None = None
        self._peer = ""
        self._socket: socket.socket | None = None

    @property
    def _busy(self) -> bool:
        return self._deciding is not None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let the MTA in, if it may come in."""
        self._transport = cast(asyncio.Transport, transport)
        peer = transport.get_extra_info("peername")
        if isinstance(peer, tuple):
            self._socket = transport.get_extra_info("socket")
            self._acknowledge()
        self._peer = str(peer[0]) if isinstance(peer, tuple) else ""
        if self._peer and not is_within(self._peer, self._around.settings.trusted):
            self._turn_away("a client that is none of the trusted ones")
        elif not self._roll.enter(self):
            self._turn_away("too many connections, or a stop under way")
        else:
            self._watch()

    def data_received(self, octets: bytes) -> None:
        """Take octets, and go on."""
        self._heard_at = self._loop.time()
        self._acknowledge()
        self._decoder.receive(octets)
        self._go_on()

    def eof_received(self) -> bool:
        """Take the end; what was begun is finished."""
        self._decoder.receive(b"")
        self._go_on()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of everything but a decision under way."""
        del exc
        if self._timer is not None:
            self._timer.cancel()
        if self._patience is not None:
            self._patience.cancel()
        self._session.drop()
        self._roll.leave(self)

    def close_when_idle(self) -> None:
        """Close now, or after the message under way."""
        if not self._busy and self._session.idle:
            self._close()

    def abort(self) -> None:
        """Close at once."""
        if self._transport is not None:
            self._transport.abort()

    def _turn_away(self, why: str) -> None:
        self._around.note(why, self._subject)
        self._close()

    @property
    def _subject(self) -> str:
        return f"{self._around.settings.name} {self._peer}".rstrip()

    def _close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def _write(self, octets: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(octets)

    def _watch(self) -> None:
        """Close the connection of an MTA that has been silent for too long."""
        timeout_s = self._around.settings.idle_timeout_s
        rest_s = self._heard_at + timeout_s - self._loop.time()
        if rest_s <= 0 and not self._busy:
            self._close()
            return
        self._timer = self._loop.call_later(rest_s if rest_s > 0 else timeout_s, self._watch)

    def _acknowledge(self) -> None:
        """Acknowledge at once what came.

        We answer nothing before the end of a message, and Linux holds back an acknowledgement
        alone for 40 ms, in the hope of an answer to send it with; the MTA meanwhile holds back its
        next small packet (RFC 896).
        """
        if self._socket is not None and QUICK_ACK is not None:
            self._socket.setsockopt(socket.IPPROTO_TCP, QUICK_ACK, 1)

    def _go_on(self) -> None:
        """Work off what has come, up to the next end of a message."""
        try:
            while not (self._busy or self._session.ended):
                if (event := self._decoder.next_event()) is None:
                    break
                if answer := self._session.apply(event):
                    self._write(answer)
                if isinstance(event, codec.EndOfMessage):
                    self._decide(self._session.take())
        except ProtocolError as error:
            self._around.note(f"the milter protocol was broken: {error}", self._subject)
            self._session.drop()
            self._close()
            return
        if self._session.ended or (self._roll.stopping and self._session.idle):
            self._close_unless_busy()

    def _close_unless_busy(self) -> None:
        if not self._busy:
            self._close()

    def _decide(self, letter: Letter) -> None:
        """Begin to decide; the MTA is told that we are at it, and hears the end of it."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()
        settings = self._around.settings
        self._answer_at = self._loop.time() + settings.answer_within_s
        self._deciding = self._roll.begin(decide(letter, self._around))
        self._deciding.add_done_callback(self._decided)
        self._patience = self._loop.call_later(settings.progress_s, self._be_patient)

    def _be_patient(self) -> None:
        """Ask the MTA to wait on, or let the message pass undecided."""
        settings = self._around.settings
        rest_s = self._answer_at - self._loop.time()
        if rest_s <= 0:
            self._around.note("accepted before it was decided: that takes too long", self._subject)
            self._answer(codec.ACCEPT)
            return
        self._write(codec.PROGRESS)
        self._patience = self._loop.call_later(min(settings.progress_s, rest_s), self._be_patient)

    def _decided(self, task: asyncio.Task[bytes]) -> None:
        if task is self._deciding:
            self._answer(codec.ACCEPT if task.cancelled() else task.result())

    def _answer(self, octets: bytes) -> None:
        """Answer the end of a message and read on."""
        self._deciding = None
        if self._patience is not None:
            self._patience.cancel()
        self._heard_at = self._loop.time()
        self._write(octets)
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()
            self._go_on()
