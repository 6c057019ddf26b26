"""The policy's pages: a switch is rehearsed, holds, and is undone."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette

from gateway.config.settings import Config
from gateway.store.switching import SwitchBook
from tests.letters import letter
from tests.web.conftest import ANNA, BEA, CAROL, Browser, Mail
from tests.web.correspondence import DEPUTY, OFFER


def test_switch_tells_what_it_would_do_before_it_holds(mail: Mail, bea: Browser) -> None:
    mail(OFFER, sent=True, to=CAROL)
    mail(DEPUTY, minutes=1)
    page = bea.get("/policy/unknown_replier?value=thread-contact").text
    assert "<b>+1</b> messages would have come onto the timeline" in page
    assert "1 to <bdi>anna@corp.example</bdi>" in page
    assert bea.get("/policy").text.count("changed by bea") == 0


def test_switch_holds_with_who_and_when_and_is_undone(
    mail: Mail, bea: Browser, config: Config
) -> None:
    answer = bea.post("/policy/log", value='"all"')
    assert "It holds from now on" in bea.get(answer.headers["location"]).text
    assert "changed by bea@corp.example, <time" in bea.get("/policy").text
    with SwitchBook(config.store_path) as book:
        assert [(one.name, one.by) for one in book.list_switches()] == [("log", BEA)]
    answer = bea.post("/policy/log", undo="1")
    assert "The configuration holds again" in bea.get(answer.headers["location"]).text
    assert "changed by bea" not in bea.get("/policy").text


def test_what_is_judged_again_goes_by_the_switch(mail: Mail, bea: Browser) -> None:
    mail(OFFER, sent=True, to=CAROL)
    (deputy,) = mail(DEPUTY, minutes=1)
    bea.post("/policy/unknown_replier", value='"thread-contact"')
    bea.post(f"/messages/{deputy}/do/replay")
    assert "reply-from-unknown" in bea.get(f"/messages/{deputy}").text


@pytest.mark.parametrize(
    ("name", "asked", "shown"),
    [
        ("preset", "value=gateway", "Let it hold"),
        ("attachment_limit_in", "value=20", "Largest incoming file: 20 MB"),
        ("attachment_limit_out_total", "value=", "together: none"),
        ("suggest_alias", "value=yes", ": yes"),
        ("spam_providers", "value=&value=google", ": google"),
        ("pending_minutes", "value=30", ": 30"),
        (
            "attachment_limit_by_user",
            "value=Anna@corp.example+20%0D%0Abob@corp.example+%3D+0",
            "by user: anna@corp.example 20 MB, bob@corp.example 0 B",
        ),
        ("attachment_limit_by_type", "value=video/*+1.5", "by type: video/* 1.5 MB"),
        ("attachment_limit_by_type", "value=", "by type: none"),
        ("attachment_limit_by_type", "value=video/*", "write a name and its limit in MB"),
        ("attachment_limit_by_type", "value=video/*+much", "much is no number."),
        ("attachment_limit_by_type", "value=video/*+-1", "it is below 0"),
        ("body_limit", "value=much", "much is no number."),
        ("body_limit", "value=-1", "it is below 0"),
        ("log", "value=sometimes", "log cannot be"),
    ],
)
def test_every_kind_of_switch_can_be_chosen(
    mail: Mail, bea: Browser, name: str, asked: str, shown: str
) -> None:
    mail(letter())
    assert shown in bea.get(f"/policy/{name}?{asked}").text


def test_limit_of_a_user_holds_and_is_shown_to_be_changed(
    mail: Mail, bea: Browser, config: Config
) -> None:
    mail(letter())
    bea.post("/policy/attachment_limit_by_user", value='[["anna@corp.example",20000000]]')
    assert "anna@corp.example 20 MB" in bea.get("/policy").text
    assert ">anna@corp.example 20</textarea>" in bea.get("/policy/attachment_limit_by_user").text


@pytest.mark.parametrize("name", ["nonsense", "mark_field"])
def test_what_is_no_switch_of_these_pages_is_not_there(mail: Mail, bea: Browser, name: str) -> None:
    mail(letter())
    assert bea.get(f"/policy/{name}").status_code == 404
    assert bea.post(f"/policy/{name}", value="1").status_code == 404


def test_a_wrong_value_changes_nothing(mail: Mail, bea: Browser, config: Config) -> None:
    mail(letter())
    bea.post("/policy/log", value='"sometimes"')
    with SwitchBook(config.store_path) as book:
        assert book.list_switches() == ()


def test_member_changes_no_policy(app: Starlette) -> None:
    anna = Browser(app).enter(ANNA)
    assert anna.get("/policy/log").status_code == 403
    assert anna.post("/policy/log", value='"all"').status_code == 403
