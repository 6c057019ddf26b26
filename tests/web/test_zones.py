"""Times on the pages are those of whoever reads them; the API stays with UTC."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from gateway.config.settings import Config
from tests.letters import letter
from tests.web.conftest import ANNA, CAROL, Browser, Mail
from tests.web.correspondence import OFFER, REPLY

LATE = 11 * 60 + 30
"""Minutes after noon in UTC: in Tokyo it is the next day."""


@pytest.fixture
def config(config: Config) -> Config:
    return replace(config, web=replace(config.web, time_zone="Asia/Tokyo"))


def test_times_are_those_of_the_company_where_nobody_chose(mail: Mail, anna: Browser) -> None:
    mail(OFFER, sent=True, to=CAROL)
    page = anna.get("/decisions").text
    assert '<time datetime="2026-11-23T12:00:00Z">23 Nov 2026, 21:00</time>' in page
    assert "Times are those of Asia/Tokyo." in page


def test_times_are_those_that_a_user_chose(mail: Mail, anna: Browser, bob: Browser) -> None:
    mail(OFFER, sent=True, to=CAROL)
    answer = anna.post("/me/time-zone", time_zone="America/New_York")
    page = anna.get(answer.headers["location"]).text
    assert "Times are those of America/New_York now." in page
    assert "<option selected>America/New_York</option>" in page
    assert "23 Nov 2026, 07:00" in anna.get("/decisions").text
    assert "Asia/Tokyo" in bob.get("/decisions").text
    anna.post("/me/time-zone", time_zone="")
    assert "23 Nov 2026, 21:00" in anna.get("/decisions").text


@pytest.mark.parametrize("name", ["Mars/Olympus", "../../etc/passwd", "Etc/GMT+5", "\x00"])
def test_zone_that_there_is_none_of_is_not_taken(mail: Mail, anna: Browser, name: str) -> None:
    mail(letter())
    assert anna.post("/me/time-zone", time_zone=name).status_code == 404


def test_day_of_a_filter_and_of_a_bar_is_one_there(mail: Mail, anna: Browser) -> None:
    mail(OFFER, sent=True, to=CAROL)
    mail(REPLY, minutes=LATE)
    page = anna.get("/decisions").text
    bars = re.findall(r"since=(2026-11-\d\d)&amp;until=(2026-11-\d\d)\"><rect", page)
    assert bars == [("2026-11-23", "2026-11-23"), ("2026-11-24", "2026-11-24")]
    second = anna.get("/decisions?since=2026-11-24&until=2026-11-24").text
    assert "24 Nov 2026, 08:30" in second
    assert "Our offer" in anna.get("/decisions?since=2026-11-23&until=2026-11-23").text
    found = anna.get("/search?q=good&since=2026-11-24&until=2026-11-24").text
    assert "24 Nov 2026, 08:30" in found
    assert "24 Nov" not in anna.get("/search?q=good&until=2026-11-23").text


def test_timeline_is_told_by_the_days_there(mail: Mail, anna: Browser) -> None:
    mail(OFFER, sent=True, to=CAROL)
    mail(REPLY, minutes=LATE)
    page = anna.get("/contacts/1").text
    assert re.findall(r'<time datetime="([\d-]+)">([^<]+)<', page) == [
        ("2026-11-24", "Tuesday, 24 November 2026"),
        ("2026-11-23", "Monday, 23 November 2026"),
    ]
    assert '<time datetime="2026-11-23T23:30:00Z">08:30</time>' in page
    told = anna.get("/contacts/1", **{"accept-language": "ja"}).text
    assert "2026年11月24日(火)" in told


def test_days_that_no_calendar_has_ask_for_all(mail: Mail, anna: Browser) -> None:
    mail(OFFER, sent=True, to=CAROL)
    for path in ("since=0001-01-01", "until=9999-12-31", "since=nonsense", "until=2026-02-30"):
        assert "Our offer" in anna.get(f"/decisions?{path}").text


def test_who_lost_his_zone_gets_that_of_the_company(
    mail: Mail, anna: Browser, company: object
) -> None:
    mail(OFFER, sent=True, to=CAROL)
    company.choose_time_zone(ANNA, "Gone/Away")  # type: ignore[attr-defined]
    assert "23 Nov 2026, 21:00" in anna.get("/decisions").text
