"""The replies of a next hop, read from octets: pure.

What comes out is safe to hand on: printable ASCII only, bounded in lines and in length, one code.

Standards: RFC 5321 §4.2 (replies), §4.5.3.1.5 (a reply line has at most 512 octets).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from gateway.model.envelope import Reply

LINES_LIMIT: Final = 100
LINE_OCTETS: Final = 2048
"""Longer lines are no SMTP; ours are cut to `TEXT_OCTETS`."""
TEXT_OCTETS: Final = 500

_LINE: Final = re.compile(rb"([2-5]\d\d)(?:([ -])(.*))?", re.DOTALL)
_UNSAFE: Final = re.compile(rb"[^\x20-\x7e]")


class ReplySyntaxError(Exception):
    """The next hop says something that is no SMTP reply."""


class ReplyReader:
    """Collects octets and gives back whole replies."""

    def __init__(self) -> None:
        self._pending = b""
        self._lines: list[bytes] = []

    @property
    def has_more(self) -> bool:
        """Whether the beginning of another reply has come."""
        return bool(self._pending or self._lines)

    def feed(self, octets: bytes) -> list[Reply]:
        """Return the replies that are whole now. Raises ReplySyntaxError."""
        octets = self._pending + octets
        *lines, self._pending = octets.split(b"\n")
        if len(self._pending) > LINE_OCTETS:
            raise ReplySyntaxError("a reply line without an end")
        replies = []
        for line in lines:
            self._lines.append(line[:-1] if line[-1:] == b"\r" else line)
            if line[3:4] != b"-":
                replies.append(_read(tuple(self._lines)))
                self._lines.clear()
            elif len(self._lines) > LINES_LIMIT:
                raise ReplySyntaxError("a reply without an end")
        return replies


@lru_cache(maxsize=256)
def _read(lines: tuple[bytes, ...]) -> Reply:
    """Return the reply of whole lines; the same few come again and again."""
    found = [_LINE.fullmatch(line) for line in lines]
    matches = [match for match in found if match is not None]
    if len(matches) < len(found):
        raise ReplySyntaxError("a reply line without a code")
    codes = {match[1] for match in matches}
    if len(codes) > 1:
        raise ReplySyntaxError("a reply with two codes")
    return Reply(int(codes.pop()), tuple(_safe(match[3] or b"") for match in matches))


def _safe(text: bytes) -> str:
    return _UNSAFE.sub(b"?", text[:TEXT_OCTETS]).decode("ascii")
