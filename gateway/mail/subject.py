"""Finds the base subject: what stays when reply and forward marks are taken off.

Standards: RFC 5256 §2.1, with the marks that clients of other languages add.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_MARKS: Final = (
    # English and German, Scandinavian, Romance, Polish, Czech, Dutch, Turkish, Finnish, Hungarian
    "re|fwd?|aw|antwort|wg|sv|vs|vb|vl|tr|res|rv|enc|rif|ri|i|r|ref|odp|pd|odpověď|předáno|"
    "antw|doorst|ynt|ilt|vá|továbbítás|απ|πρθ|на|отв|ответ|пересл|trs|"
    "回复|答复|转发|回覆|轉寄|轉發|返信|転送|전달|답장|회신"
)
_TAGS: Final = "external|ext|extern|externe|外部|社外|suspected spam|spam|virus removed"
_LEADER: Final = re.compile(
    rf"\s*(?:(?:{_MARKS})\s*(?:\[\d{{1,3}}\]|\(\d{{1,3}}\)|\*\d{{1,3}}|\^\d{{1,3}})?\s*[:：︰]"
    rf"|\[\s*(?:{_TAGS})\s*\]|\{{(?:virus|spam|filename|dangerous content|disarmed)\?\}})",
    re.IGNORECASE,
)
_BLOB: Final = re.compile(r"\s*(?:\[[^\[\]]{0,100}\]|【[^【】]{0,100}】)\s*")
_TRAILER: Final = re.compile(r"\s*\((?:fwd|fw)\)\s*\Z", re.IGNORECASE)
_WRAPPED: Final = re.compile(r"\s*\[\s*fwd?\s*:(.*)\]\s*\Z", re.IGNORECASE | re.DOTALL)
_COMMON: Final = ("Re: ", "RE: ", "Fw: ", "FW: ", "AW: ")
_BRACKETS: Final = ("[", "【", "{")
_LEADER_CHARS: Final = 150
"""Where the colon of a mark can stand at the latest, a list's tag in front of it."""
_ROUNDS: Final = 50


def base_subject(subject: str) -> str:
    """Return the subject without reply and forward marks, in one spacing and width.

    A list's tag in brackets stays, but marks behind it go: `[list] Re: x` is `[list] x`.
    """
    text = subject if subject.isascii() else unicodedata.normalize("NFKC", subject)
    text = " ".join(text.split())
    for _ in range(_ROUNDS):
        before = text
        # Plain looks at both ends spare most subjects the searches.
        if text[-1:] == ")":
            text = _TRAILER.sub("", text)
        if text[:4] in _COMMON:
            text = text[4:]
        elif text[:1] in _BRACKETS or ":" in text[:_LEADER_CHARS]:
            text = _without_leader(text)
        if text == before:
            break
    return text.strip()


def _without_leader(text: str) -> str:
    """Return the text without one mark at its start, or behind a list's tag there."""
    at = 0
    if text[:1] in _BRACKETS:
        if wrapped := _WRAPPED.match(text):
            text = wrapped.group(1).lstrip()
        blob = _BLOB.match(text)
        at = blob.end() if blob else 0
    if leader := _LEADER.match(text):
        return text[leader.end() :].lstrip()
    if at and (leader := _LEADER.match(text, at)):
        return text[:at] + text[leader.end() :].lstrip()
    return text
