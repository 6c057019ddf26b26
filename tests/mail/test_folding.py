"""Words that a pattern which ignores case takes for others."""

from __future__ import annotations

import re
import sys

import pytest

from gateway.mail.blocks import find_seams
from gateway.mail.calendar_words import find_date
from gateway.mail.folding import folded


@pytest.mark.parametrize("letter", ["i", "s", "k"])
def test_letters_that_match_each_other_are_folded_alike(letter: str) -> None:
    alike = [one for one in map(chr, range(sys.maxunicode)) if re.match(letter, one, re.IGNORECASE)]
    assert len(alike) > 2
    assert {folded(one) for one in alike} == {letter}


@pytest.mark.parametrize("label", ["Sub\u0131ect", "\u017fubject", "SUBJECT", "x-ma\u0131ler"])
def test_labels_with_letters_of_other_alphabets_are_read(label: str) -> None:
    (block,) = find_seams(f"From: a@x\nTo: b@x\nDate: c\nSubject: d\n{label}: e\n\nx").blocks
    assert block.values["subject"] == "d"


def test_a_label_may_be_spelt_with_letters_that_only_look_like_its_own() -> None:
    (block,) = find_seams("From: a@x\nTo: b@x\n\u017fent: today\n\nx").blocks
    assert block.values["date"] == "today"


def test_a_month_may_be_spelt_with_letters_that_only_look_like_its_own() -> None:
    assert find_date("5 Augu\u017ft 2026", None) == "2026-08-05"
