"""Lists the files inside a TNEF part (winmail.dat), as ranges of its decoded octets.

Standards: MS-OXTNEF §2.1.3 (attributes: level, id, size, octets, checksum).

Limits: a file that is an embedded message is listed without a name of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gateway.mail.charsets import decode_text
from gateway.mail.filenames import safe_filename
from gateway.model.message import Span

TNEF_TYPES: Final = ("application/ms-tnef", "application/vnd.ms-tnef")
_SIGNATURE: Final = b"\x78\x9f\x3e\x22"
_HEAD_OCTETS: Final = 6
_ATTRIBUTE_HEAD: Final = 9
_CHECKSUM: Final = 2
_RENDER_DATA: Final = 0x00069002
_TITLE: Final = 0x00018010
_DATA: Final = 0x0006800F
_PROPERTIES: Final = 0x00069005
# PR_ATTACH_LONG_FILENAME as Unicode: the property's tag, one value, its size, its octets.
_LONG_NAME: Final = re.compile(rb"\x1f\x00\x07\x37\x01\x00\x00\x00(.{4})", re.DOTALL)
_FILES: Final = 1000


@dataclass(slots=True)
class TnefFile:
    """A file in a TNEF stream: its name and where its octets stand."""

    span: Span
    name: str = ""


def list_tnef(octets: bytes) -> tuple[TnefFile, ...]:
    """Return the files of a TNEF stream; what is no TNEF has none."""
    files: list[TnefFile] = []
    for ident, start, stop in _attributes(octets):
        if ident == _RENDER_DATA and len(files) < _FILES:
            files.append(TnefFile(Span(start, start)))
        elif files and ident == _TITLE and not files[-1].name:
            files[-1].name = _name(octets[start:stop].rstrip(b"\0"), "")
        elif files and ident == _DATA:
            files[-1].span = Span(start, stop)
        elif files and ident == _PROPERTIES and (found := _LONG_NAME.search(octets, start, stop)):
            size = int.from_bytes(found.group(1), "little")
            files[-1].name = _name(octets[found.end() : found.end() + size], "utf-16-le")
    return tuple(files)


def _attributes(octets: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield id, start and stop of each attribute."""
    at = _HEAD_OCTETS
    if not octets.startswith(_SIGNATURE):
        return
    while at + _ATTRIBUTE_HEAD <= len(octets):
        ident = int.from_bytes(octets[at + 1 : at + 5], "little")
        size = int.from_bytes(octets[at + 5 : at + 9], "little")
        start = at + _ATTRIBUTE_HEAD
        yield ident, start, min(start + size, len(octets))
        at = start + size + _CHECKSUM


def _name(octets: bytes, charset: str) -> str:
    """Return a file name, safe to show."""
    return safe_filename(decode_text(octets, charset)[0].rstrip("\0"))
