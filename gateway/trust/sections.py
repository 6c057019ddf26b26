"""The header section as a signature sees it: names and bodies as sent.

Standards: RFC 6376 §3.4.1 (simple: not altered in any way).

Design notes: dkimpy's own parser takes quadratic time on one field of many folded lines.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Final

from gateway.model.envelope import Octets
from gateway.model.message import Heading
from gateway.trust.bodies import Bodies

_FIELD: Final = re.compile(rb"([!-9;-~]++[ \t]*+):([^\n]*+(?:\n[ \t][^\n]*+)*+)(?:\n|\Z)")
_BARE_LF: Final = re.compile(rb"(?<!\r)\n")
_LONG_SPACE: Final = re.compile(rb"\s{128}")

SIGNATURE_OCTETS: Final = 8192
"""A longer signature field is not looked at: dkimpy's patterns are quadratic in white space."""
SINGLE_FIELDS: Final = frozenset(
    {
        *("from", "to", "cc", "subject", "date", "message-id", "in-reply-to", "references"),
        *("content-type", "content-transfer-encoding"),
    }
)
"""Fields that we show or follow and that may stand once (RFC 5322 §3.6, RFC 2045): of two, a
signature may cover the one and a reader show the other."""


@dataclass(frozen=True, slots=True)
class Signed:
    """What signatures sign: raw fields from top to bottom, and the body."""

    fields: tuple[tuple[bytes, bytes], ...]
    """Name and body with the final CRLF, folds and white space as sent."""
    bodies: Bodies

    def named(self, name: bytes) -> tuple[bytes, ...]:
        """Return the bodies of all fields of this name (lower case), from the top."""
        return tuple(value for field, value in self.fields if field.lower() == name)


def read_signed(octets: Octets, heading: Heading) -> Signed | None:
    """Return what signatures sign, or None when it could be read in two ways.

    None when the raw fields are not those of the heading, or when a field is there twice that
    may stand only once: a signature proves nothing about what we show then.
    """
    section = bytes(octets[: heading.size])
    found = [
        (match[1], (_BARE_LF.sub(b"\r\n", match[2])).removesuffix(b"\r") + b"\r\n")
        for match in _fields(section)
    ]
    names = [name.rstrip().lower().decode("ascii") for name, _ in found]
    if names != [field.name for field in heading.fields]:
        return None
    counted = Counter(names)
    if counted["from"] != 1 or any(counted[name] > 1 for name in SINGLE_FIELDS):
        return None
    return Signed(tuple(found), Bodies(octets, heading.size))


def _fields(section: bytes) -> list[re.Match[bytes]]:
    """Return the fields that stand without a gap from the first octet on."""
    found: list[re.Match[bytes]] = []
    position = 0
    while (match := _FIELD.match(section, position)) is not None:
        found.append(match)
        position = match.end()
    return found


def is_readable(signature: bytes) -> bool:
    """Whether a signature field is short enough to be given to dkimpy."""
    return len(signature) <= SIGNATURE_OCTETS and not _LONG_SPACE.search(signature)
