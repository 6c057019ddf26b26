"""Contacts, companies, conversations and suggestions by the API."""

from __future__ import annotations

import pytest

from gateway.config.settings import Config
from gateway.model.decision import Outcome
from gateway.store.registry import Registry
from tests.web.api.conftest import Caller
from tests.web.conftest import ANNA, BOB, CAROL, EVE, Mail
from tests.web.correspondence import DEPUTY, OFFER, REPLY
from tests.web.test_acting import outcome

DEPUTYS = "deputy@customer.example"


@pytest.fixture
def carol(company: Registry, mail: Mail) -> int:
    number = company.add_contact(CAROL, "Carol Cruz", ANNA).contact_id
    mail(OFFER, sent=True, to=CAROL)
    mail(REPLY, minutes=1)
    return number


def test_timeline_shows_what_is_logged_newest_first(carol: int, as_anna: Caller) -> None:
    told = as_anna.told(f"/contacts/{carol}/timeline")["messages"]
    assert [one["text"] for one in told] == ["Looks good to me.", "Here is our offer."]


def test_timelines_of_company_and_thread_hold_the_same_mail(carol: int, as_anna: Caller) -> None:
    of_company = as_anna.told("/companies/customer.example/timeline")["messages"]
    of_thread = as_anna.told(f"/threads/{of_company[0]['thread']}/timeline")["messages"]
    assert [one["entry"] for one in of_company] == [one["entry"] for one in of_thread]
    assert len(of_thread) == 2


def test_member_finds_no_contact_of_others(company: Registry, as_bob: Caller) -> None:
    number = company.add_contact(EVE, "Eve", ANNA).contact_id
    for path in (f"/contacts/{number}", f"/contacts/{number}/timeline", f"/contact?asked={EVE}"):
        assert as_bob.get(path).status_code == 404
    assert as_bob.told("/contacts")["contacts"] == []


def test_contact_is_found_by_any_address(carol: int, company: Registry, as_bea: Caller) -> None:
    company.add_address(carol, "carol@home.example")
    assert as_bea.told("/contact", asked="carol@home.example")["contact"] == carol


def test_contacts_are_found_by_name_and_come_in_pages(company: Registry, as_bea: Caller) -> None:
    for number in range(3):
        company.add_contact(f"c{number}@customer.example", f"Carol {number}")
    first = as_bea.told("/contacts", q="carol", limit=2)
    rest = as_bea.told("/contacts", q="carol", limit=2, after=first["more"])
    names = [one["name"] for one in first["contacts"] + rest["contacts"]]
    assert (names, rest["more"]) == (["Carol 2", "Carol 1", "Carol 0"], "")


def test_member_owns_the_contact_that_he_adds(as_anna: Caller) -> None:
    answer = as_anna.post("/contacts", address=EVE, name="Eve")
    assert (answer.status_code, answer.json()["owner"]) == (201, ANNA)
    assert as_anna.post("/contacts", address="f@x.example", owner=BOB).status_code == 403


def test_contact_that_is_there_is_a_conflict(carol: int, as_bea: Caller) -> None:
    answer = as_bea.post("/contacts", address=CAROL)
    assert (answer.status_code, "already" in answer.json()["detail"]) == (409, True)


def test_further_address_logs_what_its_rehearsal_said(
    carol: int, mail: Mail, config: Config, as_anna: Caller
) -> None:
    (deputy,) = mail(DEPUTY, minutes=2)
    path = f"/contacts/{carol}/addresses"
    told = as_anna.post(path, address=DEPUTYS, dry_run=True).json()
    assert (told["logged"], told["words"]) == ([deputy], "It logs one earlier message.")
    assert outcome(config, deputy)[0] is Outcome.NOT_LOGGED
    assert as_anna.post(path, address=DEPUTYS).json()["logged"] == [deputy]
    assert outcome(config, deputy)[0] is Outcome.LOGGED


def test_further_address_may_leave_the_past_alone(
    carol: int, mail: Mail, config: Config, as_anna: Caller
) -> None:
    (deputy,) = mail(DEPUTY, minutes=2)
    as_anna.post(f"/contacts/{carol}/addresses", address=DEPUTYS, replay=False)
    assert outcome(config, deputy)[0] is Outcome.NOT_LOGGED


def test_merge_is_rehearsed_then_done(carol: int, company: Registry, as_bea: Caller) -> None:
    other = company.add_contact("carol@home.example", "Carol at home").contact_id
    tried = as_bea.post(f"/contacts/{carol}/merge", other=other, dry_run=True).json()
    assert len(company.list_contacts()) == 2
    merged = as_bea.post(f"/contacts/{carol}/merge", other=other).json()
    assert tried == merged
    assert merged["addresses"] == [CAROL, "carol@home.example"]


def test_member_merges_what_is_his_alone(
    carol: int, company: Registry, as_anna: Caller, mail: Mail
) -> None:
    other = company.add_contact("dan@customer.example", "Dan", BOB).contact_id
    answer = as_anna.post(f"/contacts/{carol}/merge", other=other)
    assert answer.status_code == 404
    assert len(company.list_contacts()) == 2


def test_import_tells_rows_that_were_left_out(carol: int, as_bea: Caller) -> None:
    rows = [{"address": EVE, "name": "Eve"}, {"address": "nobody"}, {"address": CAROL}]
    told = as_bea.post("/contacts/import", rows=rows).json()
    assert (told["added"], told["known"], told["faults"][0]["row"]) == (1, 1, 2)


def test_suggestion_is_the_owners_to_accept(
    carol: int, company: Registry, as_anna: Caller, as_bob: Caller
) -> None:
    with company._change() as change:
        change.execute("INSERT INTO suggested_aliases VALUES (?, ?, 1, 0)", (carol, EVE))
    (one,) = as_anna.told("/suggestions")["suggestions"]
    assert (one["address"], one["primary"]) == (EVE, CAROL)
    assert as_bob.told("/suggestions")["suggestions"] == []
    asked = {"address": EVE, "contact": carol}
    assert as_bob.post("/suggestions/accept", **asked).status_code == 404
    assert EVE in as_anna.post("/suggestions/accept", **asked).json()["addresses"]
