"""Keeps octets in memory, or in an unnamed file when there are many."""

from __future__ import annotations

import os
from pathlib import Path

from gateway.intake.nameless import map_nameless, open_nameless
from gateway.intake.receiver import MEMORY_OCTETS
from gateway.intake.scribe import write_all
from gateway.model.envelope import Octets


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
        write_all(self._descriptor, octets)

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
