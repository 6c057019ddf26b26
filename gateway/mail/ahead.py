"""Measures the files of a large message while it still arrives.

What is found is a cache and no more: a reader who knows where a file begins and ends finds its
size and digest here, or measures it himself. So whatever is odd is left to the reader, and only
sound base64 behind a sound header section is measured.

Pure: takes pieces, opens nothing.
"""

from __future__ import annotations

import binascii
import hashlib
import mmap
from bisect import bisect_left
from typing import Final

import pybase64

from gateway.mail import limits
from gateway.mail.content import read_section
from gateway.mail.decode import Damage, decode_base64, find
from gateway.mail.fields import is_sound_section
from gateway.model.envelope import Octets
from gateway.model.message import Span

_DASHES: Final = b"\n--"
_EMPTY_LINE: Final = b"\r\n\r\n"
_LINE_END_OCTETS: Final = 2
_SECTION_OCTETS: Final = 65_536
_REST_OCTETS: Final = 1 << 20
_NESTED: Final = frozenset({"message/rfc822", "message/global"})


class Ahead:
    """What is known of a message before all of it is there."""

    def __init__(self) -> None:
        self._at = 0
        """Octets that were taken."""
        self._held = b""
        """What may begin a line of dashes."""
        self._lines: list[int] = []
        self._section = b""
        """What has come of a header section, while one is read."""
        self._in_section = True
        self._file: _File | None = None
        self._measured: dict[tuple[int, int], tuple[int, bytes]] = {}

    @property
    def knows_lines(self) -> bool:
        """Whether `line_of` may be asked."""
        return len(self._lines) <= limits.PARTS

    def feed(self, piece: bytes) -> None:
        """Take what comes next."""
        if not self.knows_lines:
            return
        octets = self._held + piece if self._held else piece
        taken = 0
        # One octet is looked for ten times as fast as several, and base64 holds no hyphen.
        dashes = octets.find(_DASHES) if b"-" in octets else -1
        while dashes >= 0 and self.knows_lines:
            self._take(octets[taken : dashes + 1])
            taken = dashes + 1
            self._begin_line()
            dashes = octets.find(_DASHES, taken)
        stop = len(octets) - _may_begin_dashes(octets)
        self._held = octets[stop:]
        self._take(octets[taken:stop] if taken or self._held else octets)

    def line_of(self, octets: Octets, delimiter: bytes, start: int, stop: int) -> int:
        """Return where in a range a line begins with a delimiter of two dashes or more, or -1."""
        for at in self._lines[bisect_left(self._lines, start) :]:
            behind = at + len(delimiter)
            if behind > stop:
                return -1
            if octets[at:behind] == delimiter:
                return at
        return -1

    def measured(self, chain: tuple[Span, ...]) -> tuple[int, bytes] | None:
        """Return the decoded size and SHA-256 of a sound file; None when that is not known."""
        if len(chain) > 1 or chain[0].encoding != "base64":
            return None
        return self._measured.get((chain[0].start, chain[0].stop))

    def _begin_line(self) -> None:
        """Note that a line begins here with dashes, which end a file, and begin a part."""
        self._lines.append(self._at)
        if self._file is not None and (found := self._file.measured()) is not None:
            self._measured[self._file.start, self._at - _LINE_END_OCTETS] = found
        self._file = None
        self._section, self._in_section = b"", True

    def _take(self, octets: bytes) -> None:
        self._at += len(octets)
        while octets and self._in_section:
            octets = self._read_section(octets)
        if octets and self._file is not None:
            self._file.feed(octets)

    def _read_section(self, octets: bytes) -> bytes:
        """Take what belongs to a header section; return what is behind it."""
        before = len(self._section)
        section = self._section + octets[: _SECTION_OCTETS - before]
        end = section.find(_EMPTY_LINE)
        if end < 0:
            self._section, self._in_section = section, len(section) < _SECTION_OCTETS
            return b""
        size = end + len(_EMPTY_LINE)
        rest = octets[size - before :]
        self._section, self._in_section = b"", False
        # The line of dashes stands before the fields of a part.
        fields = section[section.find(b"\n") + 1 : size] if section[:2] == b"--" else section[:size]
        if is_sound_section(fields):
            self._begin_body(fields, self._at - len(rest))
        return rest

    def _begin_body(self, fields: bytes, start: int) -> None:
        content = read_section(fields)
        if content.encoding == "base64":
            self._file = _File(start)
        self._in_section = content.encoding == "identity" and content.media_type in _NESTED


class Foreseen(mmap.mmap):
    """A message in a file, with what was known of it before all of it was there."""

    ahead: Ahead | None = None


def find_line(octets: Octets, delimiter: bytes, start: int, stop: int) -> int:
    """Return where a line may begin with `delimiter`, from `start` on, or -1.

    Within a line it may be found too.
    """
    ahead = octets.ahead if isinstance(octets, Foreseen) else None
    if ahead is None or not ahead.knows_lines or b"\n" in delimiter:
        return find(octets, delimiter, start, stop)
    behind = start + len(delimiter)
    if behind <= stop and octets[start:behind] == delimiter:
        return start
    return ahead.line_of(octets, delimiter, start, stop)


class _File:
    """A file in base64, decoded line by line as long as it is sound."""

    def __init__(self, start: int) -> None:
        self.start = start
        self._digest = hashlib.sha256()
        self._size = 0
        self._rest: bytes | None = b""
        """What is not decoded; None when the reader had better look himself."""
        self._padded = False

    def feed(self, octets: bytes) -> None:
        """Take what comes next."""
        if self._rest is None:
            return
        self._padded = self._padded or b"=" in octets
        stop = 0 if self._padded else octets.rfind(b"\n") + 1
        if not stop:
            rest = self._rest + octets
            self._rest = rest if len(rest) <= _REST_OCTETS else None
            return
        start = octets.find(b"\n") + 1
        try:
            self._add(pybase64.b64decode(self._rest + octets[:start]))
            self._add(pybase64.b64decode(memoryview(octets)[start:stop]))
        except (binascii.Error, ValueError):
            self._rest = None
        else:
            self._rest = octets[stop:]

    def measured(self) -> tuple[int, bytes] | None:
        """Return size and digest when all of it was sound."""
        if self._rest is None:
            return None
        damage: Damage = []
        for window in decode_base64(iter((self._rest,)), damage):
            self._add(window)
        return None if damage else (self._size, self._digest.digest())

    def _add(self, decoded: bytes) -> None:
        self._digest.update(decoded)
        self._size += len(decoded)


def _may_begin_dashes(octets: bytes) -> int:
    """Return how many octets at the end may begin a line of dashes."""
    return 2 if octets.endswith(_DASHES[:2]) else 1 if octets.endswith(_DASHES[:1]) else 0
