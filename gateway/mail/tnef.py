"""Lists the files inside a TNEF part (winmail.dat), as ranges of its decoded octets.

Standards: MS-OXTNEF §2.1.3 (attributes: level, id, size, octets, checksum).

Limits: a file that is an embedded message is listed without a name of its own.

Design notes: the stream is read in windows, so a part of any size costs a few of them (D-10).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
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
_ATTRIBUTES: Final = 100_000
_NAME_OCTETS: Final = 65_536
"""Of a title or of properties, so much is looked at for a name."""


@dataclass(slots=True)
class TnefFile:
    """A file in a TNEF stream: its name, where its octets stand, and their digest."""

    span: Span
    name: str = ""
    sha256: bytes = hashlib.sha256().digest()
    is_whole: bool = True


def list_tnef(windows: Iterator[bytes]) -> tuple[TnefFile, ...]:
    """Return the files of a TNEF stream; what is no TNEF has none."""
    stream = _Stream(windows)
    files: list[TnefFile] = []
    if not stream.take(_HEAD_OCTETS).startswith(_SIGNATURE):
        return ()
    for _ in range(_ATTRIBUTES):
        head = stream.take(_ATTRIBUTE_HEAD)
        if len(head) < _ATTRIBUTE_HEAD:
            break
        ident = int.from_bytes(head[1:5], "little")
        size = int.from_bytes(head[5:9], "little")
        start = stream.at
        if ident == _RENDER_DATA and len(files) < _FILES:
            files.append(TnefFile(Span(start, start)))
        elif files and ident == _DATA:
            _read_octets(files[-1], stream, size)
        elif files and ident in (_TITLE, _PROPERTIES):
            _read_name(files[-1], ident, stream.take(min(size, _NAME_OCTETS)))
        stream.pass_over(start + size + _CHECKSUM - stream.at)
    return tuple(files)


def _read_octets(file: TnefFile, stream: _Stream, size: int) -> None:
    """Note where a file's octets stand, and their digest."""
    digest = hashlib.sha256()
    start = stream.at
    stream.pass_over(size, digest.update)
    file.span = Span(start, stream.at)
    file.sha256 = digest.digest()
    file.is_whole = stream.at == start + size


def _read_name(file: TnefFile, ident: int, octets: bytes) -> None:
    """Note a file's name: the long one out of its properties, else the short title."""
    if ident == _TITLE:
        file.name = file.name or _name(octets, "")
    elif found := _LONG_NAME.search(octets):
        size = int.from_bytes(found.group(1), "little")
        file.name = _name(octets[found.end() : found.end() + size], "utf-16-le")


def _name(octets: bytes, charset: str) -> str:
    """Return a file name, safe to show."""
    whole = octets if charset else octets.rstrip(b"\0")
    return safe_filename(decode_text(whole, charset)[0].rstrip("\0"))


class _Stream:
    """Octets that come in windows, taken from the front."""

    def __init__(self, windows: Iterator[bytes]) -> None:
        """Begin before the first octet."""
        self.at = 0
        self._windows = windows
        self._held = b""
        self._taken = 0

    def take(self, size: int) -> bytes:
        """Return the next octets; fewer when the stream ends."""
        stop = self._taken + size
        while len(self._held) < stop and (window := next(self._windows, b"")):
            self._held = self._held[self._taken :] + window
            self._taken, stop = 0, stop - self._taken
        taken = self._held[self._taken : stop]
        self._taken += len(taken)
        self.at += len(taken)
        return taken

    def pass_over(self, size: int, update: Callable[[bytes], None] | None = None) -> None:
        """Pass over the next octets, which `update` may see."""
        while size > 0:
            if self._taken == len(self._held):
                self._held, self._taken = next(self._windows, b""), 0
                if not self._held:
                    return
            stop = min(self._taken + size, len(self._held))
            if update is not None:
                update(self._held[self._taken : stop])
            size -= stop - self._taken
            self.at += stop - self._taken
            self._taken = stop
