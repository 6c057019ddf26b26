"""Finds header blocks, attributions and separators in text: where an older message begins.

All scans are over lines, and each line is looked at a bounded number of times.

Limits: of a text with more than 10,000 lines that could begin one, what stands behind those is
not taken apart; the message gets the defect `too-many-seams`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice
from typing import Final

import msgspec

from gateway.mail import limits, phrases
from gateway.mail.folding import folded
from gateway.mail.lines import line_pattern, lines_like

_FIELD_OF: Final = {
    folded(label): name for name, labels in phrases.LABELS.items() for label in labels.split("|")
}
_ALL_LABELS: Final = "|".join(
    re.escape(label).replace(r"\ ", r"\s")
    for label in sorted("|".join(phrases.LABELS.values()).split("|"), key=len, reverse=True)
)
_LABEL: Final = re.compile(
    rf"[ \t>＞\u00a0\ufeff]*[*_]{{0,2}}({_ALL_LABELS}|x-[\w-]{{1,60}})[*_]{{0,2}}[ \t\u00a0]*[:：]"
    rf"[*_]{{0,2}}[ \t\u00a0]*",
    re.IGNORECASE,
)
# Any line with a word and a colon; the table of labels says whether it is one.
_LABEL_LINE: Final = line_pattern(
    r"[ \t>＞\u00a0\ufeff*_]*+([^\W\d_][^\n:：*_]{0,30}+)[*_]{0,2}[ \t\u00a0]*[:：]"
)
_STARTS: Final = frozenset(
    folded(label)
    for name in ("author", "subject", "date")
    for label in phrases.LABELS[name].split("|")
)
_DASHED_LINE: Final = line_pattern(r"[ \t>＞\u00a0]*+[-_=*~—–]{2,}+[ \t\u00a0]*+[^\W_]")
_GLUED_LABELS: Final = "|".join(
    re.escape(label.capitalize()) for label in _FIELD_OF if label.isascii() and len(label) > 1
)
_GLUED: Final = re.compile(
    rf"(?<=[^\s:：])[ \t]*(?=(?:{_GLUED_LABELS}|An|CC|À|Кому|Тема|Дата|Копия|Envoyé|Ämne)\s?:\s)"
)
_SEPARATOR: Final = re.compile(
    rf"[ \t>＞\u00a0]*(?:[-_=*~—–]{{2,}}[ \t\u00a0]*(?:(?P<forward>{phrases.FORWARDED})|"
    rf"(?P<original>{phrases.ORIGINAL}))"
    rf"[^\n]{{0,80}}?[-_=*~—–]{{2,}}[ \t\u00a0]*)",
    re.IGNORECASE,
)
# `>>> Ann Lee <ann@x.example> 3/5/2024 10:12 AM >>>` of GroupWise.
_ARROWED: Final = re.compile(r"(?m)^>>> [^\n]{3,300} >>>[ \t]*+$")
# `##- Please type your reply above this line -##` of Zendesk and its kin.
_ABOVE_THIS: Final = re.compile(
    r"(?mi)^[ \t>]*+(?:##- [^\n]{5,200} -##|[-=#*_ ]{0,40}(?:please )?(?:type|write|enter|reply)"
    r"[^\n]{0,60} above this line[^\n]{0,60})[ \t]*$"
)
_RUN_ON: Final = re.compile(r":[ \u00a0]{3}")
_OWN_WORDS: Final = re.compile(
    r"\b(?:i|we|you|they|he|she)\s+wrote\b|\bschrieb(?:en|st)?\s+(?:ich|wir|sie|du)\b|"
    r"\b(?:j.ai|nous\s+avons)\s+écrit\b|\bho\s+scritto\b|\bskrev\s+(?:jag|jeg|vi)\b|"
    r"\bschreef\s+ik\b",
    re.IGNORECASE,
)
_FORWARDED: Final = frozenset(phrases.FORWARDED.split("|"))
_COLON_LINE: Final = re.compile(r"(?m):[ \t\u00a0]*+$")
_WIDE_COLON_LINE: Final = re.compile(r"(?m)：[ \t\u00a0]*+$")
_WROTE: Final = re.compile(rf"(?:{phrases.WROTE})[^\n]{{0,160}}[:：]\s*\Z", re.IGNORECASE)
_WROTE_WORDS: Final = frozenset(word for word in phrases.WROTE.split("|") if word.isalpha())
_ADDRESS_END: Final = re.compile(r"[<(\[]?[^<>\s()@]{1,64}@[^<>\s()@]{1,255}[>)\]]?\s*[:：]\s*\Z")
# Each begins with its first digit: what begins so is found several times as fast.
_TIME: Final = re.compile(
    r"\d(?:\d?\s?[:.時点时h]\s?\d{2}|\d{3}[-/.年]\d{1,2}|\d?[./-]\d{1,2}[./-]\d{2,4}|"
    r"(?<!\w\d)(?:(?<=1)9|(?<=2)0)\d\d\b)"
)
_RULE_LINE: Final = re.compile(r"[ \t>]*(?:[-_=*—]{5,})[ \t]*\Z")
_LINES: Final = 4
_FOLDED_CHARS: Final = 45
"""A subject shorter than this was not folded by its client."""
_LINE_CHARS: Final = 500
_FOLDED_LINE_CHARS: Final = 200
_LEAST_LABELS: Final = 3
_USUAL: Final = ("date", "to", "subject")
_FIELDS_PER_BLOCK: Final = 30
_QUOTE: Final = " \t>＞\u00a0\ufeff"
_QUOTE_OR_COLON: Final = _QUOTE + ":："


class Block(msgspec.Struct, frozen=True):
    """A header block in text: where it begins and ends, and its values by field."""

    start: int
    stop: int
    values: dict[str, str]


class Mark(msgspec.Struct, frozen=True):
    """A line that says an older message follows."""

    start: int
    stop: int
    kind: str
    """`forward`, `original` or `attribution`."""


class Seams(msgspec.Struct, frozen=True):
    """Where a text says that an older message begins, each kind in its order."""

    separators: tuple[Mark, ...]
    attributions: tuple[Mark, ...]
    blocks: tuple[Block, ...]
    was_cut: bool = False
    """Whether so many lines could begin one that not all were looked at."""


def find_seams(text: str) -> Seams:
    """Return all places where a text says that an older message begins."""
    colons, was_cut = _spans(_COLON_LINE, text)
    if "：" in text:
        wide, is_more = _spans(_WIDE_COLON_LINE, text)
        colons = sorted([*colons, *wide])
        was_cut = was_cut or is_more
    separators = _dashed_separators(text)
    if others := _other_separators(text):
        separators = sorted([*separators, *others], key=lambda mark: mark.start)
    attributions: list[Mark] = []
    if colons:
        separators += _plain_separators(text, colons)
        separators.sort(key=lambda mark: mark.start)
        attributions = _attributions(text, colons)
    blocks, is_more = _find_blocks(text)
    if ":   " in text:
        attributions = sorted([*attributions, *_run_on(text)], key=lambda mark: mark.start)
    return Seams(tuple(separators), tuple(attributions), tuple(blocks), was_cut or is_more)


def _spans(pattern: re.Pattern[str], text: str) -> tuple[list[tuple[int, int]], bool]:
    """Return where a pattern stands, at most so often as is looked at, and if there is more."""
    found = [one.span() for one in islice(pattern.finditer(text), limits.SEAMS + 1)]
    return found[: limits.SEAMS], len(found) > limits.SEAMS


def _dashed_separators(text: str) -> list[Mark]:
    """Return the separators between dashes, such as `---- Original Message ----`."""
    marks: list[Mark] = []
    for start, _ in lines_like(_DASHED_LINE, text):
        if found := _SEPARATOR.match(text, start):
            kind = "original" if found["original"] else "forward"
            marks.append(Mark(found.start(), found.end(), kind))
        elif stop := _dashed_wrote(text, start):
            marks.append(Mark(start, stop, "original"))
    return marks


def _dashed_wrote(text: str, start: int) -> int:
    """Return where `---- On Mon, Ann Lee <ann@x.example> wrote ---` ends, as Zoho prints, or 0."""
    stop = text.find("\n", start, start + _LINE_CHARS)
    line = text[start : stop if stop >= 0 else start + _LINE_CHARS].rstrip()
    is_told = line.endswith("--") and _says_wrote(line.rstrip("-"))
    return start + len(line) if is_told and _TIME.search(line) else 0


def _other_separators(text: str) -> list[Mark]:
    """Return the separators of a few products, each behind a plain look for what it needs."""
    marks: list[Mark] = []
    if " >>>" in text:
        marks += [
            Mark(*found.span(), "original")
            for found in _ARROWED.finditer(text)
            if _TIME.search(found.group())
        ]
    if "##- " in text or "above this line" in text:
        # A product's own notice begins with it.
        begun = len(text) - len(text.lstrip(_QUOTE + "\n"))
        notices = (found.span() for found in _ABOVE_THIS.finditer(text))
        marks += [Mark(*span, "original") for span in notices if span[0] > begun]
    return marks


def _plain_separators(text: str, colons: Sequence[tuple[int, int]]) -> list[Mark]:
    """Return the separators that stand alone, such as `Begin forwarded message:`."""
    marks: list[Mark] = []
    for at, stop in colons:
        start = text.rfind("\n", 0, at) + 1
        if text[start:at].strip(_QUOTE).lower() in _FORWARDED:
            marks.append(Mark(start, stop, "forward"))
    return marks


def _attributions(text: str, colons: Sequence[tuple[int, int]]) -> list[Mark]:
    """Return the lines that name who wrote what is quoted below them."""
    marks: list[Mark] = []
    last = 0
    for at, stop in colons:
        start = text.rfind("\n", 0, at) + 1
        line = text[start:stop]
        if len(line) > _LINE_CHARS:
            continue
        said = _says_wrote(line) or (")" in line[-4:] and _said_above(text, start, stop, last))
        if not said and not _names_somebody(text, stop, line):
            continue
        start, is_dated = _attribution_start(text, start, stop, last)
        if "@" not in line and _OWN_WORDS.search(line) and not _is_quote_next(text, stop):
            continue
        if is_dated or (said and ("@" in line or _is_quote_next(text, stop))):
            marks.append(Mark(start, stop, "attribution"))
            last = stop
    return marks


def _names_somebody(text: str, stop: int, line: str) -> bool:
    """Whether a line without such a word ends with an address, or is a day and a name."""
    if "@" in line:
        return _ADDRESS_END.search(line) is not None
    return _DAY.match(line) is not None and _is_quote_next(text, stop)


def _run_on(text: str) -> list[Mark]:
    """Return the attributions that the quoted text goes on behind, as Yahoo's telephones print."""
    marks: list[Mark] = []
    for found in islice(_RUN_ON.finditer(text), limits.SEAMS):
        least = max(0, found.start() - _LINE_CHARS)
        start = max(least, text.rfind("\n", least, found.start()) + 1)
        line = text[start : found.start() + 1]
        if "@" in line and _says_wrote(line) and _TIME.search(line):
            marks.append(Mark(start, found.end(), "attribution"))
    return marks


