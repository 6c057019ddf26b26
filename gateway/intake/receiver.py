"""Takes content off the wire: finds its end, counts it, hashes it, keeps it.

Design notes: kept unstuffed, once; most content holds no line that begins with a dot, and then that
is its wire form too. The relay stuffs the rest again, which no longer spreads dots that a client
left bare. Small content stays in memory, larger content goes into an unnamed file that is read
through mmap (design.md section 4).

Standards: RFC 5321 §4.1.1.4: data ends at CRLF.CRLF only (D-6).
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Final

from gateway.intake.nameless import map_nameless, open_nameless
from gateway.intake.tally import Tally
from gateway.mail.hashing import absorb
from gateway.mail.wire import END_OF_DATA, held_back
from gateway.model.envelope import Content, Octets

MEMORY_OCTETS: Final = 262_144


class Keeper:
    """Octets in memory, or in an unnamed file when there are many."""

    def __init__(self, folder: Path, memory_octets: int = MEMORY_OCTETS) -> None:
        self._folder = folder
        self._memory_octets = memory_octets
        self._pieces: list[bytes] = []
        self._size = 0
        self._descriptor: int | None = None

    def write(self, octets: bytes) -> None:
        """Keep more octets. Raises OSError."""
        self._size += len(octets)
        if self._descriptor is None and self._size <= self._memory_octets:
            self._pieces.append(octets)
            return
        if self._descriptor is None:
            self._descriptor = open_nameless(self._folder)
            octets = b"".join((*self._pieces, octets))
            self._pieces.clear()
        _write_all(self._descriptor, octets)

    def octets(self) -> Octets:
        """Return all of it and let the file go: the map alone holds it. Raises OSError."""
        if self._descriptor is None:
            return b"".join(self._pieces)
        octets = map_nameless(self._descriptor)
        self._descriptor = None
        return octets

    def drop(self) -> None:
        """Forget all of it."""
        self._pieces.clear()
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


class Receiver:
    """One message's content, from behind the 354 to the final dot."""

    def __init__(self, folder: Path, size_limit: int, memory_octets: int = MEMORY_OCTETS) -> None:
        self.too_large = False
        self.trouble: OSError | None = None
        """Why it could not be kept; what comes then is counted but not kept."""
        self._size_limit = size_limit
        self._held = b"\r\n"
        """Octets that may belong to the end; a line begins before the first octet."""
        self._begun = False
        self._size = 0
        self._digest = hashlib.sha256()
        self._tally = Tally()
        self._keeper = Keeper(folder, memory_octets)
        self._stuffed = False
        """A line began with a dot: what is kept is not the wire form."""

    def feed(self, octets: bytes) -> bytes | None:
        """Take octets; return what follows the final dot, or None when it has not come."""
        octets = self._held + octets
        has_dot = b"." in octets
        end = octets.find(END_OF_DATA) if has_dot else -1
        if end >= 0:
            self._take(octets[: end + 2], has_dot=has_dot)
            return octets[end + len(END_OF_DATA) :]
        held = held_back(octets)
        self._held = octets[len(octets) - held :]
        self._take(octets[: len(octets) - held] if held else octets, has_dot=has_dot)
        return None

    def content(self) -> Content:
        """Return the content; only after its end has come. Raises OSError."""
        if self.trouble is not None:
            raise self.trouble
        octets = self._keeper.octets()
        wire = None if self._stuffed else octets
        return Content(octets, self._size, self._digest.digest(), self._tally.traits, wire)

    def drop(self) -> None:
        """Forget what was kept."""
        self._keeper.drop()

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
        if self.too_large or self.trouble is not None:
            self.drop()
            return
        absorb(self._digest, plain)
        self._tally.feed(plain, wire)
        try:
            self._keeper.write(plain)
        except OSError as error:
            self.trouble = error


def _write_all(descriptor: int, octets: bytes) -> None:
    written = os.write(descriptor, octets)
    while written < len(octets):
        written += os.write(descriptor, memoryview(octets)[written:])
