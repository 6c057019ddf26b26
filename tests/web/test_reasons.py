"""Reasons are told by names that people read; their codes stay in reach."""

from __future__ import annotations

import pytest

from gateway.model.decision import Reason
from gateway.words.reasons import reason_called
from tests.web.conftest import CAROL, Browser, Mail
from tests.web.correspondence import DEPUTY, OFFER

JA = {"accept-language": "ja"}


def test_list_and_charts_call_a_reason_by_its_name(mail: Mail, anna: Browser) -> None:
    mail(OFFER, sent=True, to=CAROL)
    mail(DEPUTY, minutes=1)
    page = anna.get("/decisions").text
    assert page.count("Reply from no contact") == 3
    assert "(replier-not-contact)" in page
    assert "連絡先でない人からの返信" in anna.get("/decisions", **JA).text


@pytest.mark.parametrize(
    "asked", ["Reply from no contact", "reply  from no contact", "連絡先でない人からの返信"]
)
def test_mail_is_found_by_the_name_of_its_reason(mail: Mail, anna: Browser, asked: str) -> None:
    mail(OFFER, sent=True, to=CAROL)
    mail(DEPUTY, minutes=1)
    page = anna.get(f"/search?q={asked}").text
    assert page.count("<li><p>") == 1
    assert "deputy@customer.example" in page


def test_what_is_no_name_of_a_reason_is_words() -> None:
    assert reason_called("Reply from no contact at all") is None
    assert reason_called("bounce") is Reason.BOUNCE


def test_trace_names_what_a_rule_saw_in_japanese(mail: Mail, anna: Browser) -> None:
    mail(OFFER, sent=True, to=CAROL)
    (deputy,) = mail(DEPUTY, minutes=1)
    page = anna.get(f"/messages/{deputy}", **JA).text
    assert "アドレス: deputy@customer.example" in page
    assert "該当しないルール" in page
