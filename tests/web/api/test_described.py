"""The description is true: what is answered is what it says, whatever is asked."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace

import pytest
from starlette.applications import Starlette

from gateway.config.settings import Config, Web
from gateway.config.values import Endpoint
from gateway.store.registry import Registry
from gateway.web.api.operations import OPERATIONS
from gateway.web.server import new_server
from gateway.web.tokens import SCOPES, Tokens
from tests.web.api.conftest import Caller
from tests.web.api.exploring import explore
from tests.web.chrome import serving
from tests.web.conftest import ANNA, BEA, BOB, CAROL, Mail
from tests.web.correspondence import DEPUTY, OFFER, REPLY

BUDGET_S = float(os.environ.get("REPLYGATE_EXPLORE_S", "20"))


@pytest.fixture
def address(config: Config, company: Registry) -> Iterator[str]:
    web = Web(address=Endpoint("127.0.0.1", 0), calls_per_minute=1_000_000)
    with serving(new_server(replace(config, web=web))) as address:
        yield address


@pytest.mark.timeout(BUDGET_S + 280)
def test_nothing_that_is_asked_meets_a_defect_or_an_undescribed_answer(
    address: str, config: Config, company: Registry, mail: Mail, capsys: pytest.CaptureFixture[str]
) -> None:
    company.add_contact(CAROL, "Carol Cruz", BOB)
    (offer,) = mail(OFFER, sent=True, to=CAROL)
    mail(REPLY, minutes=1)
    (deputy,) = mail(DEPUTY, minutes=2)
    company.enroll(CAROL, "spring", ANNA)
    seeds = {
        "entry": deputy, "contact": 1, "thread": int(offer, 16), "mailbox": ANNA, "user": BOB,
        "domain": "customer.example", "token": 1, "number": 1, "kind": "add-address",
    }  # fmt: skip

    def new_token() -> str:
        with Tokens(config.gateway.state) as tokens:
            return tokens.create(BEA, "exploring", SCOPES)[0]

    explored = explore(address, new_token, seeds, BUDGET_S)
    with capsys.disabled():
        print(f"\napi: {explored}")
    assert len(explored.operations) == len(OPERATIONS) - 1
    assert {200, 400, 404} <= set(explored.statuses)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)
def test_every_operation_says_what_it_does(operation: object) -> None:
    found = next(one for one in OPERATIONS if one is operation)
    assert found.summary.endswith(".")
    assert found.status in found.statuses


def test_names_of_operations_are_their_own() -> None:
    names = [operation.name for operation in OPERATIONS]
    assert len(names) == len(set(names))


def test_description_is_read_without_a_token(app: Starlette, as_anna: Caller) -> None:
    as_anna.token = ""
    told = as_anna.get("/openapi.json").json()
    assert told["openapi"] == "3.1.0"
