"""Says what each part is there for: words, a file, a report's record, or what holds them.

Standards: RFC 2046 §5.1.4 (alternative), RFC 2387 (related), RFC 6522 (report).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from gateway.mail.mime import SMIME_TYPES
from gateway.model.message import Part

_REPORT_TYPES: Final = frozenset(
    (
        "message/delivery-status",
        "message/global-delivery-status",
        "message/disposition-notification",
        "message/global-disposition-notification",
        "message/feedback-report",
        "message/global-headers",
        "message/rfc822",
        "message/global",
        "text/rfc822-headers",
        "text/rfc822",
    )
)
_NESTED_TYPES: Final = ("message/rfc822", "message/global")
WORDS_TYPES: Final = ("text/plain", "text/html")


class Anatomy(msgspec.Struct, frozen=True):
    """The leaves of a message, sorted by their use; nested messages count as one leaf."""

    leaves: tuple[Part, ...]
    words: tuple[Part, ...]
    """Leaves whose text is the message's own."""
    files: tuple[Part, ...]
    alternatives: dict[str, str]
    """For each leaf in a multipart/alternative, the number of the outermost one."""


def dissect(parts: Sequence[Part]) -> Anatomy:
    """Return the use of each part."""
    if len(parts) == 1:
        is_words = _is_words(parts[0], "")
        only = tuple(parts)
        return Anatomy(only, only if is_words else (), () if is_words else only, {})
    types = {part.number: part.media_type for part in parts}
    leaves: list[Part] = []
    words: list[Part] = []
    files: list[Part] = []
    alternatives: dict[str, str] = {}
    nested = ""
    for part in parts:
        number = part.number
        if nested and number.startswith(nested):
            continue
        if part.media_type in _NESTED_TYPES:
            nested = f"{number}."
        elif part.media_type.startswith("multipart/") or (
            part.media_type in SMIME_TYPES and f"{number}.1" in types
        ):
            _inherit(alternatives, number, part.media_type)
            continue
        parent = types.get(number.rpartition(".")[0], "")
        _inherit(alternatives, number, "")
        leaves.append(part)
        if _is_words(part, parent):
            words.append(part)
        elif _is_file(part, parent):
            files.append(part)
    return Anatomy(tuple(leaves), tuple(words), tuple(files), alternatives)


def encryption_of(parts: Sequence[Part], text: str) -> str:
    """Return `smime` or `pgp` when the words are enveloped; what is only signed is readable."""
    for part in parts:
        if part.media_type in SMIME_TYPES and not _is_open(part, parts):
            return "smime"
        if part.media_type in ("multipart/encrypted", "application/pgp-encrypted"):
            return "pgp"
    return "pgp" if text.lstrip().startswith("-----BEGIN PGP MESSAGE-----") else ""


def _is_open(part: Part, parts: Sequence[Part]) -> bool:
    """Whether S/MIME is none that hides anything, or what it wraps up stands behind it."""
    declared = part.params.get("smime-type", "").lower()
    if declared.startswith(("signed", "certs", "compressed")):
        return True
    return any(other.number == f"{part.number}.1" for other in parts)


def _inherit(alternatives: dict[str, str], number: str, media_type: str) -> None:
    """Note the multipart/alternative that a part is in, or is."""
    above = alternatives.get(number.rpartition(".")[0])
    if above is not None:
        alternatives[number] = above
    elif media_type == "multipart/alternative":
        alternatives[number] = number


def _is_words(part: Part, parent: str) -> bool:
    """Whether a leaf is text of the message and no file."""
    if part.media_type not in WORDS_TYPES or part.disposition == "attachment":
        return False
    # A text with a file name is a file to its reader, but not as one of several renderings.
    return not part.filename or parent == "multipart/alternative"


def _is_file(part: Part, parent: str) -> bool:
    """Whether a leaf that is no text of the message is a file to its reader."""
    if part.disposition == "attachment" or part.filename:
        return True
    if parent == "multipart/report" and part.media_type in _REPORT_TYPES:
        return False
    if part.media_type in ("application/pgp-encrypted", "message/delivery-status"):
        return False
    return not (parent == "multipart/alternative" and part.media_type.startswith("text/"))
