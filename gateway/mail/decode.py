"""Cuts the decoded octets of a part out of the content, window by window (D-10).

A part is a chain of spans; nothing of it is ever copied as a whole, so an attachment of any
size costs a few windows of memory.

Standards: RFC 2045 §6; uuencode as POSIX has it.

Limits: base64 ends at its first complete padding, as in the stdlib; what follows is damage.
"""

from __future__ import annotations

import binascii
import mmap
import re
from collections.abc import Callable, Iterator
from typing import Final

import pybase64

from gateway.mail import cms, limits
from gateway.model.envelope import Octets
from gateway.model.message import Span

Damage = list[str]
"""Gathers what was wrong with an encoding while it was decoded."""

_BASE64: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_NOT_BASE64: Final = bytes(set(range(256)) - set(_BASE64))
_SPACE: Final = b" \t\r\n\x0b\x0c"
_PADDING: Final = re.compile(rb"=+")
_PADDING_OR_SPACE: Final = b"=" + _SPACE
_QUANTUM: Final = 4
_PASSED: Final = 16
_SMALL_OCTETS: Final = 8192
_SEARCHED_AT_ONCE_OCTETS: Final = 262_144
_MAPPED_OCTETS: Final = 1 << 20
"""What stays of a mapped file behind the cursor."""


def cut(octets: Octets, chain: tuple[Span, ...]) -> Iterator[bytes]:
    """Yield the decoded octets that a chain leads to, in windows. Total."""
    return cut_noting(octets, chain, [])


def cut_noting(octets: Octets, chain: tuple[Span, ...], damage: Damage) -> Iterator[bytes]:
    """Yield the decoded octets that a chain leads to; what is broken is added to `damage`."""
    if not chain:
        return iter(())
    first = chain[0]
    windows = _windows(octets, max(first.start, 0), min(first.stop, len(octets)))
    windows = _DECODERS.get(first.encoding, _decode_identity)(windows, damage)
    for span in chain[1:]:
        inner = _within(windows, span)
        windows = _DECODERS.get(span.encoding, _decode_identity)(inner, damage)
    return windows


def cut_whole(octets: Octets, chain: tuple[Span, ...], limit_octets: int) -> bytes:
    """Return at most `limit_octets` of what a chain leads to, in one piece."""
    if len(chain) == 1:
        span = chain[0]
        size = span.stop - span.start
        if size <= limits.WINDOW_OCTETS <= limit_octets:
            if span.encoding == "identity":
                return bytes(octets[span.start : span.stop])
            if span.encoding == "quoted-printable":
                return binascii.a2b_qp(bytes(octets[span.start : span.stop]))
    pieces: list[bytes] = []
    size = 0
    for window in cut(octets, chain):
        pieces.append(window)
        size += len(window)
        if size >= limit_octets:
            break
    return b"".join(pieces)[:limit_octets]


def find(octets: Octets, needle: bytes, start: int, stop: int) -> int:
    """Return where `needle` first stands in a range, or -1, without copying the range.

    Large ranges are searched through windows: that stays in the processor's cache, and the
    search of bytes is quicker than that of a map.
    """
    if isinstance(octets, bytes) and stop - start <= _SEARCHED_AT_ONCE_OCTETS:
        if stop - start <= _SMALL_OCTETS:
            return octets.find(needle, start, stop)
        # One octet is looked for ten times as fast as several, and base64 holds no hyphen: those
        # of a file's header section are passed one by one.
        at = start
        for _ in range(_PASSED):
            at = octets.find(needle[:1], at, stop)
            if at < 0 or octets.startswith(needle, at, stop):
                return at
            at += 1
        return octets.find(needle, at, stop)
    at = start
    for window in _windows(octets, start, stop, overlap=len(needle) - 1):
        found = window.find(needle) if needle[:1] in window else -1
        if found >= 0:
            return at + found
        at += limits.WINDOW_OCTETS
    return -1


def _windows(octets: Octets, start: int, stop: int, overlap: int = 0) -> Iterator[bytes]:
    """Yield a range of the content in windows; each may reach into the next one.

    Pages of a mapped file count as ours from the first touch on, so they are given back behind
    the cursor: the file has them.
    """
    behind = start - start % mmap.PAGESIZE
    for at in range(start, stop, limits.WINDOW_OCTETS):
        yield bytes(octets[at : min(at + limits.WINDOW_OCTETS + overlap, stop)])
        if at - behind >= _MAPPED_OCTETS and isinstance(octets, mmap.mmap):
            octets.madvise(mmap.MADV_DONTNEED, behind, _MAPPED_OCTETS)
            behind += _MAPPED_OCTETS


def _within(windows: Iterator[bytes], span: Span) -> Iterator[bytes]:
    """Yield the range of a span out of decoded windows."""
    at = 0
    for window in windows:
        piece = window[max(span.start - at, 0) : max(span.stop - at, 0)]
        if piece:
            yield piece
        at += len(window)
        if at >= span.stop:
            return


def _decode_identity(windows: Iterator[bytes], damage: Damage) -> Iterator[bytes]:
    """Yield windows as they are."""
    del damage
    return windows


