"""What a text is found by."""

from __future__ import annotations

import pytest

from gateway.store.terms import asked_of, longer_runs, terms_of


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("Our Offer", ["our", "offer"]),
        ("ＯＦＦＥＲ ｶﾀｶﾅ", ["offer", "カタ", "タカ", "カナ", "ナ"]),
        ("見積", ["見積", "積"]),
        ("PDFの見積2026", ["pdf", "の見", "見積", "積", "2026"]),
        ("carol@customer.example", ["carol", "customer", "example"]),
        ("שלום Straße", ["שלום", "strasse"]),
        ("ราคา", ["รา", "าค", "คา", "า"]),
        ("file_name_2.pdf", ["file", "name", "2", "pdf"]),
        ("— … !", []),
    ],
)
def test_text_is_cut_into_terms(text: str, terms: list[str]) -> None:
    assert list(terms_of(text)) == terms


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("offer", ('"offer"*',)),
        ("an offer offer", ('"an"', '"offer"*')),
        ("見積", ('"見積"',)),
        ("見積書", ('"見積"', '"積書"')),
        ("見", ('"見"*',)),
        ('" OR *', ('"or"',)),
        ("", ()),
    ],
)
def test_question_is_cut_as_the_text_is(text: str, asked: tuple[str, ...]) -> None:
    assert asked_of(text) == asked


def test_only_longer_unspaced_words_are_looked_at_again() -> None:
    assert longer_runs("見積 お見積書 offer") == ("お見積書",)
