"""Proposes a record of a scanner's traces out of one message that shows them.

What an admin's own product writes is known to nobody else: he shows such a message, and puts the
record that comes of it, read and mended, into a file of his own (`scanners` under [policy]).

Limits: a proposal. It looks for sentences about files that were taken away, in the languages
below; what it does not find can be given in words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from gateway.mail.charsets import decode_text
from gateway.mail.decode import cut_whole
from gateway.mail.scanners import NOTICE_OCTETS
from gateway.model.envelope import Octets
from gateway.model.message import Attachment, Message

Record = dict[str, object]

_CHARS: Final = 120
_FEWEST_CHARS: Final = 12
_FIELDS: Final = 2
_NAME_CHARS: Final = '[^"\\n]{1,255}?'
_STATES: Final[Mapping[str, re.Pattern[str]]] = {
    state: re.compile(words, re.IGNORECASE)
    for state, words in {
        "held": r"in progress|being (?:scanned|checked|analy[sz]ed)|検査中|スキャン中|wird geprüft",
        "replaced": r"\breplaced\b|置き換え|置換|ersetzt|remplacé|sustituid|sostituit",
        "stripped": r"\b(?:removed|stripped|deleted|detached)\b|削除|除去|分離|entfernt|gelöscht"
        r"|supprimé|retiré|eliminad|rimoss|removid|verwijderd|usunięt|borttagen|удален|удалён|删除",
        "blocked": r"\b(?:blocked|quarantined?)\b|隔離|blockiert|quarant|bloque|bloccat|隔离",
    }.items()
}
_FILE: Final = re.compile(
    r"\battachments?\b|\bfiles?\b|添付|ファイル|\banh[aä]ng|datei|pièces? jointe|fichier|adjunto"
    r"|archivo|allegat|anexo|bijlage|załącznik|bilag|вложени|附件|virus|malware|ウイルス",
    re.IGNORECASE,
)
_SCANNING: Final = re.compile(
    r"virus|malware|scan|attach|quarantine|sandbox|-av-|threat|filter", re.IGNORECASE
)
_PRIVATE: Final = re.compile(r"x-(?!ms-has-attach|spam)", re.IGNORECASE)
_TAG: Final = re.compile(r"^\s*([\[{【（(][^\]}】）)]{3,60}[\]}】）)])")
_NAMED: Final = re.compile(
    r"""["'«„“「『(<]?(?P<name>[\w.() -]{1,120}\.[a-z0-9]{2,5})["'»”“」』)>]?""", re.IGNORECASE
)


def propose(octets: Octets, message: Message, words: str = "") -> Record | None:
    """Return a record that this message would match, or None when nothing in it is telling.

    `words` are the product's own, where somebody can name them.
    """
    notices = list(_notices(octets, message))
    clues: list[Mapping[str, str]] = []
    said = words
    if words:
        clues.append({"where": "body", "text": words.strip()})
    elif telling := _most_telling(line for _, text in notices for line in text.splitlines()):
        said = telling
        clues.append(_sentence(telling))
    for name, text in notices:
        if name and _state_of(text, ""):
            clues.append({"where": "filename", "re": f"^{re.escape(name)}$"})
            said = said or text
    tag = _TAG.match(message.heading.subject)
    if tag and (_SCANNING.search(tag[1]) or _state_of(tag[1], "")):
        clues.append({"where": "subject", "text": tag[1]})
        said = said or tag[1]
    if not clues:
        return None
    fields = list(_fields(message))
    clues += [{"where": "header", "field": name} for name in fields]
    return {
        "id": f"own-{_slug(fields[0] if fields else said)}",
        "product": "Our mail filter",
        "state": _state_of(said, "tagged"),
        # A field alone only proves that somebody looked: the words have to be there as well.
        "need": min(2, len(clues)),
        "source": f"learned from {message.message_id}",
        "any": clues,
    }


def _notices(octets: Octets, message: Message) -> Iterator[tuple[str, str]]:
    """Yield where a product may speak: small text files by their name, and the new words."""
    for file in message.attachments:
        if _is_notice(file):
            text = decode_text(cut_whole(octets, file.chain, NOTICE_OCTETS), "")[0]
            yield file.name, text
    yield "", message.new_text


def _is_notice(file: Attachment) -> bool:
    is_text = file.media_type.startswith("text/") or file.name.lower().endswith(".txt")
    return is_text and 0 < file.size <= NOTICE_OCTETS


def _most_telling(lines: Iterator[str]) -> str:
    """Return the line that says most of a file that was taken away; empty when none does."""
    told = [
        line.strip()
        for line in lines
        if len(line.strip()) >= _FEWEST_CHARS and _FILE.search(line) and _state_of(line, "")
    ]
    return max(told, key=lambda line: min(len(line), _CHARS), default="")


def _sentence(line: str) -> Mapping[str, str]:
    """Return the clue of a line: its words, and the name of a file in it as a group."""
    named = _NAMED.search(line)
    name = named["name"].strip() if named else ""
    if not name:
        return {"where": "body", "text": line[:_CHARS]}
    before, _, after = line.partition(name)
    words = max(before.strip(" \"'"), after.strip(" \"'"), key=len)[:_CHARS]
    pattern = f"{re.escape(before[-_CHARS:])}(?P<name>{_NAME_CHARS}){re.escape(after[:_CHARS])}"
    if len(words) < _FEWEST_CHARS:
        return {"where": "body", "re": pattern}
    return {"where": "body", "text": words, "re": pattern}


def _fields(message: Message) -> Sequence[str]:
    """Return the names of fields by which a product says that it looked."""
    names = (field.name for field in message.heading.fields)
    said = (n for n in names if _PRIVATE.match(n) and _SCANNING.search(n))
    return list(dict.fromkeys(said))[:_FIELDS]


def _state_of(text: str, otherwise: str) -> str:
    """Return which state the words tell of."""
    return next((s for s, words in _STATES.items() if words.search(text)), otherwise)


def _slug(text: str) -> str:
    """Return a short name made of words."""
    found = re.findall(r"[a-z0-9]+", text.lower())
    return "-".join(found[:4]) or "record"
