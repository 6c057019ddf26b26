"""What is held, chosen one by one or all of a page at once."""

from __future__ import annotations

import re

from gateway.config.settings import Config
from gateway.model.decision import Outcome
from tests.letters import letter
from tests.web.conftest import ANNA, BOB, Browser, Mail
from tests.web.test_acting import outcome


def nobody(number: int) -> bytes:
    return letter(author="<>", message_id=f"bad{number}@customer.example", text="Who am I?")


def shown(browser: Browser) -> list[str]:
    return re.findall(r'name="shown" value="(\w+)"', browser.get("/held").text)


def test_all_of_a_page_are_decided_at_once(mail: Mail, bea: Browser, config: Config) -> None:
    entries = mail(*map(nobody, range(3)))
    asked = bea.post("/held", do="approve", all="yes", shown=shown(bea)).text
    assert "Approve 3 messages" in asked
    bea.post(
        "/held", do="approve", sure="yes", entry=re.findall(r'name="entry" value="(\w+)"', asked)
    )
    assert {outcome(config, entry)[0] for entry in entries} == {Outcome.LOGGED}


def test_all_of_a_page_leaves_the_mail_of_others(mail: Mail, bob: Browser, config: Config) -> None:
    (theirs,) = mail(nobody(1))
    (own,) = mail(nobody(2), to=BOB)
    bob.post("/held", do="discard", sure="yes", all="yes", shown=[own])
    bob.post("/held", do="discard", sure="yes", all="yes", shown=[own, theirs])
    assert outcome(config, theirs)[0] is Outcome.HELD
    assert outcome(config, own)[0] is Outcome.NOT_LOGGED


def test_a_person_decides_first_where_the_remedy_knows_no_more(mail: Mail, anna: Browser) -> None:
    (entry,) = mail(nobody(1), to=ANNA)
    page = anna.get(f"/messages/{entry}").text
    kinds = re.findall(rf'href="/messages/{entry}/do/([\w-]+)"', page)
    assert kinds[0] == "approve"
