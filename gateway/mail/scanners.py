"""Recognises what security products left in a message, by records that are data.

Header fields alone prove that a product looked; names and phrases prove more. Phrases count
only outside quoted text: an old notice in a quotation is no news. Structure (a declared file
that is empty, a PDF of a few octets) strengthens what a record alone leaves in doubt.

Standards: none; each record names its source.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, overload

from gateway.mail.charsets import decode_text
from gateway.mail.decode import cut_whole
from gateway.model.envelope import Octets
from gateway.model.message import Attachment, Heading, Part, ScannerTrace

PLACES: Final = frozenset(("filename", "type", "subject", "body", "header"))
STATES: Final = frozenset(
    ("held", "replaced", "stripped", "blocked", "tagged", "rewritten", "scanned")
)
NOTICE_OCTETS: Final = 8192
_EDGE_CHARS: Final = 2048
_SURE: Final = 0.5
_STRUCTURE_BONUS: Final = 0.3
_PLACEHOLDER_OCTETS: Final = 600
_LEAST_CHARS: Final = 3
_NAMES_KEPT: Final = 4096
_DOCUMENT: Final = re.compile(
    r"application/(?:pdf|msword|zip|vnd\.(?:ms-|openxmlformats|oasis))", re.IGNORECASE
)
_DOCUMENT_HEADS: Final = (b"%PDF", b"PK", b"\xd0\xcf\x11\xe0")
"""How PDF, ZIP (all newer office files are ZIP), and older office files begin."""
_FILE_STATES: Final = {"held": "pending", "replaced": "stripped", "stripped": "stripped"}
_RECORD_KEYS: Final = frozenset(
    ("id", "product", "state", "any", "need", "confidence", "source", "note")
)
_CLUE_KEYS: Final = frozenset(("where", "text", "re", "field"))


@dataclass(frozen=True, slots=True)
class Clue:
    """One thing that a product leaves: words or a pattern, and where they stand."""

    where: str
    """One of PLACES."""
    pattern: re.Pattern[str] | None = None
    """Searched; of a header in `name: value`, the name in lower case. Its group `name` is the
    file concerned."""
    text: str = ""
    """Words that must stand there, in lower case: looked for first, since it costs least."""
    field: str = ""
    """Of a header: the lower-case field name, in which one `*` stands for anything. Then words
    and pattern are looked for in its value alone; without them it is enough to be there."""


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


class SignatureBook(Sequence[Signature]):
    """All signatures, with an index that finds at little cost which of them may match at all."""

    def __init__(self, signatures: Iterable[Signature]) -> None:
        self._signatures = tuple(signatures)
        self._by_field: dict[str, list[int]] = {}
        self._by_text: dict[str, list[tuple[str, int]]] = {"subject": [], "body": []}
        self._by_pattern: list[tuple[str, re.Pattern[str], int]] = []
        self._by_file: list[int] = []
        self._always: list[int] = []
        wild: list[tuple[str, str, int]] = []
        for place, signature in enumerate(self._signatures):
            for clue in signature.clues:
                start, star, end = clue.field.partition("*")
                if star:
                    wild.append((start, end, place))
                elif clue.field:
                    self._by_field.setdefault(clue.field, []).append(place)
                elif clue.where in self._by_text and clue.text:
                    self._by_text[clue.where].append((clue.text, place))
                elif clue.where in self._by_text and clue.pattern:
                    self._by_pattern.append((clue.where, clue.pattern, place))
                elif clue.where == "filename":
                    self._by_file.append(place)
                else:
                    self._always.append(place)
        self._wild = tuple(wild)
        self._quiet: set[str] = set()

    def possible(self, places: _Places) -> list[Signature]:
        """Return those of which a clue may be there, in their order."""
        found = set(self._always)
        if not self._quiet.issuperset(places.names):
            for name in places.names:
                found.update(self._of_name(name))
        self._find_words(places, found)
        if self._by_file and places.standing("filename"):
            found.update(self._by_file)
        return [self._signatures[place] for place in sorted(found)]

    def _find_words(self, places: _Places, found: set[int]) -> None:
        """Add those whose words or pattern stand in the subject or the body."""
        for where, texts in self._by_text.items():
            for _, lowered in places.standing(where):
                for text, place in texts:
                    if text in lowered:
                        found.add(place)
        for where, pattern, place in self._by_pattern:
            for value, _ in places.standing(where):
                if pattern.search(value):
                    found.add(place)

    def _of_name(self, name: str) -> tuple[int, ...]:
        """Return those that look at a header field; remember the names at which none does."""
        if name in self._quiet:
            return ()
        wild = (n for s, e, n in self._wild if name.startswith(s) and name.endswith(e))
        found = (*self._by_field.get(name, ()), *wild)
        if not found and len(self._quiet) < _NAMES_KEPT:
            self._quiet.add(name)
        return found

    def __len__(self) -> int:
        return len(self._signatures)

    @overload
    def __getitem__(self, place: int) -> Signature: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Signature]: ...
    def __getitem__(self, place: int | slice) -> Signature | Sequence[Signature]:
        return self._signatures[place]


class SignatureError(ValueError):
    """A record of scanners.toml that cannot be used; says which and why."""


def compile_signature(record: Mapping[str, object]) -> Signature:
    """Return a record of scanners.toml, checked and compiled. Raises SignatureError."""
    ident = str(record.get("id", "")) or "a record without id"
    _check_keys(ident, record, _RECORD_KEYS)
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


def _check_keys(ident: str, given: Mapping[str, object], allowed: frozenset[str]) -> None:
    """Raise SignatureError for a key that nobody asks for: it would be overlooked in silence."""
    for key in given:
        if key not in allowed:
            words = ", ".join(sorted(allowed))
            raise SignatureError(f"{ident}: {key!r} is no key of it; allowed are {words}")


def _compile_clue(ident: str, clue: object) -> Clue:
    """Return a clue, checked and compiled."""
    if not isinstance(clue, Mapping) or clue.get("where") not in PLACES:
        raise SignatureError(f"{ident}: a clue needs `where`, one of {', '.join(sorted(PLACES))}")
    _check_keys(ident, clue, _CLUE_KEYS)
    where, field = str(clue["where"]), str(clue.get("field", "")).lower()
    text, expression = str(clue.get("text", "")).lower(), str(clue.get("re", ""))
    if field and where != "header":
        raise SignatureError(f'{ident}: `field` goes with `where = "header"` only')
    if field.count("*") > 1 or field == "*":
        raise SignatureError(f"{ident}: field {field!r} may have one * beside other characters")
    if text and len(text.strip()) < _LEAST_CHARS:
        raise SignatureError(f"{ident}: text {text!r} needs at least {_LEAST_CHARS} characters")
    if not (text or expression or field):
        raise SignatureError(f"{ident}: a clue needs `text`, `re` or, of a header, `field`")
    return Clue(where, _compile_pattern(ident, expression), text, field)


def _compile_pattern(ident: str, expression: str) -> re.Pattern[str] | None:
    """Return a pattern, compiled; None when there is none."""
    if not expression:
        return None
    try:
        pattern = re.compile(expression, re.IGNORECASE | re.MULTILINE)
    except re.error as error:
        raise SignatureError(f"{ident}: {expression!r} is no pattern: {error}") from error
    if pattern.match("") is not None:
        raise SignatureError(f"{ident}: {expression!r} matches anything")
    return pattern


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
    places = _Places(octets, heading, parts, files, new_text)
    book = signatures if isinstance(signatures, SignatureBook) else SignatureBook(signatures)
    possible = book.possible(places)
    if not possible:
        return (), files
    hollow = frozenset(file.name for file in files if _is_hollow(octets, file))
    is_odd = bool(hollow) or _is_odd(heading, files)
    traces: list[ScannerTrace] = []
    for signature in possible:
        found = _match(signature, places, is_odd=is_odd)
        if found is None:
            continue
        named = frozenset((found,))
        if not found and signature.confidence < _SURE:
            # It was the structure that told: these are the files concerned.
            named, found = hollow, min(hollow, default="")
        traces.append(ScannerTrace(signature.product, signature.state, found))
        state = _FILE_STATES.get(signature.state)
        if state and found:
            files = tuple([replace(f, state=state) if f.name in named else f for f in files])
    return tuple(dict.fromkeys(traces)), files


class _Places:
    """What stands in each place, each with its lower-case form; made when it is asked for."""

    def __init__(
        self,
        octets: Octets,
        heading: Heading,
        parts: Sequence[Part],
        files: Sequence[Attachment],
        new_text: str,
    ) -> None:
        self._octets = octets
        self._heading = heading
        self._parts = parts
        self._files = files
        self._new_text = new_text
        self._values: dict[str, list[tuple[str, str]]] = {}
        self.names = heading.values.keys()

    def of(self, clue: Clue) -> Sequence[tuple[str, str]]:
        """Return the values in which a clue is looked for."""
        return self._of_field(clue.field) if clue.field else self.standing(clue.where)

    def standing(self, where: str) -> Sequence[tuple[str, str]]:
        """Return all that stands in a place."""
        found = self._values.get(where)
        if found is None:
            made = self._made(where)
            found = self._values[where] = [(text, text.lower()) for text in made if text]
        return found

    def _made(self, where: str) -> list[str]:
        if where == "subject":
            return [self._heading.subject]
        if where == "body":
            return _notices(self._octets, self._files, self._new_text)
        if where == "filename":
            return [one.name for one in self._files] + [part.filename for part in self._parts]
        if where == "type":
            return [part.media_type for part in self._parts]
        return [f"{one.name}: {one.value.decode('latin-1')}" for one in self._heading.fields]

    def _of_field(self, asked: str) -> Sequence[tuple[str, str]]:
        start, star, end = asked.partition("*")
        if star:
            names = {n for n in self.names if n.startswith(start) and n.endswith(end)}
        else:
            names = {asked} if asked in self.names else set()
        if not names:
            return ()
        found = (f.value.decode("latin-1") for f in self._heading.fields if f.name in names)
        return [(value, value.lower()) for value in found]


def _match(signature: Signature, places: _Places, *, is_odd: bool) -> str | None:
    """Return the name of the file concerned (may be empty) when a signature matches, or None."""
    confidence = signature.confidence + (_STRUCTURE_BONUS if is_odd else 0)
    if confidence < _SURE:
        return None
    count = 0
    name = ""
    for clue in signature.clues:
        found = _look_for(clue, places.of(clue))
        if found is not None:
            count += 1
            name = name or found
    return name if count >= signature.need else None


def _look_for(clue: Clue, values: Sequence[tuple[str, str]]) -> str | None:
    """Return the name of the file that a clue tells (may be empty), or None when it is absent."""
    for value, lowered in values:
        if clue.text and clue.text not in lowered:
            continue
        named = ""
        if clue.pattern is not None:
            found = clue.pattern.search(value)
            if found is None:
                continue
            named = (found.groupdict().get("name") or "").strip()
        return value if clue.where == "filename" else named
    return None


def _notices(octets: Octets, files: Sequence[Attachment], new_text: str) -> list[str]:
    """Return the texts in which a product may speak: small text files, and the text's edges."""
    notices = [new_text[:_EDGE_CHARS]]
    if len(new_text) > _EDGE_CHARS:
        notices.append(new_text[-_EDGE_CHARS:])
    for file in files:
        is_text = file.media_type.startswith("text/") or file.name.lower().endswith(".txt")
        if is_text and file.size <= NOTICE_OCTETS:
            notices.append(decode_text(cut_whole(octets, file.chain, NOTICE_OCTETS), "")[0])
    return notices


def _with_structure(file: Attachment, parts: Sequence[Part]) -> Attachment:
    """Return a file as stripped when its part declares octets and has none."""
    if file.size or file.state != "present":
        return file
    declared = next((part.declared_size for part in parts if part.number == file.part), None)
    return replace(file, state="stripped") if declared else file


def _is_hollow(octets: Octets, file: Attachment) -> bool:
    """Whether a file is said to be a document, and is too small and not even begun as one."""
    if file.size >= _PLACEHOLDER_OCTETS or not _DOCUMENT.match(file.media_type):
        return False
    return not cut_whole(octets, file.chain, 8).startswith(_DOCUMENT_HEADS)


def _is_odd(heading: Heading, files: Sequence[Attachment]) -> bool:
    """Whether the message's structure says that a file is missing."""
    if any(file.state == "stripped" for file in files):
        return True
    announced = heading.first("x-ms-has-attach") or b""
    return announced.strip().lower() == b"yes" and not files
