"""Decodes encoded-words and raw octets in header fields.

Pieces that stand side by side are joined before their charset is applied: many clients cut
a word inside a character.

Standards: RFC 2047, RFC 2231 §5 (language), RFC 6532 (raw UTF-8).
"""

from __future__ import annotations

import binascii
import re
from typing import Final

from gateway.mail import limits
from gateway.mail.charsets import ESC, decode_text, guess_text
from gateway.mail.fields import unfold

_WORD: Final = re.compile(
    r"=\?([^?\s*]{1,60})(?:\*[^?\s]{0,60})?\?([bqBQ])\?([^?]*+(?:\?(?!=)[^?]*+){0,8})\?="
)
_NOT_BASE64: Final = bytes(
    set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
)
_CONTROLS: Final = dict.fromkeys((*range(9), *range(11, 32), 127)) | {9: " ", 10: " "}
_CONTROL: Final = re.compile("[\x00-\x1f\x7f]")


def decode_unstructured(value: bytes, hint: str = "") -> str:
    """Return the text of an unstructured field body, such as Subject, on one line.

    `hint` is the charset that the message declares for its text, for raw octets.
    """
    return decode_words(raw_text(value, hint)).strip()


def raw_text(value: bytes, hint: str = "") -> str:
    """Return a field body on one line as text, its raw octets read by what they look like."""
    value = unfold(value)
    if value.isascii() and ESC not in value:
        return value.decode("ascii")
    return guess_text(value, hint)[0]


def decode_words(text: str) -> str:
    """Return text with its encoded-words decoded, without control characters."""
    if "=?" in text:
        text = _replace_words(text)
    if not text.isprintable() and _CONTROL.search(text):
        text = text.translate(_CONTROLS)
    return text


def _replace_words(text: str) -> str:
    """Return text with encoded-words replaced by what they say."""
    before, *words = _WORD.split(text, limits.ENCODED_WORDS)
    out: list[str] = []
    charset, octets = "", b""
    for at in range(0, len(words), 4):
        label, encoding, payload, behind = words[at : at + 4]
        label = label.lower()
        is_adjacent = at > 0 and (not before or before.isspace())
        if not is_adjacent or label != charset:
            if octets:
                out.append(decode_text(octets, charset)[0])
                octets = b""
            if not is_adjacent:
                out.append(before)
        charset = label
        octets += _unbase64(payload) if encoding in "bB" else _unquote(payload)
        before = behind
    out += decode_text(octets, charset)[0], before
    return "".join(out)


def _unquote(payload: str) -> bytes:
    """Return the octets of the Q encoding (RFC 2047 §4.2)."""
    raw = payload.encode("utf-8", "surrogateescape")
    return binascii.a2b_qp(raw, header=True)


def _unbase64(payload: str) -> bytes:
    """Return the octets of the B encoding, whatever is missing or odd in it."""
    out = b""
    for quanta in payload.encode("utf-8", "surrogateescape").split(b"="):
        clean = quanta.translate(None, _NOT_BASE64)
        if len(clean) % 4 == 1:
            clean = clean[:-1]
        out += binascii.a2b_base64(clean + b"==")
    return out
