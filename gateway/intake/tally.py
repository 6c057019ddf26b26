"""What is counted of content while it arrives: pure.

Design notes: proper mail must cost next to nothing, since all of it is counted on the loop. Each
false end of data (D-6) holds a bare LF, a bare CR or a NUL, so only content with such is searched
for them; and lines of one width, as base64 has, are measured a hundred at a time.
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
        line_ends = self._measure(plain)
        # Taking them out costs half of bytes.count, which in 3.11 looks at every octet by itself.
        without_lf = plain.replace(b"\n", b"")
        feeds = len(plain) - len(without_lf)
        returns = len(without_lf) - len(without_lf.replace(b"\r", b""))
        if not feeds == returns == line_ends:
            # Something is odd, or lines of one width hid a line end inside.
            line_ends = plain.count(b"\r\n")
        bare_lf, bare_cr = feeds - line_ends, returns - line_ends
        nul = plain.count(b"\0") if b"\0" in plain else 0
        if not plain.isascii():
            self._eight_bit = True
        if bare_lf or bare_cr or nul:
            self._bare_lf += bare_lf
            self._bare_cr += bare_cr
            self._nul += nul
            self._false_end = self._false_end or false_end(self._seam + wire)
        elif self._bare_lf or self._bare_cr or self._nul:
            self._false_end = self._false_end or false_end(self._seam + wire[:SEAM_OCTETS])
        self._seam = (self._seam + wire[-SEAM_OCTETS:])[-SEAM_OCTETS:]

    def _measure(self, piece: bytes) -> int:
        """Return how many CRLF were seen, at most all; keep the length of the longest line."""
        start, line_ends, size = 0, 0, len(piece)
        while start < size:
            stop = _stretch(piece, start)
            lines = piece[start:stop].split(b"\r\n")
            lengths = [*map(len, lines)]
            lengths[0] += self._open
            self._open = lengths.pop()
            start = stop
            if lengths:
                line_ends += len(lengths)
                self._longest = max(self._longest, *lengths)
                if start < size:
                    width = len(lines[-2])
                    alike = _alike(piece, start, width)
                    line_ends += alike
                    start += alike * (width + 2)
        return line_ends


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
