"""The page of the outbox: an admin sees what was refused, and retries it or leaves it out."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from gateway.config.settings import Config
from gateway.model.handover import Kind, State
from gateway.store.outbox import SqliteOutbox
from gateway.store.registry import Registry
from tests.web.conftest import ANNA, CAROL, LATER, Browser, Mail
from tests.web.correspondence import OFFER

SAID = "422: <b>no such property</b>"


def refused(config: Config, mail: Mail, company: Registry) -> SqliteOutbox:
    """Return an outbox with one push that its sink refused."""
    made = SqliteOutbox(config.store_path)
    made.register({"crm": False})
    company.add_contact(CAROL, "Carol Cruz", ANNA)
    mail(OFFER, sent=True, to=CAROL)
    soon = LATER + timedelta(minutes=1)
    made.gather(soon)
    (push,) = made.claim("crm", soon, soon, 9, past_dead=False)
    made.dead(push, soon, SAID)
    return made


@pytest.fixture
def box(config: Config, mail: Mail, company: Registry) -> SqliteOutbox:
    return refused(config, mail, company)


def said(answer: httpx.Response) -> str:
    """Return the sentence with which a form sends on."""
    assert answer.status_code == 303
    return parse_qs(urlsplit(answer.headers["location"]).query)["said"][0]


def number(page: str) -> str:
    found = re.search(r'name="push" value="(\d+)"', page)
    assert found is not None
    return found.group(1)


def test_what_was_refused_is_told_with_what_was_said(box: SqliteOutbox, bea: Browser) -> None:
    page = bea.get("/outbox").text
    assert "422: &lt;b&gt;no such property&lt;/b&gt;" in page
    assert str(Kind.LOGGED) in page


def test_it_is_tried_again(box: SqliteOutbox, bea: Browser) -> None:
    chosen = number(bea.get("/outbox").text)
    assert said(bea.post("/outbox", push=chosen, do="retry")) == "One is tried again."
    assert [one.state for one in box.listed()] == [State.WAITING]


def test_it_is_left_out(box: SqliteOutbox, bea: Browser) -> None:
    chosen = number(bea.get("/outbox").text)
    bea.post("/outbox", push=chosen, do="drop")
    assert box.listed() == ()


def test_nothing_chosen_changes_nothing(box: SqliteOutbox, bea: Browser) -> None:
    assert said(bea.post("/outbox", do="drop")).startswith("Choose at least one")
    assert len(box.listed()) == 1


def test_what_is_not_there_cannot_be_chosen(box: SqliteOutbox, bea: Browser) -> None:
    answer = bea.post("/outbox", push="999", do="drop")
    assert said(answer).startswith("Choose at least one")


def test_a_sink_that_is_left_alone_is_told(box: SqliteOutbox, bea: Browser) -> None:
    box.pause("crm", LATER + timedelta(hours=1), "401: not you")
    assert "401: not you" in bea.get("/outbox").text


def test_a_member_sees_nothing_of_it(box: SqliteOutbox, anna: Browser) -> None:
    assert anna.get("/outbox").status_code == 403


def test_without_sinks_it_says_so(company: Registry, bea: Browser) -> None:
    assert "names no [[sink]]" in bea.get("/outbox").text


def test_the_page_is_japanese_where_somebody_reads_that(box: SqliteOutbox, bea: Browser) -> None:
    page = bea.get("/outbox", **{"accept-language": "ja"}).text
    said = re.sub(r"<(script|style|bdi)\b.*?</\1>|<[^>]+>", "\n", page, flags=re.DOTALL)
    assert re.findall(r"(?:^|[\n。])\s*([A-Z][a-z]+(?: [a-z]+)+)", said) == []
