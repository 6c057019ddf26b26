from __future__ import annotations

import pytest

from gateway.mail.subject import base_subject


@pytest.mark.parametrize(
    "subject",
    [
        "Re: Offer 4711",
        "RE: Re: Offer 4711",
        "Re[2]: Offer 4711",
        "Re (3): Offer 4711",
        "AW: WG: Offer 4711",
        "Antw: Offer 4711",
        "SV: VS: Offer 4711",
        "TR : Offer 4711",
        "RV: ENC: Offer 4711",
        "Odp: Offer 4711",
        "回复：Offer 4711",
        "返信: 転送: Offer 4711",
        "Fwd: Offer 4711 (fwd)",
        "[Fwd: Offer 4711]",
        "[EXTERNAL] Re: Offer 4711",
        "Re: [外部] Offer 4711",
        "{Spam?} Offer 4711",
        " Offer\t4711 ",
        "Ｏｆｆｅｒ ４７１１",
    ],
)
def test_marks_are_taken_off(subject: str) -> None:
    assert base_subject(subject) == "Offer 4711"


def test_a_tag_of_a_list_stays_without_the_marks_behind_it() -> None:
    assert base_subject("[list] Re: x") == base_subject("Re: [list] x") == "[list] x"


@pytest.mark.parametrize("subject", ["Report: Q3", "", "Region: north", "【見積】 4711"])
def test_words_that_are_no_marks_stay(subject: str) -> None:
    assert base_subject(subject) == subject


def test_hundreds_of_marks_are_taken_off_up_to_an_end() -> None:
    assert base_subject("Re: " * 200 + "x").startswith("Re: ")
