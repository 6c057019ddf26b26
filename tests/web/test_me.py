"""What somebody sets for himself: proven addresses, a never-log list, a language."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from gateway.config.settings import Config
from gateway.config.values import MailAddress
from gateway.store.notices import NoticeBox
from gateway.store.registry import Registry
from gateway.web.codes import TRIES, VALID, Codes
from tests.letters import letter
from tests.web.conftest import ANNA, BOB, LATER, Browser, Mail

HOME = "anna@home.example"


@pytest.fixture
def config(config: Config) -> Config:
    notices = replace(config.notices, address=MailAddress("crm-gateway@corp.example"))
    return replace(config, notices=notices)


@pytest.fixture
def anna(anna: Browser, mail: Mail) -> Browser:
    mail(letter())
    return anna


def sent(config: Config) -> list[tuple[str, str]]:
    """Return recipient and words of what waits to be sent."""
    box = NoticeBox(config.store_path)
    found = []
    for one in box.due(LATER, 10):
        message = message_from_bytes(one.content, policy=default)
        part = message.get_body(("plain",))
        assert part is not None
        found.append((one.recipient, str(part.get_content())))
    return found


def code_in(words: str) -> str:
    (code,) = re.findall(r"\b[2-9A-Z]{8}\b", words)
    return str(code)


def said(browser: Browser, path: str, **given: str) -> str:
    answer = browser.post(path, **given)
    assert answer.status_code == 303
    return browser.get(answer.headers["location"]).text


def test_address_is_his_who_reads_its_mail(
    anna: Browser, config: Config, company: Registry
) -> None:
    assert f"A code is on its way to {HOME}." in said(anna, "/me/addresses", address=HOME)
    ((recipient, words),) = sent(config)
    assert recipient == HOME
    given = {"address": HOME, "code": code_in(words).lower()}
    assert f"{HOME} is yours now." in said(anna, "/me/addresses/proof", **given)
    assert company.user(HOME).key == ANNA
    assert "This is not the code" in said(anna, "/me/addresses/proof", **given)


def test_proven_address_is_his_until_he_removes_it(
    anna: Browser, bob: Browser, company: Registry
) -> None:
    company.add_further_address(ANNA, HOME)
    assert HOME in anna.get("/me").text
    told = said(bob, "/me/addresses/removal", address=HOME)
    assert f"{HOME} is no further address of {BOB}" in told
    assert f"{HOME} is not yours any more." in said(anna, "/me/addresses/removal", address=HOME)
    assert company.user(ANNA).further == ()


def test_login_cannot_be_removed(anna: Browser, company: Registry) -> None:
    assert "is no further address" in said(anna, "/me/addresses/removal", address=ANNA)
    assert company.user(ANNA).key == ANNA


def test_code_is_for_him_alone_who_asked_for_it(
    anna: Browser, bob: Browser, config: Config, company: Registry
) -> None:
    said(anna, "/me/addresses", address=HOME)
    code = code_in(sent(config)[0][1])
    told = said(bob, "/me/addresses/proof", address=HOME, code=code)
    assert "This is not the code" in told
    assert company.user(BOB).further == ()


def test_code_comes_in_the_language_of_the_pages(anna: Browser, config: Config) -> None:
    anna.post("/me/language", language="ja")
    anna.post("/me/addresses", address=HOME)
    assert "30分以内" in sent(config)[0][1]


def test_nobody_is_sent_many_codes(anna: Browser, config: Config) -> None:
    pages = [said(anna, "/me/addresses", address=f"a{n}@home.example") for n in range(5)]
    assert "Wait a minute" in pages[-1]
    assert len(sent(config)) == 3


def test_address_that_is_none_gets_no_code(anna: Browser, config: Config) -> None:
    assert "is no email address" in said(anna, "/me/addresses", address="nonsense")
    assert sent(config) == []


def test_own_never_log_list_is_ones_own(anna: Browser, bob: Browser, company: Registry) -> None:
    assert "is on your never-log list now" in said(anna, "/me/never-log", pattern="doctor.example")
    assert [(one.pattern, one.user) for one in company.list_never_log()] == [
        ("doctor.example", ANNA)
    ]
    assert "doctor.example" not in bob.get("/me").text
    told = said(bob, "/me/never-log", pattern="doctor.example", off="1")
    assert "is not on this never-log list" in told
    said(anna, "/me/never-log", pattern="doctor.example", off="1")
    assert company.list_never_log() == ()


def test_wrong_guesses_make_a_code_void(tmp_path: Path) -> None:
    with Codes(tmp_path, clock=lambda: LATER) as codes:
        code = codes.make(ANNA, HOME)
        assert not any(codes.is_right(ANNA, HOME, "WRONG") for _ in range(TRIES))
        assert not codes.is_right(ANNA, HOME, code)
        assert codes.waiting(ANNA) == ()


def test_code_is_over_after_its_time(tmp_path: Path) -> None:
    with Codes(tmp_path, clock=lambda: LATER) as codes:
        code = codes.make(ANNA, HOME)
    with Codes(tmp_path, clock=lambda: LATER + VALID + timedelta(seconds=1)) as codes:
        assert not codes.is_right(ANNA, HOME, code)
