"""Reads msg-ids as clients really write them, and makes one for a message that has none.

Standards: RFC 5322 §3.6.4.

Limits: what stands in angle brackets counts as an id, whatever its grammar; white space in
it is a client's bad fold and is dropped, on both sides alike.
"""

from __future__ import annotations

import re
from typing import Final

from gateway.mail import limits

_BRACKETED: Final = re.compile(rb"<([^<>]{1,998})>")
_BARE: Final = re.compile(rb"[^\s<>,;\"()]+@[^\s<>,;\"()]+")
# Emacs and its kin wrote: In-Reply-To: Message from Joe <joe@example.com> of "Mon, 1 Jan".
_PERSON: Final = re.compile(
    rb"(?:\bfrom\b|\bvon\b|\bde\b)[^<>]*<[^<>]*>|<[^<>]*>(?='s message|\s+of\s)", re.IGNORECASE
)
_SPACE: Final = b" \t\r\n\x0b\x0c"


def parse_msg_ids(value: bytes) -> tuple[str, ...]:
    """Return the msg-ids of a References or In-Reply-To field, oldest first.

    Takes what clients really write: phrases, missing brackets, folds inside an id. Duplicates
    are dropped, the last mention wins; over the limit the first and the newest stay.
    """
    if value[:1] == b"<" and value.isascii():
        # Nothing but sound ids: as nearly everybody writes them.
        words = value.decode("ascii").split()
        tight = "".join(words)
        ids = tight[1:-1].split("><")
        is_sound = len(words) == len(ids) == tight.count("<") == tight.count(">")
        is_short = len(tight) <= limits.MESSAGE_ID_OCTETS
        if is_sound and is_short and tight[-1] == ">" and "<>" not in tight:
            return _newest(ids)
    found = _BRACKETED.findall(value)
    if not found:
        return _bare_ids(value)
    if value[:1] != b"<" and b"<" in (loose := _PERSON.sub(b"", value)):
        found = _BRACKETED.findall(loose)
    return _newest([one for raw in found if (one := _text(raw))])


def _newest(ids: list[str]) -> tuple[str, ...]:
    """Return ids without those said twice; over the limit the first and the newest."""
    if len(ids) > 1 and len(set(ids)) < len(ids):
        ids = list(dict.fromkeys(reversed(ids)))[::-1]
    if len(ids) > limits.REFERENCES:
        ids[1 : 1 - limits.REFERENCES] = []
    return tuple(ids)


def parse_msg_id(value: bytes) -> str:
    """Return the msg-id of a Message-ID field without brackets; empty when there is none."""
    found = _BRACKETED.search(value)
    if found is not None:
        return _text(found.group(1))
    words = value.strip(b"<> \t\r\n").split()
    return _text(words[0]) if len(words) == 1 else ""


def synthetic_id(digest: bytes) -> str:
    """Return the msg-id that stands for a message without one, made of its content digest."""
    return f"{digest.hex()[:40]}@synthetic.invalid"


def _bare_ids(value: bytes) -> tuple[str, ...]:
    """Return ids written without brackets, if nothing else is written beside them."""
    words = value.replace(b",", b" ").split()
    if len(words) > limits.REFERENCES or not all(map(_BARE.fullmatch, words)):
        return ()
    return tuple(dict.fromkeys(map(_text, words)))


def _text(raw: bytes) -> str:
    """Return an id as text; octets beyond ASCII are kept apart, not guessed at."""
    if raw.isascii():
        text = raw.decode("ascii")
        if " " in text or "\t" in text or "\n" in text:
            text = "".join(text.split())
        return text[: limits.MESSAGE_ID_OCTETS]
    clean = raw.translate(None, _SPACE)[: limits.MESSAGE_ID_OCTETS]
    return clean.decode("utf-8", "backslashreplace")
