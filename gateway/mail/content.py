"""Reads the content fields of a part: its type, disposition, encoding and names.

Standards: RFC 2045 §5 to §7, RFC 2183.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

import msgspec
from msgspec import structs

from gateway.mail import limits
from gateway.mail.fields import is_sound_section
from gateway.mail.filenames import safe_filename
from gateway.mail.parameters import parse_parameters
from gateway.model.message import Defect

CONTENT_FIELDS: Final = {
    "content-type": "type",
    "content-transfer-encoding": "transfer-encoding",
    "content-disposition": "disposition",
    "content-id": "id",
}
_CONTENT_FIELD: Final = re.compile(
    rb"(?mi)^content-(type|transfer-encoding|disposition|id)[ \t]*+:[ \t]*+"
    rb"([^\n]*+(?:\n[ \t][^\n]*+)*+)"
)
# A multipart as nearly everybody writes it: its boundary is all that it says.
_PLAIN_MULTIPART: Final = re.compile(
    rb"(multipart/[a-z]+);\s*boundary=\"?([A-Za-z0-9'()+_,./:=-]+)\"?\s*",
    re.IGNORECASE,
)
_MEDIA_TYPE: Final = re.compile(r"[^\s/]+/[^\s/]+")
_ENCODINGS: Final = {
    "": "identity",
    "7bit": "identity",
    "8bit": "identity",
    "binary": "identity",
    "base64": "base64",
    "quoted-printable": "quoted-printable",
    "uuencode": "uuencode",
    "x-uuencode": "uuencode",
    "uue": "uuencode",
    "x-uue": "uuencode",
    "quoted": "quoted-printable",
    "8-bit": "identity",
    "7-bit": "identity",
    "8bits": "identity",
    "none": "identity",
}
_TOKEN: Final = re.compile(rb"\s*([^\s;(]+)")
_NEW_EACH_TIME: Final = b"oundary"
KNOWN_OCTETS: Final = 300
"""Header sections up to this size are remembered."""


class Content(msgspec.Struct, frozen=True, gc=False):
    """What the content fields say."""

    media_type: str
    """Empty when they say nothing that is a media type."""
    params: Mapping[str, str]
    disposition: str = ""
    filename: str = ""
    content_id: str = ""
    encoding: str = "identity"
    """As Span has it."""
    declared_size: int | None = None
    defects: tuple[Defect, ...] = ()


def read_section(section: bytes) -> Content:
    """Return what the header section of a body part says."""
    # Most parts say the same few things; a boundary is new each time.
    if len(section) <= KNOWN_OCTETS and section.find(_NEW_EACH_TIME) < 0:
        return _read_common(section)
    return _read_section(section)


def read_sound_section(section: bytes) -> Content | None:
    """Return what a header section with its empty line says; None when it is not sound."""
    if section.find(_NEW_EACH_TIME) >= 0:
        return _read_section(section) if is_sound_section(section) else None
    return _read_sound(section)


@lru_cache(maxsize=1024)
def _read_sound(section: bytes) -> Content | None:
    """Return what a short section says that many parts have."""
    return _read_section(section) if is_sound_section(section) else None


def read_content(fields: Mapping[str, bytes]) -> Content:
    """Return what content fields say; the keys are those of CONTENT_FIELDS' values."""
    if len(fields) == 1 and (plain := _PLAIN_MULTIPART.fullmatch(fields.get("type", b""))):
        media_type, boundary = plain.groups()
        params = {"boundary": boundary.decode("ascii")}
        return Content(media_type.decode("ascii").lower(), params)
    return _read_content(fields)


def _read_content(fields: Mapping[str, bytes]) -> Content:
    """Return what content fields say, as far as one can tell."""
    defects: list[Defect] = []
    token, params, odd = parse_parameters(fields.get("type", b""))
    defects += odd
    media_type = token if _MEDIA_TYPE.fullmatch(token) else ""
    disposition = ""
    told: Mapping[str, str] = {}
    if "disposition" in fields:
        disposition, told, odd = _read_disposition(fields["disposition"])
        defects += odd
    name = told.get("filename") or params.get("name", "")
    if "name" in params and name != params["name"]:
        defects.append(Defect("two-filenames", name))
    declared = told.get("size", "")
    is_container = media_type.startswith("multipart/")
    return Content(
        media_type=media_type,
        params=params,
        disposition=disposition,
        filename=safe_filename(name) if name else "",
        content_id=_content_id(fields["id"]) if "id" in fields else "",
        encoding=_encoding(fields, defects, is_container=is_container),
        declared_size=int(declared) if declared.isdecimal() and len(declared) < 16 else None,
        defects=tuple(defects),
    )


@lru_cache(maxsize=1024)
def _read_common(section: bytes) -> Content:
    """Return what a short section says."""
    return _read_section(section)


def _read_section(section: bytes) -> Content:
    """Return what a header section says; of two fields with one name the first counts."""
    fields: dict[str, bytes] = {}
    twice: list[Defect] = []
    for name, value in _CONTENT_FIELD.findall(section):
        key = name.decode("ascii").lower()
        if key not in fields:
            fields[key] = value[: limits.FIELD_OCTETS]
        elif fields[key] != value:
            twice.append(Defect("duplicate-field", f"content-{key}"))
    content = read_content(fields)
    if twice:
        return structs.replace(content, defects=(*content.defects, *twice))
    return content


def _encoding(fields: Mapping[str, bytes], defects: list[Defect], *, is_container: bool) -> str:
    """Return the name of the transfer encoding as Span has it."""
    if "transfer-encoding" not in fields:
        return "identity"
    found = _TOKEN.match(fields["transfer-encoding"])
    token = found.group(1).decode("latin-1").strip("\"'").lower() if found else ""
    encoding = _ENCODINGS.get(token)
    if encoding is None:
        defects.append(Defect("unknown-transfer-encoding", token[:40]))
        return "identity"
    if is_container and encoding != "identity":
        # RFC 2045 §6.4: a multipart must not be encoded; those that say so lie.
        defects.append(Defect("encoded-multipart", token))
        return "identity"
    return encoding


def _content_id(value: bytes) -> str:
    """Return a Content-ID without its brackets."""
    return value.strip().strip(b"<>").decode("utf-8", "replace")[: limits.MESSAGE_ID_OCTETS]


def _read_disposition(value: bytes) -> tuple[str, Mapping[str, str], list[Defect]]:
    """Return `inline` or `attachment`, the parameters and the defects."""
    token, params, defects = parse_parameters(value)
    if "=" in token:
        params, token = parse_parameters(b"attachment;" + value)[1], "attachment"
    # RFC 2183 §2.8: "Unrecognized disposition types should be treated as attachment."
    return token if token in ("", "inline") else "attachment", params, defects
