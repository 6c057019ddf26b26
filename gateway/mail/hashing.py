"""Feeds a digest without letting go of the interpreter for the sake of a few octets: pure.

hashlib frees the GIL for each piece of 2048 octets or more, and then waits until the other threads
let it go on. Beside a busy writer thread that costs 150 microseconds for a message of 3 KB, whose
hashing takes two (CPython 3.11).
"""

from __future__ import annotations

from typing import Final, Protocol

BRIEF_OCTETS: Final = 16_384
_SLICE_OCTETS: Final = 2047


class Digest(Protocol):
    """What hashlib makes."""

    def update(self, octets: bytes | memoryview, /) -> None:
        """Take more octets."""
        ...


def absorb(digest: Digest, octets: bytes | memoryview) -> None:
    """Feed octets to a digest: many at once, few in slices that keep the GIL."""
    size = len(octets)
    if size <= _SLICE_OCTETS or size > BRIEF_OCTETS:
        digest.update(octets)
        return
    for start in range(0, size, _SLICE_OCTETS):
        digest.update(octets[start : start + _SLICE_OCTETS])
