"""Takes content off the wire: finds its end, counts it, hashes it, keeps it.

Design notes: kept unstuffed, once; most content holds no line that begins with a dot, and then that
is its wire form too. The relay stuffs the rest again, which no longer spreads dots that a client
left bare. Small content stays in memory; larger content goes into an unnamed file that is read
through mmap, and can be followed by the next hop while it arrives: a piece
is counted, and looked at for false ends, before anybody else has it.

Standards: RFC 5321 §4.1.1.4: data ends at CRLF.CRLF only (D-6).
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final
from weakref import ref

from gateway.intake.flight import Flight
from gateway.intake.growing import Growing
from gateway.intake.scribe import Scribe, again
from gateway.intake.tally import Tally
from gateway.mail.hashing import absorb
from gateway.mail.wire import END_OF_DATA, held_back
from gateway.model.envelope import Content, Octets

MEMORY_OCTETS: Final = 262_144
BACKLOG_OCTETS: Final = 768 << 10
"""What may be on its way to the file; a client that is faster waits."""


class Receiver:
    """One message's content, from behind the 354 to the final dot."""

    def __init__(
        self,
        folder: Path,
        size_limit: int,
        memory_octets: int = MEMORY_OCTETS,
        *,
        refuse_ambiguous: bool = True,
        on_large: Callable[[Growing], bool] | None = None,
        flight: Flight | None = None,
    ) -> None:
        """`on_large` is told once that the content is large; returns whether it is followed."""
        self.too_large = False
        self.no_room = False
        """Too much else was under way."""
        self._flight = flight or Flight()
        self._in_flight = 0
        self.trouble: OSError | None = None
        """Why it could not be kept; what comes then is counted but not kept."""
        self._folder = folder
        self._memory_octets = memory_octets
        self._refuse_ambiguous = refuse_ambiguous
        self._on_large = on_large
        self._loop = asyncio.get_running_loop() if on_large is not None else None
        self._size_limit = size_limit
        self._held = b"\r\n"
        """Octets that may belong to the end; a line begins before the first octet."""
        self._begun = False
        self._size = 0
        self._digest = hashlib.sha256()
        self._tally = Tally()
        self._pieces: list[bytes] = []
        self._scribe: Scribe | None = None
        self._growing: Growing | None = None
        self._paused: asyncio.Transport | None = None
        self._settled: asyncio.Future[None] | None = None
        self._stuffed = False
        """A line began with a dot: what is kept is not the wire form."""

    def feed(self, octets: bytes) -> bytes | None:
        """Take octets; return what follows the final dot, or None when it has not come."""
        octets = self._held + octets
        has_dot = b"." in octets
        end = octets.find(END_OF_DATA) if has_dot else -1
        if end >= 0:
            self._take(octets[: end + 2], has_dot=has_dot)
            if self._scribe is not None:
                self._scribe.flush()
            if self._growing is not None:
                self._growing.end()
            return octets[end + len(END_OF_DATA) :]
        held = held_back(octets)
        self._held = octets[len(octets) - held :]
        self._take(octets[: len(octets) - held] if held else octets, has_dot=has_dot)
        return None

    def hold_back(self, transport: asyncio.Transport) -> None:
        """Let the client wait while more is under way to file or next hop than may be."""
        if self._paused is None and self._is_full:
            self._paused = transport
            transport.pause_reading()
            if self._growing is not None and self._growing.is_full:
                self._growing.tell_of_room(self._look_again)

    @property
    def _is_full(self) -> bool:
        if self._scribe is None or self._loop is None:
            return False
        lags = self._growing is not None and self._growing.is_full
        return lags or self._scribe.backlog > BACKLOG_OCTETS

    @property
    def size(self) -> int:
        """Octets so far."""
        return self._size

    @property
    def is_held_back(self) -> bool:
        """Whether the client waits for us."""
        return self._paused is not None

    async def settle(self) -> None:
        """Wait until all of it is kept; `content` tells whether that went well."""
        while self._scribe is not None and self._scribe.busy and self._loop is not None:
            self._settled = self._loop.create_future()
            await self._settled

    def content(self) -> Content:
        """Return the content; only after its end has come. Raises OSError."""
        if self.trouble is not None:
            raise again(self.trouble)
        octets: Octets
        if self._scribe is not None:
            self._scribe.wait()
            octets, sha256 = self._scribe.octets(), self._scribe.digest()
        else:
            octets, sha256 = b"".join(self._pieces), self._digest.digest()
        wire = None if self._stuffed else octets
        return Content(octets, self._size, sha256, self._tally.traits, wire)

    def drop(self) -> None:
        """Forget what was kept."""
        self._flight.give_back(self._in_flight)
        self._in_flight = 0
        self._pieces.clear()
        if self._growing is not None:
            self._growing.spoil()
        if self._scribe is not None:
            self._scribe.drop()

    def _take(self, wire: bytes, *, has_dot: bool) -> None:
        stuffed = has_dot and b"\r\n." in wire
        plain = wire.replace(b"\r\n.", b"\r\n") if stuffed else wire
        if not self._begun:
            if not wire:
                return
            self._begun = True
            wire = wire[2:]
            plain = plain[2:] if stuffed else wire
        self._stuffed = self._stuffed or stuffed
        self._size += len(plain)
        if self._size_limit and self._size > self._size_limit:
            self.too_large = True
        if self.too_large or self.no_room or self.trouble is not None:
            self.drop()
            return
        self._tally.feed(plain, wire)
        if self._scribe is not None:
            self._pass_on(plain)
        elif self._size <= self._memory_octets:
            absorb(self._digest, plain)
            self._pieces.append(plain)
        else:
            self._grow(b"".join((*self._pieces, plain)))

    def _grow(self, piece: bytes) -> None:
        """Go on with a file."""
        self._pieces.clear()
        try:
            # A letter that is over goes at once, and its octets with it: nothing leads in a circle.
            self._scribe = Scribe(self._folder, partial(_tell, ref(self)))
        except OSError as error:
            self.trouble = again(error)
            return
        if self._on_large is not None and self._loop is not None:
            growing = Growing(self._loop, self._scribe)
            self._growing = growing if self._on_large(growing) else None
        self._pass_on(piece)

    def _pass_on(self, piece: bytes) -> None:
        """Give a piece to the file, and to who follows."""
        assert self._scribe is not None  # noqa: S101 - `_grow` made it
        if self._scribe.trouble is not None:
            self.trouble = self._scribe.trouble
            self.drop()
            return
        self._in_flight += len(piece)
        if not self._flight.take(len(piece)):
            self.no_room = True
            self.drop()
            return
        mark = False
        if self._growing is not None:
            if self._refuse_ambiguous and self._tally.is_ambiguous:
                self._growing.spoil()
            mark = self._growing.add(piece)
        self._scribe.take(piece, mark=mark)

    def progress(self) -> None:
        """Tell the loop, from a thread, that the file has grown."""
        if self._loop is not None:
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._look_again)

    def _look_again(self) -> None:
        if self._growing is not None:
            self._growing.wake()
        if self._paused is not None and not self._is_full:
            transport, self._paused = self._paused, None
            if not transport.is_closing():
                transport.resume_reading()
        if self._settled is not None and not self._settled.done():
            self._settled.set_result(None)


def _tell(receiver: ref[Receiver]) -> None:
    """Tell a receiver that its file has grown, if it is still there."""
    if (there := receiver()) is not None:
        there.progress()
