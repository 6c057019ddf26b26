"""Keeps a large message out of memory while it is read, whoever reads it.

Pages of a mapped file count as ours from the first touch on; the kernel would leave all of them
there. So they are given back every few milliseconds: the file has them, and a page that is still
needed comes back from the kernel's cache.
"""

from __future__ import annotations

import asyncio
import mmap
from typing import Final, Self

from gateway.model.envelope import Octets

EVERY_S: Final = 0.004


class Airing:
    """A context in which the pages of a mapped message do not pile up."""

    def __init__(self, octets: Octets) -> None:
        self._map = octets if isinstance(octets, mmap.mmap) else None
        self._timer: asyncio.TimerHandle | None = None

    def __enter__(self) -> Self:
        if self._map is not None:
            self.drop()
        return self

    def __exit__(self, *_: object) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def drop(self) -> None:
        """Give the pages back, and again in a while."""
        if self._map is not None:
            self._map.madvise(mmap.MADV_DONTNEED)
            self._timer = asyncio.get_running_loop().call_later(EVERY_S, self.drop)