def decode_base64(windows: Iterator[bytes], damage: Damage) -> Iterator[bytes]:
    """Yield decoded base64: whole lines at once while they are sound, else with patience."""
    carry = b""
    for window in windows:
        chunk = carry + window if carry else window
        stop = chunk.rfind(b"\n") + 1 or len(chunk)
        lines = chunk[:stop]
        padding = lines.find(b"=")
        # Padding may end the last line; anything else about it asks for patience.
        if padding < 0 or not lines[padding:].strip(_PADDING_OR_SPACE):
            try:
                yield pybase64.b64decode(lines)
            except (binascii.Error, ValueError):
                pass
            else:
                carry = chunk[stop:]
                if padding < 0:
                    continue
                if carry.strip(_SPACE) or any(rest.strip(_SPACE) for rest in windows):
                    damage.append("base64-after-padding")
                return
        yield from _decode_loose_base64(chunk, windows, damage)
        return
    if carry:
        yield from _decode_loose_base64(carry, windows, damage)


def _decode_loose_base64(chunk: bytes, windows: Iterator[bytes], damage: Damage) -> Iterator[bytes]:
    """Yield base64 whose lines or padding are odd, up to its first complete padding.

    RFC 2045 §6.8: "All line breaks or other characters not found in Table 1 must be ignored".
    """
    carry = b""
    rest = b""
    while True:
        clean = carry + chunk.translate(None, _NOT_BASE64)
        stop, clean = _up_to_padding(clean)
        sound = (stop if stop >= 0 else len(clean)) // _QUANTUM * _QUANTUM
        yield binascii.a2b_base64(clean[:sound])
        if stop >= 0:
            carry, rest = clean[sound:stop], clean[stop:]
            break
        carry = clean[sound:]
        following = next(windows, None)
        if following is None:
            break
        chunk = following
    quanta = carry.replace(b"=", b"")
    if len(quanta) == 1:
        damage.append("base64-cut")
    elif quanta:
        if stop < 0:
            damage.append("base64-without-padding")
        yield binascii.a2b_base64(quanta + b"==")
    if stop >= 0 and (rest.strip(b"=") or any(window.strip(_SPACE) for window in windows)):
        damage.append("base64-after-padding")


def _up_to_padding(clean: bytes) -> tuple[int, bytes]:
    """Return where complete padding begins (-1 when nowhere) and the octets to decode.

    An equals sign pads only behind two or three characters of a quantum; others are dropped.
    """
    if b"=" not in clean:
        return -1, clean
    kept = bytearray()
    at = 0
    for found in _PADDING.finditer(clean):
        kept += clean[at : found.start()]
        at = found.end()
        filled = len(kept) % _QUANTUM
        if filled < _QUANTUM // 2:
            continue
        if filled + at - found.start() >= _QUANTUM:
            return len(kept), bytes(kept) + clean[at:]
        if at == len(clean):
            return -1, bytes(kept) + b"="
    return -1, bytes(kept) + clean[at:]


def _decode_quoted_printable(windows: Iterator[bytes], damage: Damage) -> Iterator[bytes]:
    """Yield decoded quoted-printable, cut where no escape stands across."""
    del damage
    carry = b""
    for window in windows:
        chunk = carry + window
        stop = chunk.rfind(b"\n") + 1
        if not stop:
            mark = chunk.rfind(b"=", -3)
            stop = mark if mark >= 0 else len(chunk)
        yield binascii.a2b_qp(chunk[:stop])
        carry = chunk[stop:]
    if carry:
        yield binascii.a2b_qp(carry)


def _decode_uuencode(windows: Iterator[bytes], damage: Damage) -> Iterator[bytes]:
    """Yield decoded uuencode, from behind its `begin` line to its `end`."""
    carry = b""
    begun = False
    for window in windows:
        *lines, carry = (carry + window).split(b"\n")
        if len(carry) > limits.WINDOW_OCTETS:
            damage.append("uuencode-damaged")
            carry = b""
        out: list[bytes] = []
        for line in lines:
            if not begun:
                begun = line.startswith(b"begin ")
            elif line.startswith((b"end", b"`")) or not line.strip():
                if line.startswith(b"end"):
                    yield b"".join(out)
                    return
            else:
                out.append(_decode_uu_line(line, damage))
        yield b"".join(out)
    if begun and carry.strip() and not carry.startswith(b"end"):
        yield _decode_uu_line(carry, damage)


def _decode_uu_line(line: bytes, damage: Damage) -> bytes:
    """Return the octets of one uuencoded line, its declared count being right."""
    line = line.rstrip(b"\r")
    try:
        return binascii.a2b_uu(line)
    except binascii.Error:
        # Some encoders pad the last quantum with anything; the count says what is real.
        wanted = (((line[0] - 32) & 63) * 4 + 5) // 3
        try:
            return binascii.a2b_uu(line[:wanted])
        except binascii.Error:
            damage.append("uuencode-damaged")
            return b""


def _open_signed(windows: Iterator[bytes], damage: Damage) -> Iterator[bytes]:
    """Yield what signed S/MIME holds, in one piece: its signatures stand behind it."""
    # Its span says how much of it is read at most.
    content = cms.signed_content(b"".join(windows))
    if content is None:
        damage.append("signed-content-unread")
        return
    yield content


_DECODERS: Final[dict[str, Callable[[Iterator[bytes], Damage], Iterator[bytes]]]] = {
    "identity": _decode_identity,
    "base64": decode_base64,
    "quoted-printable": _decode_quoted_printable,
    "uuencode": _decode_uuencode,
    "signed": _open_signed,
}
