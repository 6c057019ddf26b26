from __future__ import annotations

import pytest

from gateway.mail.flowed import unflow
from tests.mail.build import letter, read


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("one \ntwo\nthree\n", "one two\nthree\n"),
        ("one \n\ntwo", "one \ntwo"),
        ("> one \n> two\nthree", "> one two\nthree"),
        (">> one \n> two", ">> one \n> two"),
        ("one \n-- \nBob \nInc", "one \n-- \nBob Inc"),
        (" stuffed\n From me", "stuffed\nFrom me"),
        ("", ""),
    ],
)
def test_soft_lines_are_joined(written: str, shown: str) -> None:
    assert unflow(written, delete_space=False) == shown


def test_a_space_that_only_marks_the_fold_goes() -> None:
    assert unflow("日本 \n語", delete_space=True) == "日本語"


@pytest.mark.parametrize(
    ("params", "shown"),
    [("", "日本 \n語"), ("; format=flowed", "日本 語"), ("; format=flowed; delsp=yes", "日本語")],
)
def test_a_text_is_joined_when_it_says_that_it_flows(params: str, shown: str) -> None:
    octets = letter("日本 \n語", Content_Type=f"text/plain; charset=utf-8{params}")
    assert read(octets).text == shown
