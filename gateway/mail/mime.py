"""Walks the MIME tree over the octets and gives each part its chain of spans (D-10).

An outer boundary ends an inner multipart (RFC 2046 §5.1.2). What is damaged is read as far as
it goes: a multipart without its boundary is a text, a missing end is the end of the octets.

Standards: RFC 2045, RFC 2046, RFC 2183, RFC 8551 (signed is opened, enveloped is not).
"""

from __future__ import annotations

import re
from typing import Final

from gateway.mail import cms, limits
from gateway.mail.ahead import find_line
from gateway.mail.content import (
    CONTENT_FIELDS,
    KNOWN_OCTETS,
    Content,
    read_content,
    read_section,
    read_sound_section,
)
from gateway.mail.decode import cut_whole, find
from gateway.mail.fields import find_section
from gateway.model.envelope import Octets
from gateway.model.message import Defect, Heading, Part, Span

SMIME_TYPES: Final = ("application/pkcs7-mime", "application/x-pkcs7-mime")
_BLANKS: Final = (b" ", b"\t")
_CRLF: Final = b"\r\n"
_EMPTY_LINE: Final = b"\r\n\r\n"
_CLOSING: Final = b"--\r\n"
_LINE_BEFORE: Final = (b"", b"\n")
_SMALL_OCTETS: Final = 65_536
_DELIMITER_END: Final = re.compile(rb"(--)?[ \t]*+(?:\r?\n|\r?\Z)")

_LOOKED_AT_OCTETS: Final = 400
# Words between spaces, line for line: some programs declare base64 and send plain text.
_NO_BASE64: Final = re.compile(rb"(?:[A-Za-z]+[,.]? +){4}[A-Za-z]|<[A-Za-z/!][^<>]{0,40}>")


class Tree:
    """The parts of one message in their order, containers before what they hold."""

    def __init__(self, octets: Octets) -> None:
        """Begin an empty tree over the content."""
        self.parts: list[Part] = []
        self.defects: list[Defect] = []
        self._octets = octets

    def read(self, heading: Heading) -> None:
        """Read the whole message, its header section being read already."""
        values = heading.values
        fields = {key: values[name] for name, key in CONTENT_FIELDS.items() if name in values}
        frame = _Frame(self._octets, (), 0, 0)
        span = (heading.size, len(self._octets))
        self._add(frame, "1", read_content(fields), span, "text/plain")

    def note(self, code: str, detail: str = "") -> None:
        """Note a defect, while there is room."""
        if len(self.defects) < limits.DEFECTS:
            self.defects.append(Defect(code, detail))

    def _add(
        self,
        frame: _Frame,
        number: str,
        content: Content,
        span: tuple[int, int],
        default_type: str,
    ) -> None:
        """Add a part and all that it holds."""
        params = content.params
        encoding = content.encoding
        if encoding == "base64" and content.media_type.startswith("text/"):
            encoding = self._text_encoding(frame.octets, span, number)
        part = Part(
            number=number,
            media_type=content.media_type or default_type,
            params=params,
            disposition=content.disposition,
            filename=content.filename,
            content_id=content.content_id,
            charset=params.get("charset", ""),
            chain=(*frame.chain, Span(*span, encoding)),
            depth=frame.depth,
            declared_size=content.declared_size,
        )
        self.parts.append(part)
        for defect in content.defects:
            self.note(defect.code, defect.detail)
        if part.media_type.startswith("multipart/"):
            self._add_children(frame, part, span)
        elif part.media_type in ("message/rfc822", "message/global"):
            self._add_nested(frame, part, span)
        elif part.media_type in SMIME_TYPES:
            self._add_signed(frame, part)

    def _text_encoding(self, octets: Octets, span: tuple[int, int], number: str) -> str:
        """Return `base64` for a text that is, `identity` for one that only says so."""
        start, stop = span
        head = bytes(octets[start : min(stop, start + _LOOKED_AT_OCTETS)])
        if _NO_BASE64.search(head) is None:
            return "base64"
        self.note("false-base64", number)
        return "identity"

    def _add_children(self, frame: _Frame, part: Part, span: tuple[int, int]) -> None:
        """Add the parts of a multipart."""
        boundary = part.params.get("boundary", "").rstrip().encode("utf-8", "surrogateescape")
        if not boundary or frame.depth >= limits.DEPTH:
            self.note("too-deep" if boundary else "multipart-without-boundary", part.number)
            self._as_leaf(part, span)
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
            self._as_leaf(part, (span[0], _closing(frame.octets, b"--" + boundary, span)))

    def _add_section(
        self, frame: _Frame, number: str, span: tuple[int, int], default_type: str
    ) -> None:
        """Add a body part with its own header section."""
        octets, start = frame.octets, span[0]
        if isinstance(octets, bytes):
            # As most are: short, and with an end that can be seen from afar.
            end = octets.find(_EMPTY_LINE, start, min(start + KNOWN_OCTETS, span[1]))
            body = end + len(_EMPTY_LINE)
            if end >= 0 and (content := read_sound_section(octets[start:body])) is not None:
                self._add(frame, number, content, (body, span[1]), default_type)
                return
        self._add_odd_section(frame, number, span, default_type)

    def _add_odd_section(
        self, frame: _Frame, number: str, span: tuple[int, int], default_type: str
    ) -> None:
        """Add a body part whose header section is long, broken, or not there."""
        odd: list[Defect] = []
        start, fields_stop, body = find_section(frame.octets, *span, odd)
        for defect in odd:
            self.note(defect.code)
        fields_stop = min(fields_stop, start + limits.HEADING_OCTETS)
        content = read_section(bytes(frame.octets[start:fields_stop]))
        self._add(frame, number, content, (body, span[1]), default_type)

    def _split(
        self, octets: Octets, delimiter: bytes, span: tuple[int, int], number: str
    ) -> list[tuple[int, int]]:
        """Return the ranges between the delimiter lines of a multipart (RFC 2046 §5.1.1)."""
        start, stop = span
        if stop - start <= _SMALL_OCTETS and (sound := _split_sound(octets, delimiter, span)):
            return sound
        found: list[tuple[int, int]] = []
        begun = -1
        at = find_line(octets, delimiter, start, stop)
        while at >= 0:
            behind = at + len(delimiter)
            if at == start or octets[at - 1 : at] == b"\n":
                end, closes = _delimiter_end(octets, behind, stop)
                if end:
                    # Delimiter lines right behind each other hold no part, not even an empty one.
                    if 0 <= begun < at:
                        found.append((begun, max(begun, at - _line_end(octets, begun, at))))
                    begun = behind = end
                    if closes or len(found) > limits.PARTS:
                        return found
                elif octets[behind : behind + 1] in _BLANKS:
                    # RFC 2046 §5.1.1: "it is sufficient that the boundary appear in its entirety
                    # following the CRLF"; others want the line to end there.
                    self.note("words-behind-delimiter", number)
            at = find_line(octets, delimiter, behind, stop)
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

    def _add_signed(self, frame: _Frame, part: Part) -> None:
        """Add what signed S/MIME wraps up (RFC 8551 §3.5.2); what is enveloped stays closed."""
        declared = part.params.get("smime-type", "").lower()
        if declared not in ("", "signed-data"):
            return
        if frame.nested >= limits.NESTED_MESSAGES or frame.depth >= limits.DEPTH:
            self.note("nested-too-deep", part.number)
            return
        last = part.chain[-1]
        opened = Span(0, cms.LIMIT_OCTETS, "signed")
        octets = cut_whole(frame.octets, (last, opened), cms.LIMIT_OCTETS)
        if not octets:
            if declared:
                self.note("signed-content-unread", part.number)
            return
        inner = _Frame(octets, (*part.chain, opened), frame.depth + 1, frame.nested + 1)
        self._add_section(inner, f"{part.number}.1", (0, len(octets)), "text/plain")

    def _as_leaf(self, part: Part, span: tuple[int, int]) -> None:
        """Show a multipart that cannot be taken apart as the text that it is."""
        chain = (*part.chain[:-1], Span(*span))
        self.parts[-1] = Part(part.number, "text/plain", params={}, chain=chain, depth=part.depth)


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


