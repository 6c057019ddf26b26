"""What a client has sent and we have not read yet, as command lines.

Octets pipelined behind a command, or behind the final dot, wait here.
"""

from __future__ import annotations

import asyncio
from typing import Final

LINE_OCTETS: Final = 4096
"""A command with a long ORCPT fits (RFC 3461 asks for 500 more octets, RFC 6531 for others)."""
HIGH_WATER_OCTETS: Final = 65_536


class LineTooLongError(Exception):
    """A command line is longer than `LINE_OCTETS`; it has been thrown away."""


class Lines:
    """A buffer between the socket and the one task that reads commands."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.ended = False
        self._loop = loop
        self._buffer = bytearray()
        self._waiter: asyncio.Future[None] | None = None
        self._transport: asyncio.Transport | None = None
        """The transport that was told to pause."""

    def feed(self, octets: bytes, transport: asyncio.Transport) -> None:
        """Take octets; a client that sends more than we read is held back."""
        self._buffer += octets
        if len(self._buffer) > HIGH_WATER_OCTETS and self._transport is None:
            self._transport = transport
            transport.pause_reading()
        self._wake()

    def feed_eof(self) -> None:
        """Note that nothing more will come."""
        self.ended = True
        self._wake()

    def clear(self) -> None:
        """Forget what was not read (STARTTLS: RFC 3207 §4.2)."""
        self._buffer.clear()

    @property
    def has_line(self) -> bool:
        """Whether a whole line waits."""
        return b"\n" in self._buffer

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits."""
        return not self._buffer

    async def readline(self) -> bytes:
        """Return the next line with its end; empty when nothing more comes.

        Raises LineTooLongError.
        """
        discarded = False
        while (end := self._buffer.find(b"\n")) < 0:
            if len(self._buffer) > LINE_OCTETS:
                discarded = True
                self._buffer.clear()
            self._resume()
            if self.ended:
                return b""
            self._waiter = self._loop.create_future()
            await self._waiter
        line = bytes(self._buffer[: end + 1])
        del self._buffer[: end + 1]
        self._resume()
        if discarded or len(line) > LINE_OCTETS:
            raise LineTooLongError
        return line

    async def read(self, n: int = LINE_OCTETS) -> bytes:
        """Return up to so many octets once there are any, as a StreamReader does."""
        while not self._buffer and not self.ended:
            self._waiter = self._loop.create_future()
            await self._waiter
        octets = bytes(self._buffer[:n])
        del self._buffer[:n]
        return octets

    async def readexactly(self, n: int) -> bytes:
        """Return so many octets, as a StreamReader does. Raises asyncio.IncompleteReadError."""
        while len(self._buffer) < n:
            if self.ended:
                raise asyncio.IncompleteReadError(bytes(self._buffer), n)
            self._waiter = self._loop.create_future()
            await self._waiter
        return await self.read(n)

    async def readuntil(self, separator: bytes = b"\n") -> bytes:
        """Return what comes up to the separator, however much that is, as a StreamReader does.

        Raises asyncio.IncompleteReadError.
        """
        looked = 0
        while (end := self._buffer.find(separator, looked)) < 0:
            looked = max(0, len(self._buffer) - len(separator) + 1)
            self._resume(anyway=True)
            if self.ended:
                raise asyncio.IncompleteReadError(bytes(self._buffer), None)
            self._waiter = self._loop.create_future()
            await self._waiter
        line = bytes(self._buffer[: end + len(separator)])
        del self._buffer[: end + len(separator)]
        self._resume()
        return line

    def take(self) -> bytes:
        """Return all that waits, whole lines or not."""
        octets = bytes(self._buffer)
        self._buffer.clear()
        self._resume()
        return octets

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _resume(self, *, anyway: bool = False) -> None:
        if self._transport is not None and (anyway or len(self._buffer) <= HIGH_WATER_OCTETS):
            transport, self._transport = self._transport, None
            if not transport.is_closing():
                transport.resume_reading()
