"""The policy by the API: what holds, what another value would mean, setting and undoing it."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.config.settings import Config
from gateway.store.registry import Registry
from tests.web.api.conftest import Caller
from tests.web.conftest import ANNA, BEA, BOB, CAROL, Mail
from tests.web.correspondence import DEPUTY, OFFER, REPLY


@pytest.fixture
def story(mail: Mail, company: Registry) -> dict[str, str]:
    company.add_contact(CAROL, "Carol Cruz", BOB)
    (offer,) = mail(OFFER, sent=True, to=CAROL)
    (reply,) = mail(REPLY, minutes=1)
    (deputy,) = mail(DEPUTY, minutes=2)
    return {"offer": offer, "reply": reply, "deputy": deputy}


def switch(caller: Caller, name: str) -> dict[str, Any]:
    told = caller.told("/policy")["switches"]
    return next(one for one in told if one["name"] == name)


def test_switches_stand_beside_those_of_the_presets(as_bea: Caller) -> None:
    one = switch(as_bea, "unknown_replier")
    assert (one["value"], one["file"], one["set_by"]) == ("skip", "skip", "")
    assert one["presets"]["gateway"] == "thread-contact"


def test_rehearsal_says_what_the_last_days_would_have_been(
    story: dict[str, str], as_bea: Caller
) -> None:
    path = "/policy/unknown_replier/rehearse"
    told = as_bea.post(path, value="thread-contact").json()
    assert (told["judged"], told["logged"], told["more"], told["fewer"]) == (3, 2, 1, 0)
    assert told["of_whom"] == [{"mailbox": ANNA, "messages": 1}]
    assert switch(as_bea, "unknown_replier")["value"] == "skip"


def test_switch_is_set_by_somebody_and_undone(as_bea: Caller) -> None:
    as_bea.put("/policy/suggest_alias", value=True)
    one = switch(as_bea, "suggest_alias")
    assert (one["value"], one["file"], one["set_by"]) == (True, False, BEA)
    as_bea.ask("DELETE", "/policy/suggest_alias")
    assert switch(as_bea, "suggest_alias")["value"] is False


def test_switch_that_is_set_holds_for_what_is_judged_again(
    story: dict[str, str], as_bea: Caller
) -> None:
    as_bea.put("/policy/unknown_replier", value="thread-contact")
    told = as_bea.post("/replay", targets=[story["deputy"]]).json()
    assert told["changes"][0]["reason"] == "reply-from-unknown"


@pytest.mark.parametrize(
    ("method", "name", "value", "status"),
    [
        ("PUT", "unknown_replier", "maybe", 400),
        ("PUT", "body_limit", -1, 400),
        ("PUT", "retention", 1, 400),
        ("POST", "unknown_replier/rehearse", 1, 400),
        ("DELETE", "unknown_replier", None, 404),
    ],
)
def test_value_that_cannot_be_is_refused(
    as_bea: Caller, method: str, name: str, value: object, status: int
) -> None:
    sent = {} if method == "DELETE" else {"json": {"value": value}}
    assert as_bea.ask(method, f"/policy/{name}", **sent).status_code == status


def test_words_are_found_where_they_stand(
    story: dict[str, str], config: Config, as_anna: Caller, as_bob: Caller
) -> None:
    (hit,) = as_anna.told("/search", q="looks good")["hits"]
    assert (hit["line"]["entry"], "Looks good to me." in hit["excerpt"]) == (story["reply"], True)
    assert as_anna.told("/search", q="looks bad")["hits"] == []
    assert as_bob.told("/search", q="carol is away")["hits"] == []
