"""Deciding what is held, judging again, and logging by hand, by the API."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.cli.opening import open_flow
from gateway.config.settings import Config
from gateway.model.decision import Outcome, Reason
from gateway.model.envelope import Client, Relayed, RelayState
from gateway.store.registry import Registry
from tests.letters import NOON, envelope_of, letter
from tests.web.api.conftest import Caller
from tests.web.conftest import ANNA, CAROL, Mail, apart
from tests.web.correspondence import DEPUTY, OFFER, REPLY
from tests.web.test_acting import HOLDS, outcome


@pytest.fixture
def held(mail: Mail, config: Config, company: Registry) -> list[str]:
    """Two messages that wait for a person: two contacts share the address of their author."""
    company.add_contact(CAROL, "Carol Cruz")
    company.add_address(company.add_contact("office@customer.example", "Office").contact_id, CAROL)
    return mail(*(letter(message_id=f"{n}@customer.example", text=f"Hello {n}.") for n in "12"))


@HOLDS
def test_held_messages_are_listed_for_whom_they_concern(
    held: list[str], as_anna: Caller, as_bob: Caller
) -> None:
    assert [one["entry"] for one in as_anna.told("/held")["messages"]] == held[::-1]
    assert as_bob.told("/held")["messages"] == []


@HOLDS
def test_bulk_is_rehearsed_then_done(held: list[str], config: Config, as_anna: Caller) -> None:
    told = as_anna.post("/held/decide", do="approve", entries=held, dry_run=True).json()
    assert told["words"] == "It logs these 2 messages."
    assert outcome(config, held[0])[0] is Outcome.HELD
    as_anna.post("/held/decide", do="approve", entries=held)
    assert [outcome(config, one)[1] for one in held] == [Reason.APPROVED] * 2


@HOLDS
def test_held_message_is_logged_under_the_contact_that_was_chosen(
    held: list[str], as_bea: Caller
) -> None:
    asked = {"do": "approve", "entries": held[:1], "contact": "office@customer.example"}
    assert as_bea.post("/held/decide", **asked).json()["logged"] == held[:1]
    told = as_bea.told(f"/messages/{held[0]}")
    assert (told["outcome"], told["contacts"]) == ("logged", ["office@customer.example"])


@HOLDS
def test_what_is_discarded_is_held_no_more(
    held: list[str], config: Config, as_anna: Caller
) -> None:
    as_anna.post("/held/decide", do="discard", entries=held[:1])
    assert outcome(config, held[0]) == (Outcome.NOT_LOGGED, Reason.DISCARDED)
    again = as_anna.post("/held/decide", do="approve", entries=held[:1])
    assert (again.status_code, "not held" in again.json()["detail"]) == (409, True)


@HOLDS
def test_nobody_decides_what_others_wait_for(
    held: list[str], config: Config, as_bob: Caller, as_anna: Caller
) -> None:
    assert as_bob.post("/held/decide", do="approve", entries=held).status_code == 404
    asked = {"do": "approve", "entries": held, "route": True}
    assert as_anna.post("/held/decide", **asked).status_code == 403
    assert outcome(config, held[0])[0] is Outcome.HELD


@HOLDS
def test_message_without_a_route_of_its_own_is_told(held: list[str], as_bea: Caller) -> None:
    asked = {"do": "approve", "entries": held[:1], "route": True}
    answer = as_bea.post("/held/decide", **asked)
    assert (answer.status_code, "route" in answer.json()["detail"]) == (409, True)


@pytest.fixture
def deputy(mail: Mail, company: Registry) -> str:
    company.add_contact(CAROL, "Carol Cruz", ANNA)
    mail(OFFER, sent=True, to=CAROL)
    mail(REPLY, minutes=1)
    return mail(DEPUTY, minutes=2)[0]


def test_replay_is_a_rehearsal_unless_told_otherwise(
    deputy: str, company: Registry, config: Config, as_anna: Caller
) -> None:
    company.add_address(CAROL, "deputy@customer.example")
    told = as_anna.post("/replay", reason="replier-not-contact").json()
    assert (told["dry_run"], told["judged"], told["would_log"]) == (True, 1, 1)
    (change,) = told["changes"]
    assert (change["entry"], change["before"], change["after"]) == (deputy, "not_logged", "logged")
    assert outcome(config, deputy)[0] is Outcome.NOT_LOGGED
    as_anna.post("/replay", reason="replier-not-contact", dry_run=False)
    assert outcome(config, deputy)[0] is Outcome.LOGGED


def test_member_replays_own_mail_alone(deputy: str, as_bob: Caller) -> None:
    assert as_bob.post("/replay").json()["judged"] == 0
    assert as_bob.post("/replay", targets=[deputy]).status_code == 404


def test_preset_is_compared_by_admins_and_changes_nothing(
    deputy: str, config: Config, as_anna: Caller, as_bea: Caller
) -> None:
    asked = {"preset": "gateway", "dry_run": False}
    assert as_anna.post("/replay", **asked).status_code == 403
    told = as_bea.post("/replay", **asked).json()
    assert (told["dry_run"], told["judged"]) == (True, 3)
    assert deputy in {one["entry"] for one in told["changes"]}
    assert outcome(config, deputy)[0] is Outcome.NOT_LOGGED


def test_conversation_is_logged_by_hand_as_rehearsed(
    deputy: str, config: Config, as_anna: Caller
) -> None:
    path = f"/messages/{deputy}/log"
    assert as_anna.post(path, thread=True, dry_run=True).json()["logged"] == [deputy]
    assert outcome(config, deputy)[0] is Outcome.NOT_LOGGED
    as_anna.post(path, thread=True)
    assert outcome(config, deputy)[0] is Outcome.LOGGED


def test_others_do_not_log_it(deputy: str, as_bob: Caller) -> None:
    assert as_bob.post(f"/messages/{deputy}/log").status_code == 404


def take_copies(config: Config, *names: str) -> None:
    """Take BCC copies of Anna's in that nothing proves."""

    async def work() -> None:
        async with open_flow(config) as flow:
            for name in names:
                octets = letter(author=ANNA, to=CAROL, message_id=f"{name}@corp.example")
                envelope = envelope_of(
                    octets, mail_from=ANNA, rcpt_to="log@crm.corp.example", received_at=NOON
                )
                envelope = replace(envelope, client=Client(address="203.0.113.9"))
                await flow.pipeline.take_in(envelope, Relayed(RelayState.CONSUMED))

    apart(work)


def test_route_is_believed_from_now_on_as_rehearsed(
    company: Registry, config: Config, as_bea: Caller
) -> None:
    take_copies(config, "one", "two")
    entries = [one["entry"] for one in as_bea.told("/held")["messages"]]
    asked = {"do": "approve", "entries": entries[:1], "route": True}
    told = as_bea.post("/held/decide", dry_run=True, **asked).json()
    assert sorted(told["logged"]) == sorted(entries)
    assert company.list_routes() == ()
    assert as_bea.post("/held/decide", **asked).json()["logged"] == told["logged"]
    assert company.list_routes() == (("203.0.113.9/32", ANNA),)
    assert as_bea.told("/held")["messages"] == []
