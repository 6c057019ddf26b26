"""Walks the MIME tree over the octets and gives each part its chain of spans (D-10).

An outer boundary ends an inner multipart (RFC 2046 §5.1.2). What is damaged is read as far as
it goes: a multipart without its boundary is a text, a missing end is the end of the octets.

Standards: RFC 2045, RFC 2046, RFC 2183, RFC 5751 (what is enveloped is not opened).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from gateway.mail import limits
from gateway.mail.decode import cut_whole, find
from gateway.mail.fields import find_section
from gateway.mail.filenames import safe_filename
from gateway.mail.parameters import parse_parameters
from gateway.model.envelope import Octets
from gateway.model.message import Defect, Heading, Part, Span

_CONTENT_FIELD: Final = re.compile(
    rb"(?mi)^content-(type|transfer-encoding|disposition|id)[ \t]*+:[ \t]*+"
    rb"([^\n]*+(?:\n[ \t][^\n]*+)*+)"
)
_DELIMITER_END: Final = re.compile(rb"(--)?[ \t]*+(?:\r?\n|\r?\Z)")
_MEDIA_TYPE: Final = re.compile(r"[^\s/]+/[^\s/]+")
_ENCODINGS: Final = {
    "": "identity", "7bit": "identity", "8bit": "identity", "binary": "identity",
    "base64": "base64", "quoted-printable": "quoted-printable", "uuencode": "uuencode",
    "x-uuencode": "uuencode", "uue": "uuencode", "x-uue": "uuencode", "quoted": "quoted-printable",
    "8-bit": "identity", "7-bit": "identity", "none": "identity", "8bits": "identity",
}  # fmt: skip
_TOKEN: Final = re.compile(rb"\s*([^\s;(]+)")
_CACHED_OCTETS: Final = 200
_NO_PARAMETERS: Final[tuple[str, dict[str, str], tuple[Defect, ...]]] = ("", {}, ())
CONTENT_FIELDS: Final = {
    "content-type": "type",
    "content-transfer-encoding": "transfer-encoding",
    "content-disposition": "disposition",
    "content-id": "id",
}


class Tree:
    """The parts of one message in their order, containers before what they hold."""

    def __init__(self, octets: Octets) -> None:
        """Begin an empty tree over the content."""
        self.parts: list[Part] = []
        self.defects: list[Defect] = []
        self._octets = octets

    def read(self, heading: Heading) -> None:
        """Read the whole message, its header section being read already."""
        content: dict[str, bytes] = {}
        for field in heading.fields:
            if field.name in CONTENT_FIELDS:
                content.setdefault(CONTENT_FIELDS[field.name], field.value)
        frame = _Frame(self._octets, (), 0, 0)
        self._add(frame, "1", content, (heading.size, len(self._octets)), "text/plain")

    def note(self, code: str, detail: str = "") -> None:
        """Note a defect, while there is room."""
        if len(self.defects) < limits.DEFECTS:
            self.defects.append(Defect(code, detail))

    def _add(
        self,
        frame: _Frame,
        number: str,
        content: dict[str, bytes],
        span: tuple[int, int],
        default_type: str,
    ) -> None:
        """Add a part and all that it holds."""
        part = self._part(frame, number, content, span, default_type)
        self.parts.append(part)
        if part.media_type.startswith("multipart/"):
            self._add_children(frame, part, span)
        elif part.media_type in ("message/rfc822", "message/global"):
            self._add_nested(frame, part, span)

    def _part(
        self,
        frame: _Frame,
        number: str,
        content: dict[str, bytes],
        span: tuple[int, int],
        default_type: str,
    ) -> Part:
        """Return a part as its content fields tell it."""
        token, params, odd = _read_parameters(content.get("type", b""))
        self.defects += odd
        media_type = token if _MEDIA_TYPE.fullmatch(token) else default_type
        disposition, disposition_params = "", _NO_PARAMETERS[1]
        if "disposition" in content:
            disposition, disposition_params, odd = _read_disposition(content["disposition"])
            self.defects += odd
        name = disposition_params.get("filename") or params.get("name", "")
        if "name" in params and name != params["name"]:
            self.note("two-filenames", number)
        declared = disposition_params.get("size", "")
        is_container = media_type.startswith("multipart/")
        return Part(
            number=number,
            media_type=media_type,
            params=params,
            disposition=disposition,
            filename=safe_filename(name) if name else "",
            content_id=_content_id(content["id"]) if "id" in content else "",
            charset=params.get("charset", ""),
            chain=(*frame.chain, Span(*span, self._encoding(content, is_container=is_container))),
            depth=frame.depth,
            declared_size=int(declared) if declared.isdecimal() and len(declared) < 16 else None,
        )

    def _encoding(self, content: dict[str, bytes], *, is_container: bool) -> str:
        """Return the name of the transfer encoding as Span has it."""
        if "transfer-encoding" not in content:
            return "identity"
        found = _TOKEN.match(content["transfer-encoding"])
        token = found.group(1).decode("latin-1").strip("\"'").lower() if found else ""
        encoding = _ENCODINGS.get(token)
        if encoding is None:
            self.note("unknown-transfer-encoding", token[:40])
            return "identity"
        if is_container and encoding != "identity":
            # RFC 2045 §6.4: a multipart must not be encoded; those that say so lie.
            self.note("encoded-multipart", token)
            return "identity"
        return encoding

    def _add_children(self, frame: _Frame, part: Part, span: tuple[int, int]) -> None:
        """Add the parts of a multipart."""
        boundary = part.params.get("boundary", "").rstrip().encode("utf-8", "surrogateescape")
        if not boundary or frame.depth >= limits.DEPTH:
            self.note("too-deep" if boundary else "multipart-without-boundary", part.number)
            self._as_leaf(part)
            return
        if len(boundary) > limits.BOUNDARY_OCTETS:
            # It still cuts; what a limit is for is that nobody else may read it the same.
            self.note("boundary-too-long", part.number)
        default = "message/rfc822" if part.media_type == "multipart/digest" else "text/plain"
        inner = frame.deeper()
        count = 0
        for start, stop in self._split(frame.octets, b"--" + boundary, span, part.number):
            if len(self.parts) >= limits.PARTS:
                self.note("too-many-parts", part.number)
                return
            count += 1
            self._add_section(inner, f"{part.number}.{count}", (start, stop), default)
        if not count:
            self.note("multipart-without-parts", part.number)
            self._as_leaf(part)

    def _add_section(
        self, frame: _Frame, number: str, span: tuple[int, int], default_type: str
    ) -> None:
        """Add a body part with its own header section."""
        odd: list[Defect] = []
        start, fields_stop, body = find_section(frame.octets, *span, odd)
        self.defects += odd
        fields_stop = min(fields_stop, start + limits.HEADING_OCTETS)
        content: dict[str, bytes] = {}
        for name, value in _CONTENT_FIELD.findall(bytes(frame.octets[start:fields_stop])):
            key = name.decode("ascii").lower()
            if key not in content:
                content[key] = value[: limits.FIELD_OCTETS]
            elif content[key] != value:
                self.note("duplicate-field", f"content-{key}")
        self._add(frame, number, content, (body, span[1]), default_type)

    def _split(
        self, octets: Octets, delimiter: bytes, span: tuple[int, int], number: str
    ) -> list[tuple[int, int]]:
        """Return the ranges between the delimiter lines of a multipart (RFC 2046 §5.1.1)."""
        found: list[tuple[int, int]] = []
        start, stop = span
        begun = -1
        at = find(octets, delimiter, start, stop)
        while at >= 0:
            behind = at + len(delimiter)
            end = _DELIMITER_END.match(octets, behind, stop)
            if end is not None and (at == start or octets[at - 1 : at] == b"\n"):
                if begun >= 0:
                    found.append((begun, max(begun, at - _line_end(octets, begun, at))))
                begun = behind = end.end()
                if end.group(1):
                    return found
                if len(found) > limits.PARTS:
                    return found
            at = find(octets, delimiter, behind, stop)
        if begun >= 0:
            self.note("multipart-without-end", number)
            found.append((begun, max(begun, stop - _line_end(octets, begun, stop))))
        return found

    def _add_nested(self, frame: _Frame, part: Part, span: tuple[int, int]) -> None:
        """Add what a message/rfc822 holds; one that is encoded is decoded up to a limit."""
        if frame.nested >= limits.NESTED_MESSAGES or frame.depth >= limits.DEPTH:
            self.note("nested-too-deep", part.number)
            return
        inner = frame.deeper(message=True)
        if part.chain[-1].encoding != "identity":
            octets = cut_whole(frame.octets, part.chain[-1:], limits.NESTED_OCTETS)
            if len(octets) == limits.NESTED_OCTETS:
                self.note("nested-message-cut", part.number)
            inner = _Frame(octets, part.chain, inner.depth, inner.nested)
            span = (0, len(octets))
        self._add_section(inner, f"{part.number}.1", span, "text/plain")

    def _as_leaf(self, part: Part) -> None:
        """Show a multipart that cannot be taken apart as the text that it is."""
        self.parts[-1] = Part(
            part.number, "text/plain", params={}, chain=part.chain, depth=part.depth
        )


class _Frame:
    """Octets that are walked: the content, or what an encoded message decodes to."""

    __slots__ = ("chain", "depth", "nested", "octets")

    def __init__(self, octets: Octets, chain: tuple[Span, ...], depth: int, nested: int) -> None:
        """Begin at a depth; `chain` leads to the octets."""
        self.octets = octets
        self.chain = chain
        self.depth = depth
        self.nested = nested

    def deeper(self, *, message: bool = False) -> _Frame:
        """Return the frame one level down."""
        return _Frame(self.octets, self.chain, self.depth + 1, self.nested + message)


def _line_end(octets: Octets, start: int, at: int) -> int:
    """Return the octets of the line end before a delimiter line, which belongs to it."""
    before = bytes(octets[max(start, at - 2) : at])
    return 2 if before == b"\r\n" else 1 if before.endswith(b"\n") else 0


def _content_id(value: bytes) -> str:
    """Return a Content-ID without its brackets."""
    return value.strip().strip(b"<>").decode("utf-8", "replace")[: limits.MESSAGE_ID_OCTETS]


def _read_parameters(value: bytes) -> tuple[str, dict[str, str], tuple[Defect, ...]]:
    """Return the token, the parameters and the defects of a content field."""
    if not value:
        return _NO_PARAMETERS
    if len(value) <= _CACHED_OCTETS and b"oundary" not in value:
        return _read_common(value)
    token, params, defects = parse_parameters(value)
    return token, params, tuple(defects)


@lru_cache(maxsize=1024)
def _read_common(value: bytes) -> tuple[str, dict[str, str], tuple[Defect, ...]]:
    """Return what a short content field says; most mail says the same few things."""
    token, params, defects = parse_parameters(value)
    return token, params, tuple(defects)


def _read_disposition(value: bytes) -> tuple[str, dict[str, str], tuple[Defect, ...]]:
    """Return `inline` or `attachment`, the parameters and the defects."""
    token, params, defects = _read_parameters(value)
    if "=" in token:
        params, token = _read_parameters(b"attachment;" + value)[1], "attachment"
    # RFC 2183 §2.8: "Unrecognized disposition types should be treated as attachment."
    return token if token in ("", "inline") else "attachment", params, defects