def _said_above(text: str, start: int, stop: int, last: int) -> bool:
    """Whether a line in brackets goes on with one that says who wrote, folded before its date."""
    above = _line_above(text, start, last)
    return above < start and _says_wrote(" ".join(text[above:stop].split()))


def _says_wrote(line: str) -> bool:
    """Whether a line ends with a word such as `wrote`, or with it and a name."""
    words = line.rstrip(_QUOTE_OR_COLON).rsplit(None, 1)
    if words and words[-1].lower() in _WROTE_WORDS:
        return True
    return _WROTE.search(line) is not None


def _attribution_start(text: str, start: int, stop: int, last: int) -> tuple[int, bool]:
    """Return where an attribution begins that may be folded over some lines, and if it is dated.

    It begins where its date does; a date that is folded itself begins with a client's word.
    """
    at = start
    for _ in range(_LINES - 1):
        is_dated = _TIME.search(text, at, stop) is not None
        if is_dated and _OPENER.match(text, at):
            return at, True
        above = _line_above(text, at, last)
        if is_dated:
            is_folded = above < at and _OPENER.match(text, above) and _TIME.search(text, above, at)
            is_named = "@" not in text[at:stop] and _NAMED_LINE.match(text, above, at)
            return (above if is_folded or is_named else at), True
        if above == at:
            break
        at = above
    is_dated = _TIME.search(text, at, stop) is not None
    return (at if is_dated else start), is_dated


