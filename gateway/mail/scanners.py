"""Recognises what security products left in a message, by records that are data.

Header fields alone prove that a product looked; names and phrases prove more. Phrases count
only outside quoted text: an old notice in a quotation is no news. Structure (a declared file
that is empty, a PDF of a few octets) strengthens what a record alone leaves in doubt.

Standards: none; each record names its source (mail-systems.md section 4).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from gateway.mail.charsets import decode_text
from gateway.mail.decode import cut_whole
from gateway.model.envelope import Octets
from gateway.model.message import Attachment, Heading, Part, ScannerTrace

PLACES: Final = frozenset(("filename", "type", "subject", "body", "header"))
STATES: Final = frozenset(
    ("held", "replaced", "stripped", "blocked", "tagged", "rewritten", "scanned")
)
_NOTICE_OCTETS: Final = 8192
_EDGE_CHARS: Final = 2048
_SURE: Final = 0.5
_STRUCTURE_BONUS: Final = 0.3
_PLACEHOLDER_OCTETS: Final = 600
_DOCUMENT: Final = re.compile(
    r"application/(?:pdf|msword|zip|vnd\.(?:ms-|openxmlformats|oasis))", re.IGNORECASE
)
_FILE_STATES: Final = {"held": "pending", "replaced": "stripped", "stripped": "stripped"}


@dataclass(frozen=True, slots=True)
class Clue:
    """One thing that a product leaves: a pattern, and where it stands."""

    where: str
    """One of PLACES. A `header` pattern is searched in `name: value`, the name in lower case."""
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Signature:
    """One product in one state, compiled from its record."""

    ident: str
    product: str
    state: str
    clues: tuple[Clue, ...]
    need: int = 1
    """How many of the clues must be there."""
    confidence: float = 1.0
    """Under 0.5 only structure makes it count."""
    source: str = ""


class SignatureError(ValueError):
    """A record of scanners.toml that cannot be used; says which and why."""


def compile_signature(record: Mapping[str, object]) -> Signature:
    """Return a record of scanners.toml, checked and compiled. Raises SignatureError."""
    ident = str(record.get("id", "")) or "a record without id"
    state = str(record.get("state", ""))
    if state not in STATES:
        raise SignatureError(f"{ident}: state {state!r} is none of {', '.join(sorted(STATES))}")
    given = record.get("any")
    if not isinstance(given, list) or not given:
        raise SignatureError(f"{ident}: needs a list `any` of at least one clue")
    clues = tuple([_compile_clue(ident, clue) for clue in given])
    need = record.get("need", 1)
    confidence = record.get("confidence", 1.0)
    if not isinstance(need, int) or not 1 <= need <= len(clues):
        raise SignatureError(f"{ident}: need must be 1 to {len(clues)}, the number of its clues")
    if not isinstance(confidence, (int, float)) or not 0 <= confidence <= 1:
        raise SignatureError(f"{ident}: confidence must be between 0 and 1")
    product, source = str(record.get("product", ident)), str(record.get("source", ""))
    return Signature(ident, product, state, clues, need, float(confidence), source)


def _compile_clue(ident: str, clue: object) -> Clue:
    """Return a clue, checked and compiled."""
    if not isinstance(clue, Mapping) or clue.get("where") not in PLACES:
        raise SignatureError(f"{ident}: a clue needs `where`, one of {', '.join(sorted(PLACES))}")
    try:
        pattern = re.compile(str(clue.get("re", "")), re.IGNORECASE | re.MULTILINE)
    except re.error as error:
        raise SignatureError(f"{ident}: {clue.get('re')!r} is no pattern: {error}") from error
    if pattern.match("") is not None:
        raise SignatureError(f"{ident}: {clue.get('re')!r} matches anything")
    return Clue(str(clue["where"]), pattern)


def find_traces(
    octets: Octets,
    heading: Heading,
    *,
    parts: Sequence[Part],
    attachments: Sequence[Attachment],
    new_text: str,
    signatures: Sequence[Signature],
) -> tuple[tuple[ScannerTrace, ...], tuple[Attachment, ...]]:
    """Return the traces found, and the attachments with their state as the traces tell it."""
    files = tuple([_with_structure(file, parts) for file in attachments])
    if not signatures:
        return (), files
    places = {
        "filename": [file.name for file in files] + [part.filename for part in parts],
        "type": [part.media_type for part in parts],
        "subject": [heading.subject],
        "body": _notices(octets, files, new_text),
        "header": [f"{f.name}: {f.value.decode('latin-1')}" for f in heading.fields],
    }
    is_odd = _is_odd(heading, files)
    traces: list[ScannerTrace] = []
    for signature in signatures:
        found = _match(signature, places, is_odd=is_odd)
        if found is None:
            continue
        traces.append(ScannerTrace(signature.product, signature.state, found))
        state = _FILE_STATES.get(signature.state)
        if state and found:
            files = tuple([replace(f, state=state) if f.name == found else f for f in files])
    return tuple(dict.fromkeys(traces)), files


def _match(
    signature: Signature, places: Mapping[str, Sequence[str]], *, is_odd: bool
) -> str | None:
    """Return the name of the file concerned (may be empty) when a signature matches, or None."""
    confidence = signature.confidence + (_STRUCTURE_BONUS if is_odd else 0)
    if confidence < _SURE:
        return None
    count = 0
    name = ""
    for clue in signature.clues:
        for value in places[clue.where]:
            found = clue.pattern.search(value) if value else None
            if found is not None:
                count += 1
                named = found.groupdict().get("name") or ""
                name = name or (value if clue.where == "filename" else named.strip())
                break
    return name if count >= signature.need else None


def _notices(octets: Octets, files: Sequence[Attachment], new_text: str) -> list[str]:
    """Return the texts in which a product may speak: small text files, and the text's edges."""
    notices = [new_text[:_EDGE_CHARS]]
    if len(new_text) > _EDGE_CHARS:
        notices.append(new_text[-_EDGE_CHARS:])
    for file in files:
        is_text = file.media_type.startswith("text/") or file.name.lower().endswith(".txt")
        if is_text and file.size <= _NOTICE_OCTETS:
            notices.append(decode_text(cut_whole(octets, file.chain, _NOTICE_OCTETS), "")[0])
    return notices


def _with_structure(file: Attachment, parts: Sequence[Part]) -> Attachment:
    """Return a file as stripped when its part declares octets and has none."""
    if file.size or file.state != "present":
        return file
    declared = next((part.declared_size for part in parts if part.number == file.part), None)
    return replace(file, state="stripped") if declared else file


def _is_odd(heading: Heading, files: Sequence[Attachment]) -> bool:
    """Whether the message's structure says that a file is missing or a placeholder."""
    if any(file.state == "stripped" for file in files):
        return True
    if any(f.size < _PLACEHOLDER_OCTETS and _DOCUMENT.match(f.media_type) for f in files):
        return True
    announced = heading.first("x-ms-has-attach") or b""
    return announced.strip().lower() == b"yes" and not files
