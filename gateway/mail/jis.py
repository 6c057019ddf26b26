"""Decodes ISO-2022-JP in the dialects that Japanese mailers really send.

Beyond RFC 1468: NEC row 13 and the IBM extensions (as in cp50220), half-width kana by
escape, by SO and SI, and in eight bits, JIS X 0212, and UTF-8 glued on by a gateway.

Standards: RFC 1468, RFC 1554 (ISO-2022-JP-2), RFC 1557 (ISO-2022-KR).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_RUN: Final = re.compile(rb"(\x1b(?:\([A-Z]|\$\([A-Z]|\$[@AB]|&@\x1b\$B|\.[A-F])|[\x0e\x0f])")
_TO_EIGHT_BITS: Final = bytes(range(0x21)) + bytes(range(0xA1, 0xFF)) + bytes(range(0x7F, 0x100))
_DOUBLE: Final = {
    b"\x1b$@": "jis", b"\x1b$B": "jis", b"\x1b&@\x1b$B": "jis", b"\x1b$(B": "jis",
    b"\x1b$(@": "jis", b"\x1b$(D": "jis-x-0212", b"\x1b$(O": "jis-2004", b"\x1b$(Q": "jis-2004",
    b"\x1b$(P": "jis-2004-2", b"\x1b$A": "gb2312", b"\x1b$(A": "gb2312", b"\x1b$(C": "euc_kr",
}  # fmt: skip

_CHUNK_OCTETS: Final = 64
_CODECS: Final = {
    "jis-x-0212": ("euc_jp", b"\x8f"),
    "jis-2004": ("euc_jis_2004", b""),
    "jis-2004-2": ("euc_jis_2004", b"\x8f"),
    "gb2312": ("gb2312", b""),
    "euc_kr": ("euc_kr", b""),
}


def decode_jis(octets: bytes) -> str:
    """Return the text of octets with ISO-2022 escape sequences; total."""
    state = shifted_from = ""
    text: list[str] = []
    for piece in _RUN.split(octets):
        if not piece:
            continue
        if piece[0] == 0x1B and _RUN.fullmatch(piece):
            state = _DOUBLE.get(piece, "kana" if piece == b"\x1b(I" else "")
        elif piece == b"\x0e":
            shifted_from, state = state, "kana"
        elif piece == b"\x0f":
            state = shifted_from
        else:
            text.append(_decode_run(piece, state))
    return "".join(text)


def _decode_run(run: bytes, state: str) -> str:
    """Return the text of octets in one character set."""
    if not state:
        return _decode_single(run)
    # RFC 1468: "the text must end in ASCII" at each line end; many forget to say so.
    if b"\n" in run:
        first, _, rest = run.partition(b"\n")
        return f"{_decode_run(first, state)}\n{_decode_single(rest)}"
    if state == "kana":
        return run.translate(_TO_EIGHT_BITS).decode("cp932", "replace")
    high = run.translate(_TO_EIGHT_BITS)
    if state == "jis":
        try:
            return high.decode("euc_jp")
        except UnicodeDecodeError:
            return _decode_pairs(run)
    codec, lead = _CODECS[state]
    if lead:
        high = b"".join([lead + high[at : at + 2] for at in range(0, len(high), 2)])
    return high.decode(codec, "replace")


def _decode_single(run: bytes) -> str:
    """Return the text of single octets: ASCII, or what a gateway glued on."""
    if run.isascii():
        return run.decode("ascii")
    try:
        return run.decode("utf-8")
    except UnicodeDecodeError:
        return run.decode("cp932", "replace")


def _decode_pairs(run: bytes) -> str:
    """Return the text of JIS pairs that are not all in the standard's table."""
    text: list[str] = []
    at = 0
    while at < len(run):
        chunk = run[at : at + _CHUNK_OCTETS]
        try:
            text.append(chunk.translate(_TO_EIGHT_BITS).decode("euc_jp"))
            at += len(chunk)
        except UnicodeDecodeError:
            at = _decode_chunk(run, at, text)
    return "".join(text)


def _decode_chunk(run: bytes, at: int, text: list[str]) -> int:
    """Add the characters of one chunk, pair by pair; return where the next one begins."""
    stop = min(at + _CHUNK_OCTETS, len(run))
    while at < stop:
        pair = run[at : at + 2]
        if len(pair) < 2 or not (0x21 <= pair[0] <= 0x7E and 0x21 <= pair[1] <= 0x7E):
            text.append(pair[:1].decode("cp932", "replace"))
            at += 1
        else:
            text.append(_decode_pair(pair))
            at += 2
    return at


@lru_cache(maxsize=8192)
def _decode_pair(pair: bytes) -> str:
    """Return the character of one JIS pair, by cp932 when it is NEC's or IBM's."""
    try:
        return pair.translate(_TO_EIGHT_BITS).decode("euc_jp")
    except UnicodeDecodeError:
        row, cell = pair
        lead = ((row - 0x21) >> 1) + 0x81
        trail = cell + 0x7E if row % 2 == 0 else cell + (0x1F if cell < 0x60 else 0x20)
        return bytes((lead + 0x40 if lead > 0x9F else lead, trail)).decode("cp932", "replace")
