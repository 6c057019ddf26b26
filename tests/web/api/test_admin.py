"""Health, the live tail, the outbox and tokens by the API."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from gateway.config.settings import Config, Web
from gateway.config.values import Endpoint
from gateway.store.outbox import SqliteOutbox
from gateway.store.registry import Registry
from gateway.web.doctor import examine
from gateway.web.server import new_server
from gateway.web.tokens import Tokens
from tests.web.api.conftest import Caller
from tests.web.chrome import serving
from tests.web.conftest import ANNA, BEA, CAROL, LATER, Mail, clock
from tests.web.correspondence import OFFER


def test_health_says_what_is_ill(as_bea: Caller) -> None:
    told = as_bea.told("/health")
    ill = [one["check"] for one in told["checks"] if not one["well"]]
    assert (told["well"], any("next hop" in name for name in ill)) == (False, True)


def test_doctor_says_what_to_do_about_what_is_ill(as_bea: Caller) -> None:
    told = as_bea.told("/doctor")
    ill = [one for one in told["findings"] if not one["well"]]
    assert told["well"] is False
    assert any("next hop" in one["check"] and one["remedy"] for one in ill)


def test_doctor_of_the_api_finds_what_the_command_finds(
    as_bea: Caller, config: Config, monkeypatch: pytest.MonkeyPatch, postfix: str
) -> None:
    folder = config.gateway.state / "postfix"
    folder.mkdir()
    (folder / "master.cf").write_text("smtp inet n - n - - smtpd\n")
    (folder / "main.cf").write_text(
        "compatibility_level = 3.6\nsmtpd_milters = inet:127.0.0.1:2\n"
        "milter_default_action = tempfail\n"
    )
    monkeypatch.setenv("MAIL_CONFIG", str(folder))
    monkeypatch.setenv("PATH", f"{os.environ['PATH']}:{Path(postfix).parent}")
    told = {one["check"]: one for one in as_bea.told("/doctor")["findings"]}
    assert told["postfix main.cf fail-open"]["remedy"].endswith("default_action=accept")
    assert told.keys() == {one.check for one in examine(config)}


def test_outbox_is_listed_and_pushes_are_taken_out_and_tried_again(
    config: Config, mail: Mail, as_bea: Caller
) -> None:
    outbox = SqliteOutbox(config.store_path)
    outbox.register({"file": False})
    (entry,) = mail(OFFER, sent=True, to=CAROL)
    outbox.gather(LATER)
    (push, *_) = as_bea.told("/outbox", sink="file")["pushes"]
    assert (push["entry"], push["state"]) == (entry, "waiting")
    assert as_bea.post("/outbox/retry", pushes=[push["push"]]).json() == {"count": 1}
    assert as_bea.post("/outbox/drop", pushes=[push["push"]]).json() == {"count": 1}
    assert as_bea.told("/outbox", state="dropped")["pushes"][0]["push"] == push["push"]
    assert as_bea.post("/outbox/retry", pushes=[999]).status_code == 404


def test_token_is_shown_once(as_anna: Caller, config: Config) -> None:
    made = as_anna.post("/tokens", name="a script", days=2)
    assert made.status_code == 201
    secret = made.json()["secret"]
    with Tokens(config.gateway.state, clock=clock) as tokens:
        found = tokens.holder(secret)
    assert found is not None
    assert (found.user, found.until) == (ANNA, LATER + timedelta(days=2))
    assert secret not in as_anna.get("/tokens").text


def test_token_makes_none_that_can_do_more(as_anna: Caller) -> None:
    few = Caller(as_anna.app, ANNA, ("act",))
    answer = few.post("/tokens", scopes=["read", "act"])
    assert (answer.status_code, "lacks read" in answer.json()["detail"]) == (403, True)


def test_member_makes_no_token_for_others_and_ends_none(as_anna: Caller, as_bea: Caller) -> None:
    assert as_anna.post("/tokens", user=BEA).status_code == 403
    number = as_bea.known.number
    assert as_anna.ask("DELETE", f"/tokens/{number}").status_code == 403
    assert {one["user"] for one in as_anna.told("/tokens")["tokens"]} == {ANNA}


def test_admin_ends_tokens_of_others(as_anna: Caller, as_bea: Caller) -> None:
    gone = as_bea.ask("DELETE", f"/tokens/{as_anna.known.number}")
    assert gone.json()["revoked_at"] is not None
    assert as_anna.get("/me").status_code == 401
    assert as_bea.ask("DELETE", "/tokens/999").status_code == 404


def test_token_for_nobody_is_refused(as_bea: Caller) -> None:
    assert as_bea.post("/tokens", user="nobody@corp.example").status_code == 404


def test_live_tail_tells_what_is_decided_until_its_token_is_revoked(
    mail: Mail, config: Config, company: Registry
) -> None:
    (entry,) = mail(OFFER, sent=True, to=CAROL)
    with Tokens(config.gateway.state) as tokens:
        secret, token = tokens.create(BEA, "tail", ("read",))
    server = new_server(replace(config, web=Web(address=Endpoint("127.0.0.1", 0))))
    headers = {"Authorization": f"Bearer {secret}"}
    with (
        serving(server) as address,
        httpx.stream("GET", f"{address}/api/v1/live?after=0", headers=headers) as answer,
    ):
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = answer.iter_lines()
        told = next(line for line in lines if line.startswith("data:"))
        assert entry in told
        with Tokens(config.gateway.state) as tokens:
            tokens.revoke(token.number)
        assert entry not in "".join(lines)
