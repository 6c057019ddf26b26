"""A contact that appeared: his page says what waits of him, and lets it be judged again."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.cli.main import main
from gateway.config.settings import Config
from gateway.store.registry import Registry
from tests.web.conftest import ANNA, BOB, CAROL, Browser, Mail
from tests.web.correspondence import AGAIN, DEPUTY, OFFER

DEPUTYS = "deputy@customer.example"
OFFERED = "2 earlier messages were stopped because this was nobody's address."


@pytest.fixture
def stopped(mail: Mail, company: Registry) -> list[str]:
    """Two answers of somebody who is no contact."""
    company.add_contact(CAROL, "Carol Cruz", ANNA)
    mail(OFFER, sent=True, to=CAROL)
    return mail(DEPUTY, AGAIN, minutes=2)


@pytest.fixture
def page(stopped: list[str], company: Registry) -> str:
    """The page of the contact that he became."""
    return f"/contacts/{company.add_contact(DEPUTYS, 'Dora', ANNA).contact_id}"


def test_page_of_a_contact_that_was_followed_offers_what_waits(
    stopped: list[str], config: Config, company: Registry, bea: Browser, tmp_path: Path
) -> None:
    file = tmp_path / "people.csv"
    file.write_text(f"address,name\n{DEPUTYS},Dora\n")
    done = CliRunner().invoke(
        main, ["sync", str(file), "--config", str(tmp_path / "replygate.toml")]
    )
    assert done.exit_code == 0, done.output
    number = next(one.contact_id for one in company.list_contacts() if one.primary == DEPUTYS)
    assert OFFERED in bea.get(f"/contacts/{number}").text


def test_it_says_first_what_it_will_log_and_logs_nothing_yet(
    page: str, stopped: list[str], anna: Browser
) -> None:
    told = anna.post(f"{page}/earlier").text
    assert "Earlier mail of <bdi>Dora</bdi>" in told
    assert "2 messages were stopped" in told
    assert "It logs 2 earlier messages." in told
    assert "replier-not-contact" in anna.get(f"/messages/{stopped[0]}").text


def test_it_logs_what_it_said(page: str, stopped: list[str], anna: Browser) -> None:
    answer = anna.post(f"{page}/earlier", sure="yes")
    assert "2+messages+are+on+the+timeline+now." in answer.headers["location"]
    assert all("tracked-reply" in anna.get(f"/messages/{one}").text for one in stopped)


def test_once_it_was_judged_again_nothing_is_offered(page: str, anna: Browser) -> None:
    anna.post(f"{page}/earlier", sure="yes")
    assert "/earlier" not in anna.get(page).text


def test_a_contact_of_whom_nothing_was_stopped_is_offered_nothing(page: str, anna: Browser) -> None:
    assert "/earlier" not in anna.get("/contacts/1").text


def test_a_second_address_offers_what_was_stopped_of_it(
    stopped: list[str], company: Registry, anna: Browser
) -> None:
    company.add_address(CAROL, DEPUTYS)
    assert OFFERED in anna.get("/contacts/1").text


def test_whose_contact_he_is_not_is_offered_nothing(page: str, bob: Browser) -> None:
    bob.get(page)
    assert bob.post(f"{page}/earlier", sure="yes").status_code == 403


def test_a_member_lets_only_what_he_may_see_be_judged(
    stopped: list[str], company: Registry, bob: Browser
) -> None:
    number = company.add_contact(DEPUTYS, "Dora", BOB).contact_id
    assert "/earlier" not in bob.get(f"/contacts/{number}").text


def test_a_contact_that_is_none_is_not_there(company: Registry, bea: Browser) -> None:
    assert bea.post("/contacts/99/earlier").status_code == 404


def test_it_is_written_to_the_audit_log(page: str, anna: Browser, bea: Browser) -> None:
    anna.post(f"{page}/earlier", sure="yes")
    assert f"2 earlier of {DEPUTYS}" in bea.get("/admin").text


def test_it_speaks_japanese(page: str, company: Registry, anna: Browser) -> None:
    company.choose_language(ANNA, "ja")
    told = anna.post(f"{page}/earlier").text
    assert "以前のメール" in told
    assert not re.search("stopped because|Judge them", told + anna.get(page).text)
