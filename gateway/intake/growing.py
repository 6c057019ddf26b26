"""A large message while it still arrives, as the next hop's side follows it.

Pieces come to it as they came off the wire, so what is hashed on the way in and what leaves are
the same objects, and one digest says both. For a next hop that is a little slower the client
waits; one that is much slower is read for out of the file, with a digest of its own from there on.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from gateway.intake.scribe import Scribe
from gateway.interfaces import SpoiledError

if TYPE_CHECKING:
    from hashlib import _Hash

AHEAD_OCTETS: Final = 512 << 10
"""Pieces that wait in memory; then the client waits too."""
MOST_OCTETS: Final = 4 << 20
PATIENCE_S: Final = 1.0
"""How long the client waits for a next hop that takes nothing."""
WINDOW_OCTETS: Final = 262_144


class Growing:
    """What has arrived of a message, piece by piece."""

    def __init__(self, loop: asyncio.AbstractEventLoop, scribe: Scribe) -> None:
        self._loop = loop
        self._scribe = scribe
        self._pieces: deque[bytes] = deque()
        self._waiting_octets = 0
        self._given = 0
        self._size = 0
        self._lagging = False
        self._left_out = False
        self._room: Callable[[], object] | None = None
        self._patience: asyncio.TimerHandle | None = None
        self._own: _Hash | None = None
        """The digest of what left, once that is read out of the file."""
        self._ended = False
        self._spoiled = False
        self._waiter: asyncio.Future[None] | None = None

    def add(self, piece: bytes) -> bool:
        """Take what has arrived and was looked at; return whether it is the first left out."""
        self._size += len(piece)
        if self._lagging or self._waiting_octets + len(piece) > MOST_OCTETS:
            first, self._left_out = not self._left_out, True
            self._lagging = True
            return first
        self._pieces.append(piece)
        self._waiting_octets += len(piece)
        self.wake()
        return False

    @property
    def is_full(self) -> bool:
        """Whether the client had better wait."""
        return not self._lagging and self._waiting_octets > AHEAD_OCTETS

    def tell_of_room(self, room: Callable[[], object]) -> None:
        """Call this when the client need not wait any more."""
        if self._room is None:
            self._room = room
            self._patience = self._loop.call_later(PATIENCE_S, self._lag)

    def end(self) -> None:
        """Note that all has arrived."""
        self._ended = True
        self.wake()

    def spoil(self) -> None:
        """Note that it must not be delivered; what nobody has taken yet is forgotten."""
        self._spoiled = True
        self._pieces.clear()
        self._waiting_octets = 0
        self._make_room()
        self.wake()

    def wake(self) -> None:
        """Let the follower look again."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def piece(self) -> bytes:
        """Return what comes next, once it is there; nothing at the end. Raises SpoiledError."""
        while not self._spoiled:
            if self._pieces:
                piece = self._pieces.popleft()
                self._waiting_octets -= len(piece)
                self._given += len(piece)
                if not self.is_full:
                    self._make_room()
                return piece
            if self._left_out and (piece := self._out_of_file()):
                return piece
            if self._ended and self._given == self._size:
                return b""
            self._waiter = self._loop.create_future()
            await self._waiter
        raise SpoiledError

    def digest(self) -> bytes:
        """Return the digest of what was given out; after all of it was."""
        return self._scribe.digest() if self._own is None else self._own.digest()

    def _lag(self) -> None:
        self._lagging = True
        self._make_room()

    def _make_room(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
        room, self._room = self._room, None
        if room is not None:
            room()

    def _out_of_file(self) -> bytes:
        if self._scribe.written <= self._given:
            return b""
        piece = self._scribe.read(self._given, WINDOW_OCTETS)
        if self._own is None:
            assert self._scribe.marked is not None  # noqa: S101 - it is written behind the mark
            self._own = self._scribe.marked
        self._own.update(piece)
        self._given += len(piece)
        return piece
