"""Lists by the marks of the index: whole, newest first, and never more than may be seen."""

from __future__ import annotations

import re

import pytest

from gateway.config.settings import Config
from gateway.store.registry import Registry
from gateway.web import browsing, finding
from gateway.web.finding import catch_up
from tests.letters import letter
from tests.web.conftest import ANNA, BEA, BOB, CAROL, EVE, Browser, Mail
from tests.web.correspondence import OFFER, REPLY

COMPANY = "/companies/customer.example"


def subjects(browser: Browser, path: str) -> list[str]:
    """Return the subjects of all pages from this one on."""
    found: list[str] = []
    while path:
        page = browser.get(path).text
        found += re.findall(r'<a href="/messages/[^"]+"><bdi>([^<]+)</bdi>', page)
        more = re.search(r'href="([^"]+)" rel="next"', page)
        path = more[1].replace("&amp;", "&") if more else ""
    return found


def many(mail: Mail, count: int, author: str = CAROL, to: str = ANNA) -> None:
    mail(
        *(
            letter(
                author=author,
                to=to,
                subject=f"No {n}",
                text=f"words {n}",
                message_id=f"{n}@{author}",
                in_reply_to="<offer@corp.example>",
            )
            for n in range(count)
        ),
        to=to,
        minutes=1,
    )


@pytest.mark.parametrize("user", [ANNA, BEA])
def test_company_shows_all_its_mail_page_by_page(
    mail: Mail, app: object, company: Registry, user: str
) -> None:
    company.add_contact(CAROL, "Carol", ANNA)
    mail(OFFER, sent=True, to=CAROL)
    many(mail, 60)
    browser = Browser(app).enter(user)  # type: ignore[arg-type] # the application
    assert subjects(browser, COMPANY) == [*(f"No {n}" for n in reversed(range(60))), "Our offer"]


def test_company_is_not_there_for_whom_it_is_none_of(
    mail: Mail, company: Registry, anna: Browser, bob: Browser
) -> None:
    company.add_contact(CAROL, "Carol", ANNA)
    mail(OFFER, sent=True, to=CAROL)
    mail(REPLY, minutes=1)
    assert anna.get(COMPANY).status_code == 200
    assert bob.get(COMPANY).status_code == 404
    assert anna.get("/companies/stomer.example").status_code == 404


def test_who_owns_a_contact_sees_the_company_through_the_mail_of_others(
    mail: Mail, company: Registry, bob: Browser
) -> None:
    company.add_contact(CAROL, "Carol", BOB)
    mail(OFFER, sent=True, to=CAROL)
    mail(REPLY, minutes=1)
    assert len(subjects(bob, COMPANY)) == 2


def test_what_a_member_may_see_is_listed_page_by_page(
    mail: Mail, company: Registry, anna: Browser, bob: Browser
) -> None:
    company.add_contact(CAROL, "Carol")
    mail(OFFER, sent=True, to=CAROL)
    many(mail, 120)
    assert len(subjects(anna, "/decisions")) == 121
    assert subjects(bob, "/decisions") == []


def test_list_of_a_member_takes_filters_and_new_mail_at_once(
    mail: Mail, company: Registry, anna: Browser
) -> None:
    company.add_contact(CAROL, "Carol")
    mail(OFFER, sent=True, to=CAROL)
    mail(REPLY, minutes=1)
    mail(letter(author=EVE, subject="Stranger"), minutes=2)
    assert subjects(anna, "/decisions?outcome=not_logged") == ["Stranger"]
    assert subjects(anna, "/decisions?until=2026-11-22") == []
    mail(letter(author=EVE, subject="Again", message_id="2@x.example"), minutes=3)
    assert subjects(anna, "/decisions?outcome=not_logged") == ["Again", "Stranger"]


def test_what_fits_far_back_is_found_by_going_on(
    mail: Mail, company: Registry, anna: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browsing, "STRETCH", 5)
    monkeypatch.setattr(browsing, "MOST_LOOKED_AT", 20)
    company.add_contact(CAROL, "Carol")
    mail(letter(author=EVE, subject="Far back"))
    many(mail, 50)
    first = anna.get("/decisions?reason=sender-not-contact").text
    assert "Far back" not in first
    assert subjects(anna, "/decisions?reason=sender-not-contact") == ["Far back"]


def test_lists_are_whole_while_the_index_is_still_made(
    mail: Mail, config: Config, company: Registry, anna: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    company.add_contact(CAROL, "Carol", ANNA)
    mail(OFFER, sent=True, to=CAROL)
    many(mail, 30)
    monkeypatch.setattr(browsing, "catch_up", lambda config: catch_up(config, 0))
    monkeypatch.setattr(finding, "BATCH", 5)
    assert len(subjects(anna, "/decisions")) == 31
    assert len(subjects(anna, COMPANY)) == 31
