"""Salesforce, as far as its documentation tells: what stands there, and whose it is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest
from joserfc.jwk import RSAKey

from gateway.interfaces import SinkDeniedError, SinkRefusedError, SinkUnavailableError
from gateway.model.envelope import Direction
from gateway.model.handover import Kind, Parcel
from gateway.sinks.salesforce import TEXT_LIMIT, SalesforceSink
from gateway.sinks.salesforce_api import audience, soql
from tests.http_server import Answer, HttpServer
from tests.sinks.parcels import ANN, BOB, FILE, entry, gone, logged, push
from tests.sinks.pushing import cut_at_every_step, pushing
from tests.sinks.salesforce_server import ID, SECRET, USER, Salesforce, Wrong

DAN, ZED = "dan@client.example", "zed@client.example"


@dataclass
class Place:
    """A sink, and the organisation at its other end."""

    sink: SalesforceSink
    salesforce: Salesforce
    server: HttpServer

    @property
    def email(self) -> dict[str, Any]:
        (row,) = self.salesforce.emails
        return row

    @property
    def ties(self) -> dict[str, str]:
        return self.salesforce.relations(self.email["Id"])

    @property
    def files(self) -> list[dict[str, Any]]:
        return list(self.salesforce.tables["ContentDocument"].values())


@asynccontextmanager
async def opened(secret: str = f"{ID}:{SECRET}", **chosen: Any) -> AsyncIterator[Place]:
    salesforce = Salesforce()
    async with pushing(SalesforceSink, salesforce, secret, **chosen) as (sink, server):
        yield Place(sink, salesforce, server)


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    async with opened() as made:
        yield made


async def test_an_email_says_what_happened(place: Place) -> None:
    await place.sink.push(logged())
    told = place.email
    assert (told["Incoming"], told["Status"]) == (True, "1")
    assert told["MessageDate"] == "2026-11-23T12:00:00.000Z"
    assert (told["FromAddress"], told["FromName"]) == (ANN, "Ann Archer")
    assert told["ToAddress"] == f"{BOB}; eve@acme.example"
    assert (told["CcAddress"], told["TextBody"]) == (DAN, "Looks good.")


async def test_what_was_sent_is_told_as_sent(place: Place) -> None:
    await place.sink.push(logged(entry(direction=Direction.OUTGOING, author=BOB)))
    assert (place.email["Incoming"], place.email["Status"]) == (False, "3")


async def test_a_contact_that_is_there_is_tied_as_what_he_is(place: Place) -> None:
    ann = place.salesforce.add("Contact", Email=ANN, LastName="Archer")
    dan = place.salesforce.add("Contact", Email=DAN, LastName="Dan")
    bob = place.salesforce.add("User", Email=BOB, IsActive=True)
    await place.sink.push(logged(entry(contacts=(ANN, DAN))))
    assert place.ties == {ann: "FromAddress", dan: "CcAddress", bob: "ToAddress"}


async def test_a_lead_is_taken_where_no_contact_has_the_address(place: Place) -> None:
    lead = place.salesforce.add("Lead", Email=ANN)
    await place.sink.push(logged())
    assert place.ties == {lead: "FromAddress"}
    assert place.salesforce.tables["Contact"] == {}


async def test_a_contact_that_is_not_there_is_made_with_its_name(place: Place) -> None:
    await place.sink.push(logged())
    (made,) = place.salesforce.tables["Contact"].values()
    assert (made["Email"], made["FirstName"], made["LastName"]) == (ANN, "Ann", "Archer")


async def test_no_contact_is_made_where_policy_makes_none() -> None:
    async with opened(create_contacts=False) as place:
        await place.sink.push(logged())
        assert (place.salesforce.tables["Contact"], place.ties) == ({}, {})


async def test_it_is_related_to_the_account(place: Place) -> None:
    account = place.salesforce.add("Account", Name="Client")
    place.salesforce.add("Contact", Email=ANN, LastName="Archer", AccountId=account)
    await place.sink.push(logged())
    assert place.email["RelatedToId"] == account


async def test_the_newest_open_opportunity_goes_before_the_account(place: Place) -> None:
    account = place.salesforce.add("Account", Name="Client")
    ann = place.salesforce.add("Contact", Email=ANN, LastName="Archer", AccountId=account)
    deals = [
        place.salesforce.add("Opportunity", Name=name, IsClosed=closed)
        for name, closed in (("old", False), ("new", False), ("won", True))
    ]
    for deal in deals:
        place.salesforce.add("OpportunityContactRole", ContactId=ann, OpportunityId=deal)
    await place.sink.push(logged())
    assert place.email["RelatedToId"] == deals[1]


async def test_files_are_uploaded_octet_for_octet(place: Place) -> None:
    await place.sink.push(logged())
    (file,) = place.files
    assert (file["octets"], file["Title"].endswith("offer.pdf")) == (FILE, True)


async def test_a_file_that_they_do_not_take_is_named(place: Place) -> None:
    place.salesforce.refused = (".pdf",)
    await place.sink.push(logged())
    assert place.files == []
    assert "[Not handed over: offer.pdf]" in place.email["TextBody"]


async def test_a_text_over_their_limit_is_cut(place: Place) -> None:
    await place.sink.push(logged(entry(text="x" * 100_000)))
    assert len(place.email["TextBody"]) == TEXT_LIMIT


async def test_what_is_the_same_is_left_as_it_is(place: Place) -> None:
    theirs = await place.sink.push(logged())
    assert await place.sink.push(logged(key="evt_2", known=True, theirs=theirs)) == theirs
    assert len(place.files) == 1


async def test_what_changed_is_made_again_with_its_files(place: Place) -> None:
    theirs = await place.sink.push(logged())
    changed = logged(entry(text="Better."), key="evt_2", known=True, theirs=theirs)
    assert await place.sink.push(changed) != theirs
    assert (place.email["TextBody"], len(place.files)) == ("Better.", 1)


async def test_a_completed_entry_gets_its_file(place: Place) -> None:
    theirs = await place.sink.push(logged(replace(entry(), attachments=())))
    assert place.files == []
    await place.sink.push(logged(key="evt_2", known=True, theirs=theirs))
    assert [one["octets"] for one in place.files] == [FILE]


async def test_a_merged_contact_is_followed(place: Place) -> None:
    theirs = await place.sink.push(logged())
    dan = place.salesforce.add("Contact", Email=DAN, LastName="Dan")
    await place.sink.push(logged(entry(contacts=(DAN,)), kind=Kind.MERGED, theirs=theirs))
    assert place.ties == {dan: "CcAddress"}


async def test_who_got_it_blindly_has_an_email_of_his_own(place: Place) -> None:
    account = place.salesforce.add("Account", Name="Other")
    place.salesforce.add("Contact", Email=ZED, LastName="Zed", AccountId=account)
    about = entry(contacts=(ANN, ZED))
    await place.sink.push(replace(logged(about), blind=frozenset({ZED})))
    ties = [place.salesforce.relations(row["Id"]) for row in place.salesforce.emails]
    assert sorted(map(len, ties)) == [1, 1]
    assert all("RelatedToId" not in row for row in place.salesforce.emails)


async def test_what_left_the_timeline_goes_with_its_files(place: Place) -> None:
    theirs = await place.sink.push(logged())
    await place.sink.push(gone(theirs=theirs))
    assert (place.salesforce.emails, place.files) == ([], [])


async def test_what_is_gone_there_already_is_no_fault(place: Place) -> None:
    await place.sink.push(gone(theirs="02s000000000999"))


async def test_an_expired_session_is_opened_again(place: Place) -> None:
    await place.sink.push(logged())
    place.salesforce.token = "00D!2"
    await place.sink.push(logged(entry(subject="next"), key="evt_2"))
    assert place.email["Subject"] == "next"


async def test_a_wrong_credential_is_told_apart() -> None:
    async with opened("wrong:wrong") as place:
        with pytest.raises(SinkDeniedError, match="credential"):
            await place.sink.push(logged())


async def test_used_up_requests_are_a_limit_and_no_wrong_credential(place: Place) -> None:
    said = [{"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}]
    await place.sink.push(logged())
    place.server.always = Answer(403, said)
    with pytest.raises(SinkUnavailableError, match="Limit exceeded") as raised:
        await place.sink.push(logged())
    assert not isinstance(raised.value, SinkDeniedError)
    assert raised.value.everything


def test_what_is_asked_for_cannot_end_its_literal() -> None:
    assert soql("o'neil\\@x.example") == r"'o\'neil\\@x.example'"


async def test_the_end_of_an_enrolment_is_passed_over(place: Place) -> None:
    assert await place.sink.push(Parcel(push(Kind.UNENROLLED))) == ""
    assert place.server.requests == []


async def test_wherever_a_connection_is_cut_nothing_is_there_twice() -> None:
    async for step, place in cut_at_every_step(opened):
        contacts = place.salesforce.tables["Contact"]
        sizes = (len(place.salesforce.emails), len(place.files), len(contacts))
        assert sizes == (1, 1, 1), f"step {step}"


async def test_what_is_refused_in_the_middle_leaves_nothing_behind(place: Place) -> None:
    def refuse(table: str, told: dict[str, Any]) -> str:
        if table == "EmailMessageRelation":
            raise Wrong(400, "INVALID_CROSS_REFERENCE_KEY", "no such person")
        return before(table, told)

    before = place.salesforce.create
    place.salesforce.create = refuse  # type: ignore[method-assign]
    with pytest.raises(SinkRefusedError, match="no such person"):
        await place.sink.push(logged())
    assert place.salesforce.emails == []


async def test_a_row_that_is_locked_may_be_free_later(place: Place) -> None:
    await place.sink.push(logged())
    said = [{"message": "unable to obtain exclusive access", "errorCode": "UNABLE_TO_LOCK_ROW"}]
    place.server.always = Answer(400, said)
    with pytest.raises(SinkUnavailableError) as raised:
        await place.sink.push(logged())
    assert not raised.value.everything


@pytest.fixture(scope="module")
def key() -> RSAKey:
    return RSAKey.generate_key(2048)


def pem(key: RSAKey) -> str:
    return f"{ID}:{key.as_pem(private=True).decode()}"


async def test_a_key_signs_in_for_its_user(key: RSAKey) -> None:
    async with opened(pem(key), login=USER) as place:
        place.salesforce.key = key
        await place.sink.push(logged())
        assert place.email["FromAddress"] == ANN


async def test_a_key_of_another_app_is_denied(key: RSAKey) -> None:
    async with opened(pem(RSAKey.generate_key(2048)), login=USER) as place:
        place.salesforce.key = key
        with pytest.raises(SinkDeniedError, match="invalid assertion"):
            await place.sink.push(logged())


async def test_a_user_who_is_not_approved_is_said(key: RSAKey) -> None:
    async with opened(pem(key), login="other@acme.example") as place:
        place.salesforce.key = key
        with pytest.raises(SinkDeniedError, match="approved this consumer"):
            await place.sink.push(logged())


async def test_what_is_no_key_is_said() -> None:
    async with opened(f"{ID}:-----BEGIN PRIVATE KEY-----nonsense", login=USER) as place:
        with pytest.raises(SinkDeniedError, match="no RSA key in PEM"):
            await place.sink.push(logged())
        assert place.server.requests == []


def test_a_sandbox_has_a_login_server_of_its_own() -> None:
    assert audience("https://acme.my.salesforce.com") == "https://login.salesforce.com"
    there = audience("https://acme--dev.sandbox.my.salesforce.com")
    assert there == "https://test.salesforce.com"
