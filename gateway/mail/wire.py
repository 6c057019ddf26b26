"""The dot-stuffed form that content has between MAIL and the final dot: pure, both ways.

Stuffing is exact: only a dot behind CRLF (or at the very start) gets a second one, and every
other octet stays, a lone CR or LF included. `smtplib` and aiosmtplib also stuff behind a bare LF,
where no receiver takes the dot away again.

Standards: RFC 5321 §4.5.2 (transparency), §4.1.1.4 (end of data is CRLF.CRLF, D-6).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

END_OF_DATA: Final = b"\r\n.\r\n"
WINDOW_OCTETS: Final = 524_288

FALSE_ENDS: Final = re.compile(
    rb"\n\.(?:\r\n|\n|\r)"  # LF.LF, LF.CRLF, LF.CR, and the same behind CRLF or CRCRLF
    rb"|\r\.(?:\r\n|\n|\r)"  # CR.LF, CR.CR, CR.CRLF
    rb"|\r\n\x00\.\r\n"
)
"""What a lax next hop may take for the end of data; the true one is told apart afterwards."""

_TAILS: Final = tuple(END_OF_DATA[:size] for size in (4, 3, 2, 1))


def held_back(octets: bytes) -> int:
    """Return how many of the last octets may be the beginning of the end of data."""
    if octets[-1:] not in b"\r\n.":
        return 0
    return next((len(tail) for tail in _TAILS if octets.endswith(tail)), 0)


def false_end(octets: bytes) -> str:
    """Return the first ambiguous end of data (D-6) in wire form as `repr` shows it, or "".

    Give CRLF in front of the first octet of a message, and the octets around a seam.
    """
    for found in FALSE_ENDS.finditer(octets):
        start, end = found.span()
        behind_crlf = found[0][:1] == b"\n" and octets[start - 1 : start] == b"\r"
        if behind_crlf and found[0] == b"\n.\r\n":
            continue
        more = b"\r\n" if octets[end - 1 : end + 2] == b"\r\r\n" else b""
        return repr((b"\r" if behind_crlf else b"") + found[0] + more)[2:-1]
    return ""


def stuffed(octets: bytes) -> bytes:
    """Return whole content in wire form, without the final dot."""
    dotted = octets.replace(b"\r\n.", b"\r\n..")
    return b"." + dotted if octets[:1] == b"." else dotted


def unstuffed(wire: bytes) -> bytes:
    """Return whole content from its wire form without the final dot."""
    plain = wire.replace(b"\r\n.", b"\r\n")
    return plain[1:] if wire[:1] == b"." else plain


class Stuffer:
    """Puts content into wire form, window after window."""

    def __init__(self) -> None:
        self._tail = b"\r\n"

    def feed(self, octets: bytes) -> bytes:
        """Return the next window in wire form."""
        tail = self._tail
        self._tail = (tail + octets[-2:])[-2:]
        if b"." not in octets:
            return octets
        return (tail + octets).replace(b"\r\n.", b"\r\n..")[len(tail) :]


def windows(size: int, octets: int = WINDOW_OCTETS) -> Iterator[slice]:
    """Return slices that cover `size` octets in order."""
    return (slice(start, min(start + octets, size)) for start in range(0, size, octets))
