"""The admin's page of tokens: a new one is shown this once, and any can be ended."""

from __future__ import annotations

import re
from typing import Any

from gateway.config.settings import Config
from gateway.web.tokens import Tokens
from tests.web.conftest import ANNA, BEA, Browser, clock

MADE: dict[str, Any] = {
    "do": "make",
    "user": ANNA,
    "name": "a script",
    "days": "30",
    "scope": ["read", "act"],
}


def test_new_token_is_shown_this_once(bea: Browser, config: Config) -> None:
    page = bea.post("/admin/tokens", **MADE).text
    found = re.search(r"rgt_[\w-]+", page)
    assert found is not None
    assert found.group() not in bea.get("/admin/tokens").text
    with Tokens(config.gateway.state, clock=clock) as tokens:
        token = tokens.holder(found.group())
    assert token is not None
    assert (token.user, token.name, token.scopes) == (ANNA, "a script", ("read", "act"))


def test_token_is_revoked_by_its_button(bea: Browser, config: Config) -> None:
    bea.post("/admin/tokens", **MADE)
    answer = bea.post("/admin/tokens", do="revoke", token="1")
    assert "Token+1+of" in answer.headers["location"]
    assert "revoked" in bea.get("/admin/tokens").text
    with Tokens(config.gateway.state) as tokens:
        assert tokens.find(1).revoked_at is not None


def test_token_without_a_scope_is_none(bea: Browser, config: Config) -> None:
    answer = bea.post("/admin/tokens", **{**MADE, "scope": "everything"})
    assert "Choose" in answer.headers["location"]
    with Tokens(config.gateway.state) as tokens:
        assert tokens.listed() == ()


def test_token_for_nobody_or_of_no_number_is_missing(bea: Browser) -> None:
    asked: list[dict[str, Any]] = [
        {**MADE, "user": "x@corp.example"},
        {"do": "revoke", "token": "x"},
    ]
    assert [bea.post("/admin/tokens", **one).status_code for one in asked] == [404, 404]


def test_tokens_are_the_admins(anna: Browser) -> None:
    assert anna.get("/admin/tokens").status_code == 403
    assert anna.post("/admin/tokens", **MADE).status_code == 403


def test_making_and_ending_a_token_is_noted(bea: Browser, config: Config) -> None:
    bea.post("/admin/tokens", **MADE)
    bea.post("/admin/tokens", do="revoke", token="1")
    with bea.app.state.desk.vault() as vault:
        told = [(deed.user, deed.did) for deed in vault.deeds(2)]
    assert told == [(BEA, "revoke-token"), (BEA, "make-token")]
