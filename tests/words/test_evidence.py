"""Everything that rules see has a name for people, in every language."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from gateway.model.decision import Evidence, Reason
from gateway.model.suggestion import Candidate, Hint
from gateway.rules.suggestions import _detail
from gateway.words.catalogue import tongue
from gateway.words.evidence import EVIDENCE, evidence_in
from gateway.words.phrases import detail_in
from gateway.words.reasons import REASONS, reason_in
from tests.letters import NOON
from tests.words.extract import ROOT

EN, JA = tongue("en"), tongue("ja")
STAGES = ("gate", "intake", "unwrap", "identity", "kind", "answers", "incoming", "mailboxes",
          "outgoing", "content", "by_hand", "judge")  # fmt: skip


def seen_by_rules() -> Iterator[str]:
    """Yield the names in whatever the rules give as evidence."""
    for stage in STAGES:
        tree = ast.parse((ROOT / "rules" / f"{stage}.py").read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            for key in node.keys if isinstance(node, ast.Dict) else ():
                if isinstance(key, ast.Constant) and isinstance(key.value, str):
                    yield key.value


def test_everything_that_rules_see_has_a_name_and_nothing_else() -> None:
    assert set(seen_by_rules()) == set(EVIDENCE)


def test_every_reason_has_a_name_of_its_own() -> None:
    for told in (EN, JA):
        assert set(REASONS) == set(Reason)
        names = [reason_in(told, reason) for reason in Reason]
        assert len(set(names)) >= len(names) - 1, "ja calls two kinds of calendar mail alike"


def test_evidence_is_told_in_japanese() -> None:
    seen: Evidence = {
        "address": "a@b.example",
        "original_reason": "sent-not-marked",
        "changed": True,
    }
    assert evidence_in(EN, seen) == (
        "address: a@b.example · decision on the first message: Sent without a mark"
        " · subject changed"
    )
    assert evidence_in(JA, seen) == (
        "アドレス: a@b.example · 最初のメールの判定: 記録の指定なしで送信 · 件名の変更"
    )


@pytest.mark.parametrize("hint", Hint)
@pytest.mark.parametrize("common", [1, 2])
def test_what_tells_an_answer_is_told_in_japanese(hint: Hint, common: int) -> None:
    one = Candidate("e", "m@x.example", "Our offer", frozenset(), NOON)
    said = _detail(hint, one, common)
    told = detail_in(JA, said)
    assert told != said
    assert detail_in(EN, said) == said
