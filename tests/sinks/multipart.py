"""The parts of a multipart request (RFC 7578), octet for octet, whatever type a part says it is."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.http_server import Request


@dataclass(frozen=True)
class Part:
    """One of them."""

    media_type: str
    filename: str
    octets: bytes


def parts_of(request: Request) -> dict[str, Part]:
    """Return the parts by their names."""
    found = re.fullmatch(r"multipart/form-data; boundary=(\S+)", request.headers["content-type"])
    assert found is not None
    delimiter = b"\r\n--" + found.group(1).encode()
    first, *parts = (b"\r\n" + request.body).split(delimiter)
    assert first == b""
    assert parts.pop().strip() == b"--"
    return dict(_read(part) for part in parts)


def _read(part: bytes) -> tuple[str, Part]:
    head, _, octets = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
    fields = {
        name.strip().lower(): value.strip()
        for name, _, value in (line.partition(":") for line in head.decode().split("\r\n"))
    }
    shown = fields["content-disposition"]
    name = re.search(r'\bname="([^"]*)"', shown)
    filename = re.search(r'filename="([^"]*)"', shown)
    assert name is not None
    media_type = fields.get("content-type", "text/plain")
    return name.group(1), Part(media_type, filename.group(1) if filename else "", octets)
