"""Who may call, how often, and what a call is told that cannot be."""

from __future__ import annotations

import dataclasses

import pytest
from starlette.applications import Starlette

from gateway.config.settings import Config, Web
from gateway.store.registry import Registry
from gateway.web.api.operation import Operation
from gateway.web.api.operations import OPERATIONS
from gateway.web.api.problems import ProblemError
from gateway.web.api.serving import BODY_LIMIT, Limiter
from gateway.web.app import new_app
from gateway.web.tokens import SCOPES, Scope, Tokens
from tests.web.api.conftest import Caller
from tests.web.conftest import ANNA, BEA, Browser, clock

PARTS = {
    "entry": "0000000000000001", "number": 1, "kind": "log", "contact": 1, "thread": 1,
    "domain": "customer.example", "user": ANNA, "mailbox": ANNA, "token": 1, "address": ANNA,
    "name": "log",
}  # fmt: skip
JSON = {"content-type": "application/json"}


def called(caller: Caller, operation: Operation) -> int:
    path = operation.path.format_map(PARTS)
    sent = {"content": b"{}", "headers": JSON} if operation.body else {}
    return caller.ask(operation.method, path, **sent).status_code


def of_scope(scope: Scope) -> list[Operation]:
    return [operation for operation in OPERATIONS if operation.scope == scope]


@pytest.mark.parametrize("scope", SCOPES)
def test_nobody_calls_without_a_token(as_anna: Caller, scope: Scope) -> None:
    as_anna.token = "rgt_forged"
    told = {operation.name: called(as_anna, operation) for operation in of_scope(scope)}
    assert set(told.values()) == {401}, told


@pytest.mark.parametrize("scope", SCOPES)
def test_scope_of_a_token_is_its_limit(app: Starlette, scope: Scope) -> None:
    caller = Caller(app, BEA, tuple(other for other in SCOPES if other != scope))
    told = {operation.name: called(caller, operation) for operation in of_scope(scope)}
    assert set(told.values()) == {403}, told


def test_token_of_an_admin_without_that_scope_changes_what_a_member_may(
    app: Starlette, as_anna: Caller
) -> None:
    caller = Caller(app, BEA, ("read", "act"))
    assert caller.told("/users")["users"]
    assert caller.ask("DELETE", f"/tokens/{as_anna.known.number}").status_code == 403
    assert caller.post("/tokens", user=ANNA).status_code == 403


def test_member_does_nothing_that_is_the_admins(as_anna: Caller) -> None:
    told = {one.name: called(as_anna, one) for one in OPERATIONS if one.admin}
    assert (len(told) > 20, set(told.values())) == (True, {403}), told


def test_session_of_the_pages_is_no_token(anna: Browser) -> None:
    assert anna.get("/api/v1/me").status_code == 401


def test_token_of_a_user_who_is_gone_is_none(app: Starlette, config: Config) -> None:
    with Tokens(config.gateway.state, clock=clock) as tokens:
        secret, _ = tokens.create("gone@corp.example", "", ("read",))
    caller = Caller(app, ANNA)
    caller.token = secret
    assert caller.get("/me").status_code == 401


def test_who_is_not_let_in_is_told_how(as_anna: Caller) -> None:
    as_anna.token = ""
    answer = as_anna.get("/me")
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert "replygate token create" in answer.json()["detail"]


def test_revoked_token_is_refused_at_once(as_anna: Caller) -> None:
    assert as_anna.get("/me").json()["user"] == ANNA
    as_anna.ask("DELETE", f"/tokens/{as_anna.known.number}")
    assert as_anna.get("/me").status_code == 401


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/nowhere", 404),
        ("/contacts/0", 400),
        ("/contacts/x", 400),
        ("/decisions?outcome=lost", 400),
        ("/decisions?colour=red", 400),
        ("/decisions?limit=0", 400),
        ("/decisions?since=2026-11-23T00:00:00", 400),
        ("/contacts/7", 404),
        ("/me/", 404),
    ],
)
def test_problem_is_told_as_rfc_9457_has_it(as_anna: Caller, path: str, status: int) -> None:
    answer = as_anna.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert (told["status"], bool(told["title"]), bool(told["detail"])) == (status, True, True)


def test_method_that_there_is_none_of_is_told_with_those_there_are(as_anna: Caller) -> None:
    answer = as_anna.ask("PATCH", "/me")
    assert (answer.status_code, "GET" in answer.headers["allow"]) == (405, True)


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"pattern": 1}', b'{"pattern": "x", "y": 1}'])
def test_body_that_does_not_fit_is_refused(as_bea: Caller, body: bytes) -> None:
    assert as_bea.ask("POST", "/never-log", content=body, headers=JSON).status_code == 400


def test_body_that_is_not_called_json_is_refused(as_bea: Caller) -> None:
    assert as_bea.ask("POST", "/never-log", data={"pattern": "x.example"}).status_code == 415


def test_body_beyond_the_limit_is_refused(as_bea: Caller) -> None:
    body = b'{"rows": [' + b" " * BODY_LIMIT + b"]}"
    assert as_bea.ask("POST", "/contacts/import", content=body, headers=JSON).status_code == 413


def test_calls_beyond_the_limit_of_a_minute_have_to_wait(config: Config, company: Registry) -> None:
    few = dataclasses.replace(config, web=Web(calls_per_minute=3))
    app = new_app(few, clock=clock)
    caller, other = Caller(app, ANNA), Caller(app, ANNA)
    assert [caller.get("/me").status_code for _ in range(4)] == [200, 200, 200, 429]
    assert 1 <= int(caller.get("/me").headers["retry-after"]) <= 60
    assert other.get("/me").status_code == 200


def test_minute_that_is_over_is_forgotten() -> None:
    times = iter([0.0, 1.0, 2.0, 61.0])
    limiter = Limiter(lambda: next(times))
    limiter.take("x", 1)
    with pytest.raises(ProblemError, match="Wait 58 s"):
        limiter.take("x", 1)
    limiter.take("x", 1)


def test_guessing_tokens_has_a_limit(as_anna: Caller) -> None:
    as_anna.token = "rgt_guess"
    statuses = {as_anna.get("/me").status_code for _ in range(61)}
    assert statuses == {401, 429}


def test_store_that_is_away_is_told_with_when_to_try_again(config: Config, as_anna: Caller) -> None:
    aside = config.store_path.with_name("aside.db")
    config.store_path.rename(aside)
    answer = as_anna.get("/me")
    aside.rename(config.store_path)
    assert (answer.status_code, "retry-after" in answer.headers) == (503, True)


def test_answer_is_in_the_language_that_is_asked_for(as_bea: Caller) -> None:
    answer = as_bea.ask("GET", "/health", headers={"accept-language": "ja"})
    assert next(one["check"] for one in answer.json()["checks"]) != "configuration"
