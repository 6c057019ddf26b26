"""Chooses and decodes the words of a message.

Of the renderings in a multipart/alternative the plain one is taken, unless it is blank;
several texts in a multipart/mixed (Apple Mail writes round its pictures) are joined.
"""

from __future__ import annotations

import msgspec

from gateway.mail import limits
from gateway.mail.anatomy import Anatomy
from gateway.mail.charsets import decode_text
from gateway.mail.decode import cut_whole
from gateway.mail.flowed import unflow
from gateway.mail.html import html_to_text
from gateway.mail.lines import with_lf
from gateway.model.envelope import Octets
from gateway.model.message import Part

_Rendering = tuple[Part, bytes, bytes]
"""A part, its decoded octets, and the same with LF as their line ends."""


class Words(msgspec.Struct):
    """The text shown, and the decoded octets of the texts that were not cut, by number."""

    text: str = ""
    size: int = 0
    charset: str = ""
    quote_at: int | None = None
    """Where HTML says that quoted text begins."""
    decoded: dict[str, bytes] = msgspec.field(default_factory=dict)
    lines: dict[str, bytes] = msgspec.field(default_factory=dict)
    """The same with LF as their line ends."""
    was_cut: bool = False


def read_words(octets: Octets, anatomy: Anatomy) -> Words:
    """Return the words of a message."""
    words = Words()
    groups: dict[str, list[_Rendering]] = {}
    room = limits.TEXT_OCTETS
    for part in anatomy.words:
        whole = cut_whole(octets, part.chain, room + 1)
        if len(whole) > room:
            words.was_cut = True
            whole = whole[:room]
            lines = with_lf(whole)
        else:
            words.decoded[part.number] = whole
            words.lines[part.number] = lines = with_lf(whole)
        room -= len(whole)
        group = anatomy.alternatives.get(part.number, part.number)
        groups.setdefault(group, []).append((part, whole, lines))
    for renderings in groups.values():
        _add_text(words, renderings)
    return words


def _add_text(words: Words, renderings: list[_Rendering]) -> None:
    """Add the best of some renderings of one text."""
    plain = [one for one in renderings if one[0].media_type == "text/plain" and one[1].strip()]
    for part, whole, lines in plain or renderings[-1:]:
        if part.charset.lower() == "utf-8":
            text, codec = decode_text(lines, "utf-8")
        else:
            # In other charsets the octets of a line end may be half of a letter.
            text, codec = decode_text(whole, part.charset)
            text = text.replace("\r\n", "\n")
        quote_at = None
        if part.media_type == "text/html":
            text, quote_at = html_to_text(text)
        elif part.params.get("format", "").lower() == "flowed":
            text = unflow(text, delete_space=part.params.get("delsp", "").lower() == "yes")
        if "\0" in text:
            text = text.replace("\0", "")
            quote_at = None
        words.size += len(whole)
        words.charset = words.charset or codec
        if not words.text:
            words.text, words.quote_at = text, quote_at
            continue
        if quote_at is not None and words.quote_at is None:
            words.quote_at = len(words.text) + 1 + quote_at
        words.text = f"{words.text}\n{text}"
