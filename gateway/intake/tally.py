"""What is counted of content while it arrives: pure.

Design notes: proper mail must cost next to nothing, since all of it is counted on the loop. Each
false end of data (D-6) holds a bare LF, a bare CR or a NUL, so only content with such is searched
for them; and lines of one width, as base64 has, are measured a thousand at a time: where their line
ends must be is known, and behind those nothing odd may be left.
"""

from __future__ import annotations

from typing import Final

from gateway.mail.wire import false_end
from gateway.model.envelope import Traits

STRETCH_OCTETS: Final = 4096
SEAM_OCTETS: Final = 8


class Tally:
    """Counts octets, piece after piece; no piece may end between CR and LF."""

    def __init__(self) -> None:
        self._bare_lf = 0
        self._bare_cr = 0
        self._nul = 0
        self._eight_bit = False
        self._longest = 0
        self._open = 0
        """Octets of the line that the last piece left unfinished."""
        self._seam = b"\r\n"
        self._false_end = ""

    @property
    def traits(self) -> Traits:
        """What was counted so far."""
        return Traits(
            bare_lf=self._bare_lf,
            bare_cr=self._bare_cr,
            nul=self._nul,
            eight_bit=self._eight_bit,
            longest_line=max(self._longest, self._open),
            ambiguous_end=self._false_end,
        )

    @property
    def is_ambiguous(self) -> bool:
        """Whether a false end of data (D-6) was seen so far."""
        return bool(self._false_end)

    def feed(self, plain: bytes, wire: bytes) -> None:
        """Count a piece, given unstuffed and as it came."""
        odd = self._measure(plain)
        if not plain.isascii():
            self._eight_bit = True
        if odd:
            line_ends = plain.count(b"\r\n")
            self._bare_lf += plain.count(b"\n") - line_ends
            self._bare_cr += plain.count(b"\r") - line_ends
            self._nul += plain.count(b"\0")
            self._false_end = self._false_end or false_end(self._seam + wire)
        elif self._bare_lf or self._bare_cr or self._nul:
            self._false_end = self._false_end or false_end(self._seam + wire[:SEAM_OCTETS])
        self._seam = (self._seam + wire[-SEAM_OCTETS:])[-SEAM_OCTETS:]

    def _measure(self, piece: bytes) -> bool:
        """Keep the length of the longest line; return whether a bare CR, a bare LF or NUL is there.

        A bytes.count looks at every octet by itself in 3.11, so nothing is counted before.
        """
        start, odd, size = 0, False, len(piece)
        while start < size:
            stop = _stretch(piece, start)
            lines = piece[start:stop].split(b"\r\n")
            odd = odd or _is_odd(b"".join(lines))
            lengths = [*map(len, lines)]
            lengths[0] += self._open
            self._open = lengths.pop()
            start = stop
            if lengths:
                self._longest = max(self._longest, *lengths)
                if start < size and (alike := _alike(piece, start, width := len(lines[-2]))):
                    odd = odd or _is_odd(_filled(piece, start, alike, width))
                    start += alike * (width + 2)
        return odd


def _stretch(piece: bytes, start: int) -> int:
    """Return where to stop reading line by line: behind a line end, or at the end."""
    if len(piece) - start <= STRETCH_OCTETS:
        return len(piece)
    end = piece.rfind(b"\r\n", start, start + STRETCH_OCTETS)
    if end < 0:
        end = piece.find(b"\r\n", start)
    return len(piece) if end < 0 else end + 2


def _alike(piece: bytes, start: int, width: int) -> int:
    """Return how many lines from `start` on end in CRLF at this width."""
    step = width + 2
    if piece[start + width : start + step] != b"\r\n":
        return 0
    carriage = piece[start + width :: step]
    feed = piece[start + width + 1 :: step]
    same_cr = len(carriage) - len(carriage.lstrip(b"\r"))
    same_lf = len(feed) - len(feed.lstrip(b"\n"))
    return min(same_cr, same_lf)


def _filled(piece: bytes, start: int, count: int, width: int) -> bytearray:
    """Return so many lines of one width with their line ends filled in."""
    step = width + 2
    lines = bytearray(memoryview(piece)[start : start + count * step])
    lines[width::step] = lines[width + 1 :: step] = b"." * count
    return lines


def _is_odd(octets: bytes | bytearray) -> bool:
    return b"\r" in octets or b"\n" in octets or b"\0" in octets
