"""What the rules say, in Japanese: from the words that were filled in English."""

from __future__ import annotations

import pytest

from gateway.model.decision import Reason
from gateway.rules.pages import PAGES
from gateway.words.catalogue import tongue
from gateway.words.phrases import fault_in, phrase_in
from gateway.words.rules import remedies_of, remedy_in, sentences_in
from tests.words.test_catalogue import names

EN, JA = tongue("en"), tongue("ja")


@pytest.mark.parametrize("reason", sorted(Reason))
def test_remedy_is_told_in_japanese_with_what_filled_it(reason: Reason) -> None:
    for template in remedies_of(reason):
        values = {
            name: f"<{place}@x.example>" for place, name in enumerate(sorted(names(template)))
        }
        told = remedy_in(JA, reason, template.format(**values))
        assert told == JA.template(template).format(**values)
        assert told != template.format(**values)


@pytest.mark.parametrize("reason", sorted(Reason))
def test_sentence_of_a_reason_is_told_in_japanese(reason: Reason) -> None:
    for direction, _ in PAGES[reason].lines:
        told = sentences_in(JA, reason, direction or "incoming")
        assert told
        assert told != sentences_in(EN, reason, direction or "incoming")


def test_remedy_of_another_time_stays_as_it_was_written() -> None:
    assert remedy_in(JA, Reason.SPAM, "Old words.") == "Old words."


def test_evidence_fills_what_it_tells() -> None:
    said = "Logging is off for a@b.example. Turn it on, then replay from 2026-11-23."
    told = remedy_in(JA, Reason.USER_OPTED_OUT, said, {"user": "a@b.example"})
    assert told.startswith("a@b.example の記録は無効")


def test_phrases_within_evidence_are_told_too() -> None:
    assert phrase_in(JA, "a recipient and a mark") == "宛先、記録の指定"
    assert phrase_in(JA, "a friend and a mark") == "a friend and a mark"


def test_answer_of_the_store_is_told_in_japanese() -> None:
    said = "a@b.example and c@d.example are one contact already."
    assert fault_in(JA, said) == "a@b.example と c@d.example はすでに同じ連絡先です。"
    assert fault_in(EN, said) == said
    assert fault_in(JA, "Something else.") == "Something else."
