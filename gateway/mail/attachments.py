"""Lists the files of a message, measured and digested through their chains.

Standards: RFC 2183, RFC 2392 (cid), RFC 2046 §5.2 (external-body, partial).

Limits: uuencode is sought in texts within the reading limit.

Design notes: D-10: nothing is copied; a file is its chain. A file inside a nested message is
that message's, not ours.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from gateway.mail.ahead import Foreseen
from gateway.mail.decode import Damage, cut, cut_noting
from gateway.mail.filenames import safe_filename
from gateway.mail.tnef import TNEF_TYPES, list_tnef
from gateway.model.envelope import Octets
from gateway.model.message import Attachment, Defect, Part, Span

_UU_BEGIN: Final = re.compile(rb"(?m)^begin [0-7]{3,4} ([^\r\n]{1,255})\r?\n(?=[!-M][ -`]{4,}\r?$)")
_BEGIN: Final = b"begin "
_YENC_BEGIN: Final = b"=ybegin "
_UU_END: Final = re.compile(rb"(?m)^end[ \t]*\r?$")
_STATES: Final = {"message/external-body": "external", "message/partial": "partial"}


def list_attachments(
    octets: Octets,
    files: Sequence[Part],
    words: Mapping[str, bytes],
    parts: Iterable[Part],
    defects: list[Defect],
) -> tuple[Attachment, ...]:
    """Return the files in their order; `words` are the decoded texts by part number."""
    found: list[Attachment] = []
    for part in files:
        found.append(_measure(octets, part, words, defects))
        if part.media_type in TNEF_TYPES:
            found += _in_tnef(octets, part)
    for part in parts:
        text = words.get(part.number)
        if text and text.find(_BEGIN) >= 0:
            found += _uuencoded(octets, part, text)
            if text.find(_YENC_BEGIN) >= 0:
                defects.append(Defect("yenc", part.number))
    return tuple(found)


def measure(octets: Octets, chain: tuple[Span, ...], damage: Damage) -> tuple[int, bytes]:
    """Return the decoded size and SHA-256 of what a chain leads to."""
    ahead = octets.ahead if isinstance(octets, Foreseen) else None
    if ahead is not None and (found := ahead.measured(chain)) is not None:
        return found
    digest = hashlib.sha256()
    size = 0
    for window in cut_noting(octets, chain, damage):
        digest.update(window)
        size += len(window)
    return size, digest.digest()


def _measure(
    octets: Octets, part: Part, words: Mapping[str, bytes], defects: list[Defect]
) -> Attachment:
    """Return a part as the file that it is."""
    damage: Damage = []
    size, sha256 = measure(octets, part.chain, damage)
    state = _STATES.get(part.media_type, "present")
    if damage:
        defects += [Defect(code, part.number) for code in dict.fromkeys(damage)]
        state = "damaged"
    cid = part.content_id.encode("utf-8", "surrogateescape")
    return Attachment(
        part=part.number,
        name=part.filename,
        media_type=part.media_type,
        size=size,
        sha256=sha256,
        disposition=part.disposition,
        chain=part.chain,
        state=state,
        inline=bool(cid) and any(b"cid:" + cid in text for text in words.values()),
    )


def _in_tnef(octets: Octets, part: Part) -> list[Attachment]:
    """Return the files inside a TNEF part."""
    return [
        Attachment(
            part=part.number,
            name=file.name,
            media_type="application/octet-stream",
            size=file.span.stop - file.span.start,
            sha256=file.sha256,
            disposition="attachment",
            chain=(*part.chain, file.span),
            state="present" if file.is_whole else "damaged",
        )
        for file in list_tnef(cut(octets, part.chain))
    ]


def _uuencoded(octets: Octets, part: Part, text: bytes) -> list[Attachment]:
    """Return the files that stand uuencoded in a text."""
    found: list[Attachment] = []
    at = 0
    while begin := _UU_BEGIN.search(text, at):
        end = _UU_END.search(text, begin.end())
        stop = end.end() if end else len(text)
        at = stop
        outer = part.chain[-1]
        if outer.encoding == "identity":
            span = Span(outer.start + begin.start(), outer.start + stop, "uuencode")
            chain = (*part.chain[:-1], span)
        else:
            chain = (*part.chain, Span(begin.start(), stop, "uuencode"))
        damage: Damage = []
        size, sha256 = measure(octets, chain, damage)
        name = safe_filename(begin.group(1).decode("utf-8", "replace"))
        found.append(
            Attachment(
                part=part.number,
                name=name,
                media_type="application/octet-stream",
                size=size,
                sha256=sha256,
                disposition="attachment",
                chain=chain,
                state="present" if end and not damage else "damaged",
            )
        )
    return found
