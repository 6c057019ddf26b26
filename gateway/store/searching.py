"""Looks for words in octets as a person would find them: under every encoding that mail has.

Limits: what is compressed or encrypted is not opened.
"""

from __future__ import annotations

import binascii
import html
import quopri
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

_BASE64 = re.compile(rb"[A-Za-z0-9+/]{16,}(?:\r?\n[A-Za-z0-9+/]+)*={0,2}")
_WORD = re.compile(rb"=\?[^?\s]{1,80}\?([bq])\?([^?\s]*)\?=", re.IGNORECASE)
_SEGMENT_STEP = 8 << 20


def names_any(octets: bytes, words: Sequence[bytes]) -> bool:
    """Whether one of these words, which are lower case, stands in the octets however encoded."""
    return any(word in form.lower() for form in _forms(octets) for word in words)


def files_with(paths: Iterable[Path], words: Sequence[bytes]) -> list[Path]:
    """Return the files that hold one of these words, as they are or encoded. Raises OSError."""
    found = []
    for path in paths:
        if not path.is_file():
            continue
        with path.open("rb") as file:
            before = b""
            while piece := file.read(_SEGMENT_STEP):
                if names_any(before + piece, words):
                    found.append(path)
                    break
                before = piece[-65_536:]
    return found


def _forms(octets: bytes) -> Iterator[bytes]:
    """Yield the octets as they are, and as each encoding of mail has them."""
    for plain in _plain(octets):
        yield plain
        if b"\0" in plain:
            yield plain.replace(b"\0", b"")
        if b"&#" in plain or b"&commat;" in plain:
            yield html.unescape(plain.decode("latin-1")).encode("utf-8")


def _plain(octets: bytes) -> Iterator[bytes]:
    yield octets
    if b"=" in octets:
        yield quopri.decodestring(octets)
    words = [_word(kind, text) for kind, text in _WORD.findall(octets)]
    yield b"".join(words)
    for run in _BASE64.finditer(octets):
        # What begins before this window may begin within a group of four.
        for cut in range(4 if run.start() == 0 else 1):
            inner = _base64(run.group()[cut:])
            yield inner
            # A message within a message may be encoded once more.
            yield quopri.decodestring(inner) if b"=" in inner else b""


def _word(kind: bytes, text: bytes) -> bytes:
    if kind.lower() == b"b":
        return _base64(text)
    return quopri.decodestring(text, header=True)


def _base64(text: bytes) -> bytes:
    packed = re.sub(rb"[\r\n=]", b"", text)
    try:
        return binascii.a2b_base64(packed[: len(packed) - (len(packed) % 4 == 1)] + b"==")
    except binascii.Error:
        return b""
