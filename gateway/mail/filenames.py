"""Makes file names safe to show and to keep as a word in a database.

Standards: RFC 2183 §2.3 ("must not trust the directory path"); Unicode TR 36 for bidi.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

from gateway.mail import limits

_UNSAFE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
_SPACES: Final = re.compile(r"\s+")
_DEVICE: Final = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|\Z)", re.IGNORECASE)
_LONGEST_SUFFIX: Final = 16


def safe_filename(name: str) -> str:
    """Return the name without path, control and bidi characters, NFC, at most 200 octets."""
    return _safe_short(name) if len(name) <= limits.FILENAME_OCTETS else _safe(name)


@lru_cache(maxsize=1024)
def _safe_short(name: str) -> str:
    """Return a short name, safe."""
    return _safe(name)


def _safe(name: str) -> str:
    """Return the name, safe."""
    if not name.isascii():
        name = unicodedata.normalize("NFC", name)
    name = _SPACES.sub(" ", name)
    name = _UNSAFE.sub("", name)
    name = name.replace("\\", "/").rpartition("/")[2].strip().rstrip(". ")
    if _DEVICE.match(name):
        name = f"_{name}"
    return _shorten(name)


def _shorten(name: str) -> str:
    """Return the name within its limit, its extension kept."""
    if len(name.encode()) <= limits.FILENAME_OCTETS:
        return name
    stem, dot, suffix = name.rpartition(".")
    tail = f"{dot}{suffix}".encode()
    if not dot or len(tail) > _LONGEST_SUFFIX:
        stem, tail = name, b""
    head = stem.encode()[: limits.FILENAME_OCTETS - len(tail)]
    return head.decode("utf-8", "ignore").rstrip() + tail.decode()
