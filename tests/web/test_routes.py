"""Believing a route from the page of a message that nothing proved."""

from __future__ import annotations

import pytest

from gateway.config.settings import Config
from gateway.model.decision import Outcome, Reason
from gateway.store.registry import Registry
from gateway.store.views import Views, Wanted
from tests.web.api.test_steering import take_copies
from tests.web.conftest import ANNA, Browser
from tests.web.test_acting import outcome

BUTTON = "Approve, and believe this route"


@pytest.fixture
def unproven(config: Config, company: Registry) -> list[str]:
    """Two copies in Anna's name that nothing proves, from one machine."""
    take_copies(config, "one", "two")
    with Views(config.store_path) as views:
        lines = views.page(Wanted(outcome=Outcome.HELD), None)[0]
    found = [line.entry_id for line in lines]
    assert {outcome(config, entry) for entry in found} == {
        (Outcome.HELD, Reason.COPY_SENDER_UNVERIFIED)
    }
    return found


def test_button_says_first_that_it_logs_both(
    unproven: list[str], company: Registry, bea: Browser
) -> None:
    page = bea.get(f"/messages/{unproven[0]}/do/approve-route").text
    assert BUTTON in page
    assert "It logs 2 earlier messages." in page
    assert company.list_routes() == ()


def test_button_believes_the_route(
    unproven: list[str], config: Config, company: Registry, bea: Browser
) -> None:
    bea.post(f"/messages/{unproven[0]}/do/approve-route")
    assert company.list_routes() == (("203.0.113.9/32", ANNA),)
    assert [outcome(config, entry)[0] for entry in unproven] == [Outcome.LOGGED] * 2


def test_member_is_not_offered_it(unproven: list[str], anna: Browser) -> None:
    assert BUTTON not in anna.get(f"/messages/{unproven[0]}").text
    assert anna.post(f"/messages/{unproven[0]}/do/approve-route").status_code == 403