def _split_sound(octets: Octets, delimiter: bytes, span: tuple[int, int]) -> list[tuple[int, int]]:
    """Return the ranges of a small multipart as most are: each delimiter a line, the last closing.

    Nothing when anything about it is odd.
    """
    start, stop = span
    body = bytes(octets[start:stop])
    before, *parts = body.split(delimiter)
    if not parts or not parts.pop().startswith(_CLOSING) or before[-1:] not in _LINE_BEFORE:
        return []
    found: list[tuple[int, int]] = []
    at = start + len(before)
    for part in parts:
        at += len(delimiter)
        # Two line ends at least: that behind a delimiter, and that before the next one.
        if part[:2] != _CRLF or part[-2:] != _CRLF or len(part) < 2 * len(_CRLF):
            return []
        found.append((at + 2, at + len(part) - 2))
        at += len(part)
    return found


def _delimiter_end(octets: Octets, at: int, stop: int) -> tuple[int, bool]:
    """Return where a delimiter line ends (0 when it is none) and whether it closes."""
    if octets[at : at + 2] == b"\r\n" and at + 2 <= stop:
        return at + 2, False
    found = _DELIMITER_END.match(octets, at, stop)
    return (found.end(), bool(found.group(1))) if found else (0, False)


def _closing(octets: Octets, delimiter: bytes, span: tuple[int, int]) -> int:
    """Return where the line begins that closes a multipart without parts, or its end.

    What stands behind it is the epilogue, which nobody is shown (RFC 2046 §5.1.1).
    """
    start, stop = span
    at = find(octets, delimiter + b"--", start, stop)
    return at if at == start or (at > start and octets[at - 1 : at] == b"\n") else stop


def _line_end(octets: Octets, start: int, at: int) -> int:
    """Return the octets of the line end before a delimiter line, which belongs to it."""
    before = bytes(octets[max(start, at - 2) : at])
    return 2 if before == b"\r\n" else 1 if before.endswith(b"\n") else 0
