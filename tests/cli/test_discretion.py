"""What an export says of a message, and what it leaves out."""

from __future__ import annotations

import pytest

from gateway.cli.discretion import UNTOLD, letter_of, letter_without, row_without
from tests.letters import journal_report, letter

BOB = "bob@corp.example"
HIDDEN = frozenset({BOB})


def test_of_a_journal_report_the_message_inside_is_given() -> None:
    report = journal_report(letter(), f"Bcc: {BOB}\n")
    assert letter_of(report).strip() == letter().strip()


def test_a_report_without_a_message_is_not_given() -> None:
    report = journal_report(letter(), f"Bcc: {BOB}\n")
    assert letter_of(report.replace(b"message/rfc822", b"application/x-odd")) == b""


def test_an_address_is_left_out_of_lists_and_sentences() -> None:
    row = {"to": [BOB, "eve@x.example"], "trace": [{"said": f"{BOB.upper()} was off"}], "n": 1}
    assert row_without(row, HIDDEN) == {
        "to": ["eve@x.example"],
        "trace": [{"said": f"{UNTOLD} was off"}],
        "n": 1,
    }


@pytest.mark.parametrize(
    "field", ["Bcc: <Bob@corp.example>", "Received: from x\r\n\tfor <bob@corp.example>; today"]
)
def test_fields_that_name_somebody_go_with_their_folds(field: str) -> None:
    octets = f"From: a@x.example\r\n{field}\r\nSubject: x\r\n\r\nTo bob@corp.example\r\n".encode()
    given = b"From: a@x.example\r\nSubject: x\r\n\r\nTo bob@corp.example\r\n"
    assert letter_without(octets, HIDDEN) == given


def test_an_address_that_ends_like_a_hidden_one_is_told() -> None:
    octets = letter(to="rob-bob@corp.example", Cc="x.bob@corp.example, y@bob@corp.example.org")
    assert letter_without(octets, HIDDEN) == octets
    row = {"to": "rob-bob@corp.example", "said": "bob@corp.example.org"}
    assert row_without(row, HIDDEN) == row


def test_a_message_that_hides_nobody_is_given_octet_for_octet() -> None:
    assert letter_without(letter(), frozenset()) == letter()