def _line_above(text: str, at: int, last: int) -> int:
    """Return where the line above begins; the same place when it is empty, long or taken."""
    if at <= last or at == 0:
        return at
    above = text.rfind("\n", 0, at - 1) + 1
    line = text[above : at - 1].strip(_QUOTE)
    return at if not line or above < last or len(line) > _FOLDED_LINE_CHARS else above


_OPENER: Final = re.compile(
    r"[ \t>]*(?:on\b|at\b|am\b|le\b|el\b|il\b|em\b|op\b|w\s+dniu|dnia\b|den\b|dne\b|dana\b|la\b|"
    r"\d{1,4}[./年-])",
    re.IGNORECASE,
)


_DAY: Final = re.compile(
    r"[ \t]*\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}[^\n]{1,20}\d:\d\d\b[^\n]{2,80}[:：]"
)
_NAMED_LINE: Final = re.compile(r"[^\n@]{0,100}<[^\s<>@]{1,64}@[^\s<>@]{1,255}>[^\n@.!?]{0,80}\n")


def _is_quote_next(text: str, at: int) -> bool:
    """Whether the next line with something on it is quoted."""
    return text[at : at + 200].lstrip()[:1] in (">", "＞", "|")


def _find_blocks(text: str) -> tuple[list[Block], bool]:
    """Return the header blocks, such as Outlook prints above a quotation; if there may be more."""
    blocks: list[Block] = []
    if text.count(":") + text.count("：") < _LEAST_LABELS:
        return blocks, False
    last = 0
    for count, (start, found) in enumerate(lines_like(_LABEL_LINE, text)):
        if count >= limits.SEAMS:
            return blocks, True
        if start < last or folded(found.group(1)) not in _STARTS:
            continue
        block = read_labels(text, start)
        # What makes no block from its first label on makes none from a later one.
        last = block.stop
        if _is_sound(block.values):
            blocks.append(block)
    return blocks, False


