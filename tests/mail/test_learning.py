from __future__ import annotations

from typing import Any

import pytest

from gateway.mail.learning import propose
from gateway.mail.reading import read_heading, read_message
from gateway.mail.scanners import compile_signature
from gateway.model.message import ScannerTrace
from tests.mail.build import letter, multipart


def notice(name: str, text: str) -> str:
    return f'Content-Type: text/plain\nContent-Disposition: attachment; filename="{name}"\n\n{text}'


def learned(octets: bytes, words: str = "") -> dict[str, Any] | None:
    return propose(octets, read_message(octets, read_heading(octets)), words)


def recognised(octets: bytes, record: dict[str, object]) -> tuple[ScannerTrace, ...]:
    signature = compile_signature(record)
    return read_message(octets, read_heading(octets), (signature,)).scanner


SHOWN = multipart(
    "mixed",
    "\nThe plan is attached.",
    notice("todo.txt", "Buy milk."),
    "Content-Type: image/png\nContent-Disposition: attachment; filename=a.png\n\nPNG",
    notice("notice.txt", 'The attached file "plan.exe" was removed by our policy.'),
    X_Corp_Virus_Scan="done",
)
NEXT = multipart(
    "mixed",
    "\nAnother letter.",
    notice("notice.txt", 'The attached file "other.zip" was removed by our policy.'),
    X_Corp_Virus_Scan="done",
)


def test_what_is_learned_of_one_message_is_found_in_the_next() -> None:
    record = learned(SHOWN)
    assert record is not None
    assert recognised(NEXT, record) == (ScannerTrace("Our mail filter", "stripped", "other.zip"),)


def test_what_is_learned_is_not_found_in_ordinary_mail() -> None:
    record = learned(SHOWN)
    assert record is not None
    assert not recognised(letter("The plan is attached.", X_Corp_Virus_Scan="done"), record)


def test_the_record_names_message_and_field() -> None:
    record = learned(SHOWN)
    assert record is not None
    assert record["source"] == "learned from 1@out.example"
    assert record["id"] == "own-x-corp-virus-scan"
    assert record["need"] == 2


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("Your attachment is being scanned; please wait.", "held"),
        ("The attachment was replaced by this text.", "replaced"),
        ("添付ファイルは削除されました。ご確認ください。", "stripped"),
        ("Der Anhang dieser Nachricht wurde entfernt.", "stripped"),
        ("La pièce jointe a été supprimée, supprimé.", "stripped"),
        ("This attachment was blocked as dangerous.", "blocked"),
    ],
)
def test_the_words_tell_the_state(text: str, state: str) -> None:
    record = learned(letter(f"Hello.\n{text}\nRegards"))
    assert record is not None
    assert record["state"] == state


def test_a_tag_of_the_subject_is_a_clue() -> None:
    record = learned(letter("Hello.", subject="[VIRUS REMOVED] plan"))
    assert record is not None
    assert record["any"] == [{"where": "subject", "text": "[VIRUS REMOVED]"}]
    assert record["state"] == "stripped"


def test_words_that_are_given_are_the_clue() -> None:
    octets = letter("Hello.\nZu Ihrem Schutz behalten wir das ein.")
    record = learned(octets, "zu Ihrem Schutz")
    assert record is not None
    assert (record["state"], record["id"]) == ("tagged", "own-zu-ihrem-schutz")
    assert recognised(octets, record)


def test_a_short_sentence_around_a_name_is_a_pattern_alone() -> None:
    octets = letter('File "a.exe" removed')
    record = learned(octets)
    assert record is not None
    assert "text" not in record["any"][0]
    assert recognised(octets, record) == (ScannerTrace("Our mail filter", "stripped", "a.exe"),)


def test_words_without_letters_of_ascii_make_a_name_too() -> None:
    record = learned(letter("添付ファイルは隔離されました。ご確認ください。"))
    assert record is not None
    assert record["id"] == "own-record"


@pytest.mark.parametrize(
    "octets",
    [
        letter("Please find the plan attached."),
        letter("Hello.", X_Virus_Scanned="yes"),
        letter("Hello.", subject="[Sales] plan"),
        multipart("mixed", "\nHello", notice("todo.txt", "Buy milk.")),
        letter("New.\n\nAnn <a@x> wrote:\n> The attachment was removed by policy.\n"),
    ],
)
def test_ordinary_mail_teaches_nothing(octets: bytes) -> None:
    assert learned(octets) is None
