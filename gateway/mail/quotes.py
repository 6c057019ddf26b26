"""Finds where the new words of a message end and quoted ones or the signature begin.

Nothing is deleted: the answer is an offset. Answers between or below quotations are new words
too, so the end is sought from the last quotation that nothing new follows.

Limits: a quotation without any mark, and one that its writer edited, is taken for new words.
"""

from __future__ import annotations

import re
from typing import Final

from gateway.mail import phrases
from gateway.mail.blocks import Seams, rule_line_before

_QUOTED_RUN: Final = re.compile(
    r"(?:[ \t\u00a0]*+[>＞|][^\n]*+(?:\n|\Z)|[ \t\u00a0\r]*+\n)++[ \t]*+"
)
_QUOTED_LINE: Final = re.compile(r"(?m)^[ \t\u00a0]*[>＞]")
_WORDS: Final = re.compile(r"(?m)^[ \t\u00a0]*+(?![>＞|])[-_*= \t]*+[^-_*=\s]")
_SIGNATURE: Final = re.compile(r"(?m)\n--[ \u00a0]?\r?$")
_SIGNATURE_FIRST: Final = re.compile(r"(?m)--[ \u00a0]?\r?$")
# A sentence that begins like one is none: "Sent from my desk, which is easier".
_MOBILE: Final = re.compile(
    rf"(?:{phrases.MOBILE})[^\n,.!?。]{{0,60}}(?:<[^>\n]*>|\([^)\n]*\))?[.!。]?[ \t]*\Z"
)
_MOBILE_CHARS: Final = 300
"""The longest line that is looked at for a telephone's signature."""
_MARK_LINES: Final = 4


def new_text_stop(text: str, seams: Seams, quote_at: int | None = None) -> int:
    """Return the offset at which the new words end.

    `quote_at` is where HTML says that the quotation begins.
    """
    stop = _hard_stop(text, seams)
    starts = [(mark.start, mark.stop) for mark in seams.attributions if mark.stop <= stop]
    if quote_at is not None and quote_at < stop:
        starts = sorted([*starts, (quote_at, _behind_mark(text, quote_at))])
    for start, behind in starts:
        run = _QUOTED_RUN.match(text, behind)
        is_quoted = run is not None and _QUOTED_LINE.search(text, behind, run.end()) is not None
        if run is None or not is_quoted or not _has_words(text, run.end(), stop):
            stop = start
            break
    stop = _without_trailing_quote(text, stop)
    stop = _without_signature(text, stop)
    return len(text[:stop].rstrip())


def _hard_stop(text: str, seams: Seams) -> int:
    """Return where a separator or a header block begins: nothing new follows those."""
    stop = len(text)
    if seams.separators:
        stop = seams.separators[0].start
    if seams.blocks and seams.blocks[0].start < stop:
        stop = rule_line_before(text, seams.blocks[0].start)
    return stop


def _behind_mark(text: str, at: int) -> int:
    """Return where the quotation behind a mark of HTML begins, its attribution passed over."""
    for _ in range(_MARK_LINES):
        stop = text.find("\n", at)
        line = text[at : stop if stop >= 0 else len(text)]
        if line.lstrip()[:1] in (">", "＞") or stop < 0:
            return at
        at = stop + 1
    return at


def _has_words(text: str, start: int, stop: int) -> bool:
    """Whether something new stands in a range, a signature and quotations apart."""
    words = _WORDS.search(text, start, stop)
    return words is not None and _signature_at(text, start, words.start() + 1) < 0


def _without_trailing_quote(text: str, stop: int) -> int:
    """Return the offset without the quoted and empty lines that end the range."""
    while stop > 0:
        start = text.rfind("\n", 0, stop) + 1
        line = text[start:stop].strip()
        if line and line[0] not in ">＞":
            break
        stop = max(start - 1, 0)
    return stop


def _without_signature(text: str, stop: int) -> int:
    """Return the offset of the first signature, or the offset itself when there is none."""
    if (at := _signature_at(text, 0, stop)) >= 0:
        return at
    stop = len(text[:stop].rstrip())
    at = text.rfind("\n", max(0, stop - _MOBILE_CHARS), stop) + 1
    # In lower case as the phrases are: a pattern that ignores case tries each of them in vain.
    return at if _MOBILE.match(text[at:stop].lower()) else stop


def _signature_at(text: str, start: int, stop: int) -> int:
    """Return where the first mark of a signature stands that begins in a range, or -1."""
    is_line = start == 0 or text[start - 1] == "\n"
    if is_line and _SIGNATURE_FIRST.match(text, start, stop):
        return start
    found = _SIGNATURE.search(text, start, stop)
    return found.start() + 1 if found else -1
