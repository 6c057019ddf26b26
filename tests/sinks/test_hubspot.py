"""HubSpot, as far as its documentation tells: what stands on the timeline, and whose it is."""

from __future__ import annotations

import json
from asyncio import get_running_loop
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest

from gateway.interfaces import SinkDeniedError, SinkUnavailableError
from gateway.model.decision import Reason
from gateway.model.envelope import Direction
from gateway.model.handover import Kind, Parcel
from gateway.sinks.hubspot import TEXT_LIMIT, HubspotSink
from tests.http_server import Answer, HttpServer
from tests.sinks.hubspot_server import TOKEN, Hubspot
from tests.sinks.parcels import ANN, BOB, FILE, entry, gone, logged, push
from tests.sinks.pushing import cut_at_every_step, pushing


@dataclass
class Place:
    """A sink, and the account at its other end."""

    sink: HubspotSink
    hubspot: Hubspot
    server: HttpServer

    @property
    def email(self) -> dict[str, Any]:
        (row,) = self.hubspot.emails.values()
        return dict(row)


@asynccontextmanager
async def opened(token: str = TOKEN, **chosen: Any) -> AsyncIterator[Place]:
    hubspot = Hubspot()
    async with pushing(HubspotSink, hubspot, token, **chosen) as (sink, server):
        yield Place(sink, hubspot, server)


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    async with opened() as made:
        yield made


async def test_an_email_says_what_happened(place: Place) -> None:
    await place.sink.push(logged())
    assert place.email["hs_timestamp"] == "2026-11-23T12:00:00.000Z"
    assert place.email["hs_email_direction"] == "INCOMING_EMAIL"
    assert place.email["hs_email_text"] == "Looks good."
    headers = json.loads(place.email["hs_email_headers"])
    assert headers["from"] == {"email": ANN, "firstName": "Ann", "lastName": "Archer"}
    assert [one["email"] for one in headers["to"]] == [BOB, "eve@acme.example"]
    assert [one["email"] for one in headers["cc"]] == ["dan@client.example"]


@pytest.mark.parametrize(
    ("direction", "reason", "said"),
    [
        (Direction.OUTGOING, Reason.OPTED_IN, "EMAIL"),
        (Direction.INCOMING, Reason.LOGGED_BY_FORWARD, "FORWARDED_EMAIL"),
    ],
)
async def test_the_direction_is_told_in_their_words(
    place: Place, direction: Direction, reason: Reason, said: str
) -> None:
    await place.sink.push(logged(entry(direction=direction, reason=reason)))
    assert place.email["hs_email_direction"] == said


async def test_a_contact_that_is_there_is_taken(place: Place) -> None:
    place.hubspot.contacts["7"] = {"email": ANN}
    email = await place.sink.push(logged())
    assert place.hubspot.contacts.keys() == {"7"}
    assert (email, "contacts", "7") in place.hubspot.ties


async def test_a_contact_that_is_not_there_is_made_with_its_name(place: Place) -> None:
    await place.sink.push(logged())
    (contact,) = place.hubspot.contacts.values()
    assert contact == {"email": ANN, "firstname": "Ann", "lastname": "Archer"}


async def test_policy_may_make_no_contacts() -> None:
    async with opened(create_contacts=False) as place:
        await place.sink.push(logged())
        assert place.hubspot.contacts == {}
        assert place.email["hs_email_subject"] == "Re: offer"


async def test_a_contact_that_somebody_makes_meanwhile_is_found(place: Place) -> None:
    place.hubspot.contacts["7"] = {"email": ANN}
    await place.sink.push(logged())
    not_yet = Answer(404, {"message": "resource not found"})
    place.server.next = [not_yet]
    await place.sink.push(logged())
    assert place.hubspot.contacts.keys() == {"7"}


async def test_the_owner_is_the_user_who_has_the_credit(place: Place) -> None:
    place.hubspot.owners[BOB] = "11349275740"
    await place.sink.push(logged())
    assert place.email["hubspot_owner_id"] == "11349275740"


async def test_a_user_who_is_no_owner_there_leaves_it_without(place: Place) -> None:
    await place.sink.push(logged())
    assert "hubspot_owner_id" not in place.email


async def test_it_is_tied_to_the_primary_company_and_no_other(place: Place) -> None:
    place.hubspot.contacts["7"] = {"email": ANN}
    place.hubspot.primary["7"] = [("40", 279), ("41", 1)]
    email = await place.sink.push(logged())
    assert {tie for tie in place.hubspot.ties if tie[1] == "companies"} == {
        (email, "companies", "41")
    }


async def test_it_is_tied_to_the_newest_open_deals() -> None:
    async with opened(deals=2) as place:
        place.hubspot.contacts["7"] = {"email": ANN}
        for number, closed in enumerate(["false", "false", "true", "false"], 50):
            place.hubspot.deals[str(number)] = {
                "contact": "7",
                "createdate": f"2026-11-{number - 40}T00:00:00Z",
                "hs_is_closed": closed,
            }
        await place.sink.push(logged())
        assert {tie[2] for tie in place.hubspot.ties if tie[1] == "deals"} == {"53", "51"}


async def test_no_deals_are_asked_for_where_none_are_wanted() -> None:
    async with opened(deals=0) as place:
        await place.sink.push(logged())
        assert all("deals" not in request.path for request in place.server.requests)


