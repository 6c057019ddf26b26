"""What may belong together: shown with what tells it, rehearsed, done by one click."""

from __future__ import annotations

import re

import pytest

from gateway.store.registry import Registry
from tests.letters import letter
from tests.web.conftest import ANNA, CAROL, Browser, Mail
from tests.web.correspondence import OFFER

ALONE = letter(
    subject="Re: Our offer",
    message_id="alone@customer.example",
    text="We take it.\r\n\r\n> Here is our offer.",
)
AWAY = letter(
    subject="Automatic reply: Our offer",
    message_id="away@customer.example",
    in_reply_to="<offer@corp.example>",
    Auto_Submitted="auto-replied",
    text="I am away until 2026-12-01. In urgent cases please contact dora@customer.example.",
)


def keys(browser: Browser) -> list[str]:
    return re.findall(r'name="key" value="([^"]+)"', browser.get("/suggestions").text)


def take(browser: Browser, key: str) -> str:
    """Accept a suggestion; return the page that told what it would do."""
    told = browser.post("/suggestions", key=key)
    assert told.status_code == 200
    assert browser.post("/suggestions", key=key, sure="yes").status_code == 303
    return told.text


def test_second_address_is_the_owners_to_take(
    company: Registry, mail: Mail, anna: Browser, bob: Browser
) -> None:
    number = company.add_contact(CAROL, "Carol", ANNA).contact_id
    (entry,) = mail(OFFER, sent=True, to=CAROL)
    with company._change() as change:
        change.execute(
            "INSERT INTO suggested_aliases VALUES (?, 'carol@home.example', ?, 0)",
            (number, int(entry, 16)),
        )
    (key,) = keys(anna)
    assert keys(bob) == []
    assert bob.post("/suggestions", key=key, sure="yes").status_code == 404
    assert "It logs nothing now." in take(anna, key)
    assert company.contact(number).addresses == (CAROL, "carol@home.example")
    assert keys(anna) == []


def test_answer_that_cites_nothing_joins_its_conversation_by_a_click(
    mail: Mail, anna: Browser
) -> None:
    mail(OFFER, sent=True, to=CAROL)
    (alone,) = mail(ALONE, minutes=1)
    assert "not-a-reply" in anna.get(f"/messages/{alone}").text
    page = anna.get("/suggestions").text
    assert "carol@customer.example</bdi> seems to answer" in page
    assert "it quotes 1 line of it under the same subject" in page
    assert "It logs this message." in take(anna, keys(anna)[0])
    page = anna.get(f"/messages/{alone}").text
    assert "tracked-reply" in page
    (thread,) = re.findall(r'href="(/threads/\d+)"', page)
    assert "Here is our offer." in anna.get(thread).text
    assert keys(anna) == []


def test_rehearsal_joins_nothing(mail: Mail, anna: Browser) -> None:
    mail(OFFER, sent=True, to=CAROL)
    (alone,) = mail(ALONE, minutes=1)
    anna.post("/suggestions", key=keys(anna)[0])
    assert "not-a-reply" in anna.get(f"/messages/{alone}").text
    assert len(keys(anna)) == 1


def test_successor_of_who_is_away_becomes_a_contact_by_a_click(
    company: Registry, mail: Mail, anna: Browser
) -> None:
    mail(OFFER, sent=True, to=CAROL)
    mail(AWAY, minutes=1)
    page = anna.get("/suggestions").text
    assert "is away, and names <bdi>dora@customer.example</bdi> instead." in page
    assert "until 2026-12-01" in page
    take(anna, keys(anna)[0])
    assert company.contact("dora@customer.example").primary == "dora@customer.example"
    assert keys(anna) == []


def test_nothing_of_others_is_suggested(mail: Mail, bob: Browser) -> None:
    mail(OFFER, sent=True, to=CAROL)
    mail(ALONE, AWAY, minutes=1)
    assert keys(bob) == []


@pytest.mark.parametrize("key", ["", "nonsense", "link 0000000000000001 0000000000000002"])
def test_what_is_not_suggested_cannot_be_taken(mail: Mail, anna: Browser, key: str) -> None:
    mail(OFFER, sent=True, to=CAROL)
    assert anna.post("/suggestions", key=key, sure="yes").status_code == 404
