"""Quotations, forwards and telephones: every client in every language."""

from __future__ import annotations

import pytest

from tests.mail.build import letter, read
from tests.mail.clients import FORWARDS, LANGUAGES, QUOTATIONS, TELEPHONES

CLIENTS = (
    "Gmail",
    "Apple Mail",
    "iOS",
    "Thunderbird",
    "Yahoo",
    "Outlook",
    "Outlook for Mac",
    "Outlook 2003",
    "Android",
)


@pytest.mark.parametrize("table", [QUOTATIONS, FORWARDS], ids=["quotations", "forwards"])
def test_no_cell_of_the_table_is_empty(table: dict[str, str]) -> None:
    wanted = {f"{client} {language}" for client in CLIENTS for language in LANGUAGES}
    assert wanted <= table.keys()
    assert len(wanted) == len(CLIENTS) * 18


@pytest.mark.parametrize("head", QUOTATIONS.values(), ids=QUOTATIONS.keys())
@pytest.mark.parametrize("mark", ["> ", ""], ids=["marked", "bare"])
def test_new_words_end_above_a_quotation(head: str, mark: str) -> None:
    text = f"New words at 10:00.\n\n{head}\n\n{mark}Old words.\n{mark}More.\n"
    assert read(letter(text, subject="Re: Offer")).new_text == "New words at 10:00."


@pytest.mark.parametrize("head", FORWARDS.values(), ids=FORWARDS.keys())
def test_a_forward_is_unwrapped(head: str) -> None:
    message = read(letter(f"Please log.\n\n{head}\nOld words.\n\nMore.\n", subject="Fwd: Offer"))
    (found,) = message.forwards
    assert found.author is not None
    assert (found.author.key, found.author.name) == ("ann@x.example", "Ann Lee")
    assert (found.subject, [one.key for one in found.to]) == ("Offer", ["bob@corp.example"])
    assert (found.body, bool(found.date)) == ("Old words.\n\nMore.", True)
    assert message.new_text == "Please log."


@pytest.mark.parametrize(
    "line",
    [line for of in TELEPHONES.values() for line in of.values()],
    ids=[f"{client} {language}" for client, of in TELEPHONES.items() for language in of],
)
def test_a_telephones_line_is_a_signature(line: str) -> None:
    assert read(letter(f"New words.\n\n{line}\n")).new_text == "New words."