def read_block(text: str, start: int) -> Block | None:
    """Return the header block at a line, or None when there is none."""
    block = read_labels(text, start)
    return block if _is_sound(block.values) else None


def read_labels(text: str, start: int) -> Block:
    """Return the labelled lines at a line, whatever they are."""
    values: dict[str, str] = {}
    at = start
    name = ""
    count = 0
    while at < len(text) and count < _FIELDS_PER_BLOCK * 2:
        stop = text.find("\n", at)
        stop = len(text) if stop < 0 else stop
        line = text[at:stop]
        found = _LABEL.match(line)
        if found:
            name = _FIELD_OF.get(folded(found.group(1)), "other" if "-" in found.group(1) else name)
            values.setdefault(name, line[found.end() :].strip(" \t\u00a0*"))
        elif not line.strip(_QUOTE):
            if not _goes_on_below(text, stop, values):
                break
        elif not _continues(text, stop, values, name, line):
            break
        else:
            values[name] = f"{values[name]} {line.strip(_QUOTE)}"
        count += 1
        at = stop + 1
    return Block(start, min(at, len(text)), values)


def _goes_on_below(text: str, at: int, values: dict[str, str]) -> bool:
    """Whether a header block goes on behind the empty line that ends at an offset.

    Some clients print an empty line before the subject, or behind every field.
    """
    if "subject" in values or "@" not in values.get("author", ""):
        return False
    found = _LABEL.match(text, at + 1)
    name = _FIELD_OF.get(folded(found.group(1))) if found else None
    return name == "subject" or (name in _USUAL and not _is_sound(values))


def _continues(text: str, stop: int, values: dict[str, str], name: str, line: str) -> bool:
    """Whether a line without label goes on with the field above it, folded."""
    if not name or len(line) > _LINE_CHARS:
        return False
    if _LABEL.match(text, stop + 1):
        return True
    if name in ("to", "cc", "author", "bcc"):
        value = values[name]
        is_open = value.endswith((",", ";")) or value.count("<") > value.count(">")
        return is_open or "@" not in value or line.lstrip(_QUOTE)[:1] == "<" or line[:1] in " \t"
    if name == "other":
        return line[:1] in " \t"
    return name == "subject" and "date" in values and len(values[name]) > _FOLDED_CHARS


def _is_sound(values: dict[str, str]) -> bool:
    """Whether the labels found make a header block: an author and two more of the usual.

    Without a subject somebody's address must be told: timetables go from, to and on a date too.
    """
    usual = [name for name in _USUAL if name in values]
    if not values.get("author") or len(usual) + 1 < _LEAST_LABELS:
        return False
    return "subject" in values or "@" in values["author"] or "@" in values["to"]


def unglue(line: str) -> str:
    """Return a line on which a client ran its whole header block together, taken apart."""
    return _GLUED.sub("\n", line)


def rule_line_before(text: str, at: int) -> int:
    """Return where the rule above a block begins, with the empty lines between, or `at`."""
    before = text[:at].rstrip(_QUOTE + "\n")
    start = before.rfind("\n") + 1
    return start if _RULE_LINE.match(before[start:]) else at
