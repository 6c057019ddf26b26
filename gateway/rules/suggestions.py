"""Suggests what a message answers that cites nothing, out of its words, subject and people.

It never joins a thread: subjects and quotations are what anybody can write.

Design notes: measured on two list archives with In-Reply-To and References taken out, see
`tests.bench.suggestions`. A subject alone counts only for a reply, among the same people, within
a month, and when it says something.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from gateway.mail.hints import Hints
from gateway.model.message import Heading
from gateway.model.suggestion import Candidate, Hint, Suggestion

WITHIN: Final = timedelta(days=30)
_ENOUGH_LINES: Final = 3
"""So many quoted lines in common need no common subject."""
_LEAST_CHARS: Final = 4
_GENERIC_WORDS: Final = """
    angebot bestellung bonjour ciao facture frage hallo hello hola info information invoice meeting
    offer order question rechnung test thanks urgent
    お問い合わせ お見積り お礼 ご相談 ご連絡 御見積書 見積 見積書 請求書 询价 报价 문의
"""
_GENERIC: Final = frozenset(_GENERIC_WORDS.split())
"""Subjects that say nothing."""
_STRENGTH: Final = {hint: -place for place, hint in enumerate(Hint)}


def suggest(
    heading: Heading,
    hints: Hints,
    *,
    people: frozenset[str],
    received_at: datetime,
    candidates: Iterable[Candidate],
) -> Suggestion | None:
    """Return what a message most likely answers, or None when nothing tells."""
    best: tuple[int, int, datetime] | None = None
    found: Suggestion | None = None
    for one in candidates:
        if not timedelta() <= received_at - one.received_at <= WITHIN:
            continue
        common = len(hints.lines & one.lines)
        hint = _hint(heading, hints, one, people, common)
        if hint is None:
            continue
        rank = (_STRENGTH[hint], common, one.received_at)
        if best is None or rank > best:
            best, found = rank, Suggestion(one.entry_id, hint, _detail(hint, one, common))
    return found


def _hint(
    heading: Heading, hints: Hints, one: Candidate, people: frozenset[str], common: int
) -> Hint | None:
    """Return the strongest reason to think that it answers this one, or None."""
    if one.message_id in hints.ids:
        return Hint.QUOTED_ID
    subject = heading.base_subject.casefold()
    is_same = len(subject) >= _LEAST_CHARS and subject == one.base_subject.casefold()
    if is_same and common:
        return Hint.QUOTED_LINES
    if is_same and _is_reply(heading) and subject not in _GENERIC and people & one.people:
        return Hint.SUBJECT
    return Hint.LINES_ALONE if common >= _ENOUGH_LINES else None


def _is_reply(heading: Heading) -> bool:
    """Whether the subject has a mark of a reply or forward."""
    return heading.base_subject.casefold() != " ".join(heading.subject.split()).casefold()


def _detail(hint: Hint, one: Candidate, common: int) -> str:
    """Return what was seen, in words."""
    if hint is Hint.QUOTED_ID:
        return f"it quotes the id {one.message_id}"
    if hint is Hint.SUBJECT:
        return f'the same subject "{one.base_subject}" among the same people'
    words = f"it quotes {common} line{'' if common == 1 else 's'} of it"
    return f"{words} under the same subject" if hint is Hint.QUOTED_LINES else words
