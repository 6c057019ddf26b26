"""Messages by the API: what was decided, why, and what can be done about it."""

from __future__ import annotations

import pytest

from gateway.config.settings import Config
from gateway.model.decision import Outcome, Reason
from gateway.store.registry import Registry
from tests.letters import letter
from tests.web.api.conftest import Caller
from tests.web.conftest import ANNA, BOB, CAROL, Mail
from tests.web.correspondence import DEPUTY, OFFER, REPLY
from tests.web.test_acting import outcome

SECRET = letter(
    author=ANNA, to=CAROL, message_id="secret@corp.example", text="Between us.",
)  # fmt: skip


@pytest.fixture
def story(mail: Mail, company: Registry) -> dict[str, str]:
    company.add_contact(CAROL, "Carol Cruz", BOB)
    (offer,) = mail(OFFER, sent=True, to=CAROL)
    (reply,) = mail(REPLY, minutes=1)
    (deputy,) = mail(DEPUTY, minutes=2)
    return {"offer": offer, "reply": reply, "deputy": deputy}


def test_message_tells_decision_remedy_trace_and_actions(
    story: dict[str, str], as_bea: Caller
) -> None:
    told = as_bea.told(f"/messages/{story['deputy']}")
    assert (told["outcome"], told["reason"]) == ("not_logged", "replier-not-contact")
    assert told["remedy"].startswith("deputy@customer.example is not a contact.")
    assert told["command"].startswith("replygate contact add-address")
    assert {"rule": "replier-not-contact", "matched": True}.items() <= next(
        answer for answer in told["trace"] if answer["matched"]
    ).items()
    assert [action["kind"] for action in told["actions"]][:2] == ["add-address", "log"]


def test_pages_go_by_key_and_meet_no_message_twice(story: dict[str, str], as_bea: Caller) -> None:
    first = as_bea.told("/decisions", limit=2)
    rest = as_bea.told("/decisions", limit=2, after=first["more"])
    ids = [line["entry"] for line in first["lines"] + rest["lines"]]
    assert ids == [story["deputy"], story["reply"], story["offer"]]
    assert rest["more"] == ""


def test_filters_hold_together(story: dict[str, str], as_bea: Caller) -> None:
    asked = {"outcome": "not_logged", "reason": "replier-not-contact", "user": ANNA}
    assert [line["entry"] for line in as_bea.told("/decisions", **asked)["lines"]] in (
        [story["deputy"]],
        [],
    )
    assert as_bea.told("/decisions", outcome="held")["lines"] == []


def test_tallies_count_what_the_charts_show(story: dict[str, str], as_bea: Caller) -> None:
    told = as_bea.told("/decisions/tallies", by="reason")["tallies"]
    assert {one["label"]: one["messages"] for one in told}["replier-not-contact"] == 1


def test_fixes_name_the_command_that_helps_most(story: dict[str, str], as_bea: Caller) -> None:
    (fix,) = as_bea.told("/decisions/fixes")["fixes"]
    assert (fix["messages"], fix["newest"]) == (1, story["deputy"])


def test_message_is_explained_by_its_message_id(story: dict[str, str], as_bea: Caller) -> None:
    told = as_bea.told("/explain", target="<reply@customer.example>")
    assert told["message"]["entry"] == story["reply"]


def test_letter_has_new_words_apart_from_quoted_ones(
    story: dict[str, str], as_anna: Caller
) -> None:
    told = as_anna.told(f"/messages/{story['reply']}/letter")
    assert told["new_text"] == "Looks good to me."
    assert "> Here is our offer." in told["quoted"]


def test_rehearsal_says_what_an_action_would_log_and_does_nothing(
    story: dict[str, str], config: Config, as_bea: Caller
) -> None:
    path = f"/messages/{story['deputy']}/actions/add-address"
    told = as_bea.post(path, dry_run=True).json()
    assert (told["dry_run"], told["logged"]) == (True, [story["deputy"]])
    assert told["words"] == "It logs this message."
    assert as_bea.told(path) == told
    assert outcome(config, story["deputy"])[0] is Outcome.NOT_LOGGED


def test_action_does_what_its_rehearsal_said(
    story: dict[str, str], config: Config, as_bea: Caller
) -> None:
    told = as_bea.post(f"/messages/{story['deputy']}/actions/add-address").json()
    assert told["logged"] == [story["deputy"]]
    assert outcome(config, story["deputy"]) == (Outcome.LOGGED, Reason.TRACKED_REPLY)


def test_action_that_is_none_of_its_own_is_a_conflict(
    story: dict[str, str], as_bea: Caller
) -> None:
    answer = as_bea.post(f"/messages/{story['reply']}/actions/approve")
    assert (answer.status_code, "See its actions" in answer.json()["detail"]) == (409, True)


def test_member_adds_no_address_to_a_contact_of_others(
    story: dict[str, str], as_anna: Caller
) -> None:
    assert as_anna.post(f"/messages/{story['deputy']}/actions/add-address").status_code == 403


def test_member_sees_nothing_of_the_mail_of_others(mail: Mail, as_bob: Caller) -> None:
    (entry,) = mail(OFFER, sent=True, to=CAROL)
    assert as_bob.told("/decisions")["lines"] == []
    paths = ("", "/letter", "/files/1", "/actions/log")
    assert [as_bob.get(f"/messages/{entry}{path}").status_code for path in paths] == [404] * 4
    assert as_bob.get("/explain", target="offer@corp.example").status_code == 404


def test_blind_recipient_is_known_to_sender_and_admin_alone(
    mail: Mail, company: Registry, as_anna: Caller, as_bob: Caller, as_bea: Caller
) -> None:
    company.add_contact(CAROL, "Carol", BOB)
    company.add_contact("blind@customer.example", "Blind")
    (entry,) = mail(SECRET, sent=True, to="blind@customer.example")
    seen = [who.get(f"/messages/{entry}").text for who in (as_anna, as_bea, as_bob)]
    assert ["blind@customer.example" in text for text in seen] == [True, True, False]


def test_looking_at_a_message_is_noted(
    story: dict[str, str], as_anna: Caller, as_bea: Caller
) -> None:
    as_anna.get(f"/messages/{story['reply']}")
    deed = as_bea.told("/audit", limit=1)["deeds"][0]
    assert (deed["user"], deed["did"]) == (ANNA, "looked at")
    assert deed["what"] == f"/messages/{story['reply']}"
