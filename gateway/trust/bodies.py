"""Hashes a body as DKIM canonicalises it, window by window.

Standards: RFC 6376 §3.4.3 and §3.4.4.

Design notes: dkimpy copies the whole body several times and its pattern for white space at line
ends takes quadratic time on long runs of it. Here each window is rewritten by plain
replacements, which are linear whatever the octets are, and at most two octets are carried to the
next one. A bare LF ends a line, as dkimpy has it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from gateway.model.envelope import Octets

WINDOW_OCTETS: Final = 65_536
_EMPTY_LINES: Final = b"\r\n" * 4096


@dataclass(frozen=True, slots=True)
class BodyHash:
    """What a signature's `bh=` and `l=` are held against."""

    sha256: bytes
    size: int
    """Octets of the canonical body."""


class Bodies:
    """The hashes of one body, each made once, when a signature first asks for it."""

    def __init__(self, octets: Octets, start: int) -> None:
        self._octets = octets
        self._start = start
        self._found: dict[bytes, BodyHash] = {}

    def hash_of(self, canonicalization: bytes) -> BodyHash:
        """Return the hash under `simple` or `relaxed` canonicalization."""
        if canonicalization not in self._found:
            self._found[canonicalization] = _hash(self._lines(), _RULES[canonicalization])
        return self._found[canonicalization]

    def _lines(self) -> Iterator[bytes]:
        """Yield the body in windows that end lines with CRLF and never split one."""
        held = b""
        for start in range(self._start, len(self._octets), WINDOW_OCTETS):
            window = held + bytes(self._octets[start : start + WINDOW_OCTETS])
            held = b"\r" if window.endswith(b"\r") else b""
            yield _with_crlf(window.removesuffix(held) if held else window)
        if held:
            yield held


def _with_crlf(window: bytes) -> bytes:
    """Return the window with CRLF for each bare LF."""
    if window.count(b"\n") == window.count(b"\r\n"):
        return window
    return window.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def _simple(windows: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the windows as they are."""
    return windows


def _relaxed(windows: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the windows with each run of white space as one space, none at line ends."""
    held = b""
    for window in windows:
        window = held + window
        if b"\t" in window or b" " in window:
            window = window.replace(b"\t", b" ")
            while b"  " in window:
                window = window.replace(b"  ", b" ")
            window = window.replace(b" \r\n", b"\r\n")
        held = b" " if window.endswith(b" ") else b""
        yield window.removesuffix(held)
    yield held


_RULES: Final[dict[bytes, Callable[[Iterator[bytes]], Iterator[bytes]]]] = {
    b"simple": _simple,
    b"relaxed": _relaxed,
}


def _hash(windows: Iterator[bytes], rule: Callable[[Iterator[bytes]], Iterator[bytes]]) -> BodyHash:
    """Return the hash of the windows under a rule, without the empty lines at the end."""
    digest = hashlib.sha256()
    size = 0
    waiting = 0
    for window in rule(windows):
        text, empty = _without_empty_lines(window)
        if text:
            size += _update_with_empty_lines(digest.update, waiting) + len(text)
            digest.update(text)
            waiting = 0
        waiting += empty
    # "If there is no body or no trailing CRLF on the message body, a CRLF is added" (§3.4.3);
    # a relaxed body of empty lines alone is none (§3.4.4).
    if size or rule is _simple:
        size += _update_with_empty_lines(digest.update, 1)
    return BodyHash(digest.digest(), size)


def _without_empty_lines(window: bytes) -> tuple[bytes, int]:
    """Return the window without the CRLFs at its end, and how many these were."""
    if not window.endswith(b"\r\n"):
        return window, 0
    tail = len(window.rstrip(b"\r\n"))
    # A lone CR is no line end: it stays, with what stands before it.
    stop = max(window.rfind(b"\r\r", tail) + 1, tail)
    return window[:stop], (len(window) - stop) // 2


def _update_with_empty_lines(update: Callable[[bytes], object], count: int) -> int:
    """Add this many CRLFs to a digest and return their octets."""
    octets = 2 * count
    while count > 0:
        update(_EMPTY_LINES[: 2 * count])
        count -= len(_EMPTY_LINES) // 2
    return octets
