"""What a notice looks like on the wire."""

from __future__ import annotations

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.decision import Outcome, Reason
from gateway.notices.compose import Sender, compose_digest, compose_notice
from gateway.notices.occasion import Fault, Occasion
from gateway.rules.notices import is_notice_id
from tests.letters import NOON

KEY = b"k" * 32
ENGLISH, JAPAN = Sender("gate@corp.example", "en", KEY), Sender("gate@corp.example", "ja", KEY)
TOLD = "a.zip (60 MB) is over 50 MB and was not stored."
FAULT = Fault(Reason.ATTACHMENT_TOO_LARGE, TOLD, {"name": "a.zip"})
OCCASION = Occasion(
    user="anna@corp.example",
    recipient="anna@corp.example",
    entry_id="e1",
    outcome=Outcome.PARTIAL,
    faults=(FAULT,),
    subject="見積もり\r\nBcc: eve@evil.example",
    message_id="one@corp.example",
)


def read(octets: bytes) -> EmailMessage:
    message = message_from_bytes(octets, policy=default)
    assert isinstance(message, EmailMessage)
    return message


def notice(sender: Sender = ENGLISH) -> EmailMessage:
    return read(compose_notice(OCCASION, sender, "t0ken", NOON))


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def test_no_program_answers_it() -> None:
    message = notice()
    assert message["Auto-Submitted"] == "auto-replied"
    assert message["X-Auto-Response-Suppress"] == "All"


def test_its_id_is_signed() -> None:
    assert is_notice_id(str(notice()["Message-ID"])[1:-1], KEY)


def test_it_belongs_to_the_copy() -> None:
    assert str(notice()["In-Reply-To"]) == "<one@corp.example>"


def test_a_foreign_subject_stays_on_its_line() -> None:
    message = notice()
    assert message["Bcc"] is None
    assert str(message["Subject"]).endswith("見積もり Bcc: eve@evil.example")


@pytest.mark.parametrize("kind", ["plain", "html"])
def test_it_says_why_and_what_to_do(kind: str) -> None:
    text = body(notice(), kind)
    assert "attachment-too-large" in text
    assert TOLD in text


@pytest.mark.parametrize("kind", ["plain", "html"])
def test_it_speaks_japanese(kind: str) -> None:
    text = body(notice(JAPAN), kind)
    assert "一部を除いて記録されました" in text
    assert "a.zip(60 MB)は上限 50 MB を超えるため保存されませんでした。" in text


def test_what_is_foreign_is_no_markup() -> None:
    fault = Fault(Reason.ENCRYPTED, "<script>alert(1)</script>", {})
    occasion = Occasion("", "a@b.example", "e", Outcome.PARTIAL, (fault,), "<b>", "")
    assert "<script>" not in body(read(compose_notice(occasion, ENGLISH, "t", NOON)), "html")


@given(subject=st.text(max_size=300), message_id=st.text(max_size=300))
def test_any_copy_gets_a_notice_that_is_seven_bit(subject: str, message_id: str) -> None:
    occasion = Occasion("", "a@b.example", "e", Outcome.HELD, (FAULT,), subject, message_id)
    octets = compose_notice(occasion, ENGLISH, "t", NOON)
    assert octets.isascii()
    assert max(map(len, octets.split(b"\r\n"))) <= 998


def test_a_digest_is_no_answer() -> None:
    lines = [("Not logged: 2", "Of your mail, 2 were not logged."), ("", "2: Reconnect it.")]
    message = read(compose_digest("a@b.example", ENGLISH, "t", NOON, lines))
    assert message["Auto-Submitted"] == "auto-generated"
    assert "2: Reconnect it." in body(message, "plain")
