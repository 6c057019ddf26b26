"""What a trusted client says of the client behind it: Postfix's XFORWARD: pure.

Standards: Postfix XFORWARD_README; xtext is RFC 3461 §4.
"""

from __future__ import annotations

import re
from typing import Final

ATTRIBUTES: Final = ("NAME", "ADDR", "PORT", "PROTO", "HELO", "IDENT", "SOURCE")
VALUE_OCTETS: Final = 255
UNKNOWN: Final = frozenset({"[UNAVAILABLE]", "[TEMPUNAVAIL]"})

_HEX: Final = re.compile(rb"\+([0-9A-Fa-f]{2})")


def parse_xforward(argument: bytes) -> dict[str, str] | None:
    """Return the attributes, names in upper case, values decoded; None when it is no XFORWARD."""
    attributes: dict[str, str] = {}
    for word in argument.split():
        name, equals, value = word.partition(b"=")
        key = name.decode("ascii", "replace").upper()
        if not equals or key not in ATTRIBUTES or len(value) > VALUE_OCTETS:
            return None
        decoded = _HEX.sub(lambda found: bytes.fromhex(found[1].decode()), value)
        text = decoded.decode("utf-8", "replace")
        if not text.isprintable():
            return None
        attributes[key] = text
    return attributes or None


def address_of(attributes: dict[str, str]) -> str:
    """Return the IP address of the client behind, or an empty string when it is not told."""
    address = attributes.get("ADDR", "")
    return "" if address in UNKNOWN else address.removeprefix("IPV6:").removeprefix("IPv6:")


def known(attributes: dict[str, str], name: str) -> str:
    """Return an attribute, or an empty string when it is not told."""
    value = attributes.get(name, "")
    return "" if value in UNKNOWN else value
