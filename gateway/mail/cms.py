"""Opens signed S/MIME: takes out what was signed, whoever signed it.

Outlook calls it opaque signing: the whole message stands inside one `smime.p7m`, and a reader that
does not open it shows nothing. Nothing is verified, and what is enveloped stays closed.

Standards: RFC 5652 §5 (SignedData), RFC 8551 §3.5.2; X.690, BER with definite and indefinite
lengths (who signs while he sends writes the latter, in chunks).

Limits: 16 MB; 20,000 elements, which are as many chunks.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

_SIGNED_DATA: Final = bytes.fromhex("2a864886f70d010702")
_SEQUENCE, _SET, _OID, _INTEGER, _TAGGED = 0x30, 0x31, 0x06, 0x02, 0xA0
_OCTETS, _CHUNKS = 0x04, 0x24
_INDEFINITE: Final = 0x80
_END: Final = b"\0\0"
_ELEMENTS: Final = 20_000
_DEPTH: Final = 12
LIMIT_OCTETS: Final = 16_000_000


class _BrokenError(ValueError):
    """The octets are no BER, or more of it than is read."""


class _Element(NamedTuple):
    tag: int
    start: int
    stop: int
    behind: int
    """Where the next element begins."""


def signed_content(octets: bytes) -> bytes | None:
    """Return what SignedData holds; None when it is something else, broken or detached. Total."""
    try:
        return _Reader(octets).content()
    except _BrokenError:
        return None


class _Reader:
    """Reads elements, and counts them."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self._left = _ELEMENTS

    def content(self) -> bytes | None:
        """Return the content of SignedData, or None."""
        content_info = self._children(self._element(0, len(self._octets)), _SEQUENCE)
        if self._value(self._next(content_info, _OID)) != _SIGNED_DATA:
            return None
        inside = self._children(self._next(content_info, _TAGGED), _TAGGED)
        signed_data = self._children(self._next(inside, _SEQUENCE), _SEQUENCE)
        self._next(signed_data, _INTEGER)
        self._next(signed_data, _SET)
        encapsulated = self._children(self._next(signed_data, _SEQUENCE), _SEQUENCE)
        self._next(encapsulated, _OID)
        content = self._children(self._next(encapsulated, _TAGGED), _TAGGED)
        return b"".join(self._pieces(next(content, None), 0))

    def _pieces(self, element: _Element | None, depth: int) -> Iterator[bytes]:
        """Yield an OCTET STRING, be it in chunks."""
        if element is None or element.tag not in (_OCTETS, _CHUNKS) or depth > _DEPTH:
            raise _BrokenError
        if element.tag == _OCTETS:
            yield self._value(element)
            return
        for chunk in self._children(element, _CHUNKS):
            yield from self._pieces(chunk, depth + 1)

    def _next(self, elements: Iterator[_Element], tag: int) -> _Element:
        found = next(elements, None)
        if found is None or found.tag != tag:
            raise _BrokenError
        return found

    def _value(self, element: _Element) -> bytes:
        return self._octets[element.start : element.stop]

    def _children(self, element: _Element, tag: int) -> Iterator[_Element]:
        """Yield what an element holds."""
        if element.tag != tag:
            raise _BrokenError
        at = element.start
        while at < element.stop:
            child = self._element(at, element.stop)
            yield child
            at = child.behind

    def _element(self, at: int, stop: int, depth: int = 0) -> _Element:
        """Return the element at a place; one without a length is walked to its end."""
        self._left -= 1
        head = self._octets[at : min(at + 2, stop)]
        if self._left < 0 or depth > _DEPTH or len(head) < len(_END):
            raise _BrokenError
        tag, size = head
        start = at + 2
        if size == _INDEFINITE:
            end = start
            while self._octets[end : end + 2] != _END:
                end = self._element(end, stop, depth + 1).behind
            return _Element(tag, start, end, end + 2)
        if size > _INDEFINITE:
            count = size - _INDEFINITE
            size = int.from_bytes(self._octets[start : start + count])
            start += count
        if start + size > stop:
            raise _BrokenError
        return _Element(tag, start, start + size, start + size)