async def test_files_are_uploaded_octet_for_octet_and_privately(place: Place) -> None:
    await place.sink.push(logged())
    ((number, file),) = place.hubspot.files.items()
    assert (file["octets"], file["access"]) == (FILE, "PRIVATE")
    assert file["name"].endswith("offer.pdf")
    assert place.email["hs_attachment_ids"] == number


async def test_a_file_over_the_limit_is_named_in_the_text() -> None:
    async with opened(attachment_limit=3) as place:
        await place.sink.push(logged())
        assert place.hubspot.files == {}
        assert "[Not handed over: offer.pdf]" in place.email["hs_email_text"]


async def test_a_file_that_policy_left_out_is_named_and_not_sent(place: Place) -> None:
    told = entry()
    (note,) = told.attachments
    left = replace(note, reason=Reason.ATTACHMENT_TOO_LARGE)
    await place.sink.push(logged(replace(told, attachments=(left,))))
    assert place.hubspot.files == {}
    assert "offer.pdf" in place.email["hs_email_text"]


async def test_a_file_that_they_do_not_take_keeps_no_email_away(place: Place) -> None:
    place.hubspot.refused_types = (".pdf",)
    await place.sink.push(logged())
    assert place.hubspot.files == {}
    assert "[Not handed over: offer.pdf]" in place.email["hs_email_text"]


async def test_a_text_over_their_limit_is_cut(place: Place) -> None:
    await place.sink.push(logged(entry(text="x" * 100_000)))
    assert len(place.email["hs_email_text"]) == TEXT_LIMIT


async def test_a_completed_entry_gets_its_file_on_the_same_email(place: Place) -> None:
    told = entry()
    theirs = await place.sink.push(logged(replace(told, attachments=())))
    assert "hs_attachment_ids" not in place.email
    again = await place.sink.push(logged(told, key="evt_2", known=True, theirs=theirs))
    assert again == theirs
    assert place.email["hs_attachment_ids"]


async def test_a_merged_contact_is_tied_as_well(place: Place) -> None:
    theirs = await place.sink.push(logged())
    merged = logged(entry(contacts=("dan@client.example",)), kind=Kind.MERGED, theirs=theirs)
    await place.sink.push(merged)
    tied = {tie[2] for tie in place.hubspot.ties if tie[1] == "contacts"}
    names = {place.hubspot.contacts[number]["email"] for number in tied}
    assert names == {ANN, "dan@client.example"}


async def test_what_left_the_timeline_goes_with_its_files(place: Place) -> None:
    theirs = await place.sink.push(logged())
    await place.sink.push(gone(theirs=theirs))
    assert (place.hubspot.emails, place.hubspot.files) == ({}, {})
    assert place.hubspot.erased == set()


async def test_what_is_erased_is_emptied_and_its_files_erased_for_good(place: Place) -> None:
    theirs = await place.sink.push(logged())
    files = set(place.hubspot.files)
    await place.sink.push(gone(Kind.ERASED, theirs))
    assert place.hubspot.erased == files
    emptied = [one.json() for one in place.server.requests if one.method == "PATCH"]
    assert emptied[0]["properties"]["hs_email_text"] == ""
    assert place.hubspot.emails == {}


async def test_what_is_gone_there_already_is_no_fault(place: Place) -> None:
    await place.sink.push(gone(theirs="999"))


async def test_the_end_of_an_enrolment_is_passed_over(place: Place) -> None:
    assert await place.sink.push(Parcel(push(Kind.UNENROLLED))) == ""
    assert place.server.requests == []


async def test_the_property_is_made_once(place: Place) -> None:
    await place.sink.push(logged())
    await place.sink.push(logged())
    paths = [(one.method, one.path) for one in place.server.requests]
    assert paths.count(("POST", "/crm/v3/properties/emails")) == 1
    assert place.hubspot.properties["replygate_entry"]["hasUniqueValue"] is True


async def test_a_wrong_token_is_told_apart() -> None:
    async with opened(token="pat-eu1-wrong") as place:
        with pytest.raises(SinkDeniedError, match="access token"):
            await place.sink.push(logged())


@pytest.mark.parametrize(("code", "wait_s"), [(429, 10.0), (423, 2.0)])
async def test_a_limit_that_names_no_time_has_the_documented_one(
    place: Place, code: int, wait_s: float
) -> None:
    place.server.always = Answer(code, {"message": "slow down"})
    with pytest.raises(SinkUnavailableError) as raised:
        await place.sink.push(logged())
    assert raised.value.retry_after_s == wait_s


async def test_wherever_a_connection_is_cut_nothing_is_there_twice() -> None:
    async for step, place in cut_at_every_step(opened):
        sizes = (len(place.hubspot.emails), len(place.hubspot.files))
        assert sizes == (1, 1), f"step {step}"
        assert len(place.hubspot.contacts) == 1, f"step {step}"


async def test_requests_keep_their_pace() -> None:
    async with opened(requests_per_second=100.0) as place:
        begun = get_running_loop().time()
        await place.sink.push(logged())
        passed = get_running_loop().time() - begun
    assert passed >= (len(place.server.requests) - 1) / 100.0
