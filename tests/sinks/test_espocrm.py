"""EspoCRM, as far as its documentation tells: what stands there, and whose it is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest

from gateway.interfaces import SinkDeniedError
from gateway.model.envelope import Direction
from gateway.model.handover import Kind, Parcel
from gateway.sinks.espocrm import EspoSink
from tests.http_server import HttpServer
from tests.sinks.espo_server import KEY, SECRET, Espo
from tests.sinks.parcels import ANN, BOB, ENTRY, FILE, entry, gone, logged, push
from tests.sinks.pushing import cut_at_every_step, pushing


@dataclass
class Place:
    """A sink, and the EspoCRM at its other end."""

    sink: EspoSink
    espo: Espo
    server: HttpServer

    @property
    def email(self) -> dict[str, Any]:
        (row,) = self.espo.tables["Email"].values()
        return dict(row)


@asynccontextmanager
async def opened(secret: str = KEY, **chosen: Any) -> AsyncIterator[Place]:
    espo = Espo()
    async with pushing(EspoSink, espo, secret, **chosen) as (sink, server):
        yield Place(sink, espo, server)


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    async with opened() as made:
        yield made


async def test_an_email_is_archived_with_its_header_fields(place: Place) -> None:
    await place.sink.push(logged())
    email = place.email
    assert (email["status"], email["dateSent"]) == ("Archived", "2026-11-23 12:00:00")
    assert (email["from"], email["fromString"]) == (ANN, f"Ann Archer <{ANN}>")
    assert email["to"] == f"{BOB};eve@acme.example"
    assert email["cc"] == "dan@client.example"
    assert (email["body"], email["isHtml"]) == ("Looks good.", False)


async def test_the_secret_key_signs_where_one_is_given() -> None:
    async with opened(f"{KEY}:{SECRET}") as place:
        await place.sink.push(logged())
        assert place.espo.subjects() == {ENTRY: "Re: offer"}
        assert all("x-api-key" not in one.headers for one in place.server.requests)


async def test_a_wrong_key_is_told_apart() -> None:
    async with opened("wrong") as place:
        with pytest.raises(SinkDeniedError, match="credential"):
            await place.sink.push(logged())


async def test_without_its_field_it_says_how_to_add_it(place: Place) -> None:
    place.espo.field_name = "other"
    with pytest.raises(SinkDeniedError, match="Entity Manager"):
        await place.sink.push(logged())


async def test_a_field_of_an_older_version_is_taken(place: Place) -> None:
    place.espo.field_name = "replygateEntry"
    await place.sink.push(logged())
    assert place.espo.subjects() == {ENTRY: "Re: offer"}


async def test_a_contact_that_is_there_is_the_parent(place: Place) -> None:
    number = place.espo.add("Contact", emailAddress=ANN)
    await place.sink.push(logged())
    assert (place.email["parentType"], place.email["parentId"]) == ("Contact", number)
    assert len(place.espo.tables["Contact"]) == 1


async def test_a_lead_is_taken_where_no_contact_has_the_address(place: Place) -> None:
    number = place.espo.add("Lead", emailAddress=ANN)
    await place.sink.push(logged())
    assert (place.email["parentType"], place.email["parentId"]) == ("Lead", number)
    assert place.espo.tables["Contact"] == {}


async def test_a_contact_that_is_not_there_is_made_with_its_name(place: Place) -> None:
    await place.sink.push(logged())
    (made,) = place.espo.tables["Contact"].values()
    assert made == {"emailAddress": ANN, "firstName": "Ann", "lastName": "Archer"}


async def test_no_contact_is_made_where_policy_makes_none() -> None:
    async with opened(create_contacts=False) as place:
        await place.sink.push(logged())
        assert place.espo.tables["Contact"] == {}
        assert "parentId" not in place.email


async def test_a_duplicate_that_they_see_keeps_no_email_away(place: Place) -> None:
    place.espo.duplicates = True
    await place.sink.push(logged())
    assert "parentId" not in place.email


async def test_the_account_of_a_contact_is_the_parent(place: Place) -> None:
    account = place.espo.add("Account", name="Client")
    place.espo.add("Contact", emailAddress=ANN, accountId=account)
    await place.sink.push(logged())
    assert (place.email["parentType"], place.email["parentId"]) == ("Account", account)


async def test_the_newest_open_opportunity_goes_before_the_account(place: Place) -> None:
    contact = place.espo.add("Contact", emailAddress=ANN, accountId=None)
    for day, stage in ((1, "Prospecting"), (2, "Negotiation"), (3, "Closed Won")):
        told = {"stage": stage, "contacts": [contact], "createdAt": f"2026-11-0{day}"}
        place.espo.add("Opportunity", name=stage, **told)
    await place.sink.push(logged())
    parent = place.espo.tables["Opportunity"][place.email["parentId"]]
    assert parent["stage"] == "Negotiation"


async def test_the_owner_is_the_user_who_has_the_credit(place: Place) -> None:
    number = place.espo.add("User", emailAddress=BOB)
    await place.sink.push(logged())
    assert place.email["assignedUserId"] == number


async def test_files_are_uploaded_octet_for_octet(place: Place) -> None:
    await place.sink.push(logged())
    ((number, file),) = place.espo.tables["Attachment"].items()
    assert (file["octets"], place.email["attachmentsIds"]) == (FILE, [number])
    assert file["name"].endswith("offer.pdf")


async def test_a_file_that_they_do_not_take_is_named(place: Place) -> None:
    place.espo.refused_types = ("application/pdf",)
    await place.sink.push(logged())
    assert "[Not handed over: offer.pdf]" in place.email["body"]


async def test_a_completed_entry_gets_its_file_on_the_same_email(place: Place) -> None:
    theirs = await place.sink.push(logged(replace(entry(), attachments=())))
    again = await place.sink.push(logged(key="evt_2", known=True, theirs=theirs))
    assert again == theirs
    assert len(place.email["attachmentsIds"]) == 1


async def test_a_file_that_is_there_is_not_uploaded_again(place: Place) -> None:
    await place.sink.push(logged())
    await place.sink.push(logged(key="evt_2"))
    assert len(place.espo.tables["Attachment"]) == 1


async def test_an_outgoing_message_whose_octets_are_gone_names_its_contact(place: Place) -> None:
    about = entry(direction=Direction.OUTGOING, author=BOB)
    await place.sink.push(logged(about, kept=False))
    assert place.email["to"] == ANN


async def test_a_merged_contact_is_followed(place: Place) -> None:
    theirs = await place.sink.push(logged())
    merged = logged(entry(contacts=("dan@client.example",)), kind=Kind.MERGED, theirs=theirs)
    await place.sink.push(merged)
    parent = place.espo.tables["Contact"][place.email["parentId"]]
    assert parent["emailAddress"] == "dan@client.example"


async def test_who_got_it_blindly_has_an_email_of_his_own(place: Place) -> None:
    about = entry(contacts=(ANN, "zed@client.example"))
    blind = replace(logged(about), blind=frozenset({"zed@client.example"}))
    emails = (await place.sink.push(blind)).split()
    parents = [place.espo.tables["Email"][one]["parentId"] for one in emails]
    assert len(set(parents)) == 2
    texts = [str(row) for row in place.espo.tables["Email"].values()]
    assert all("zed@" not in text for text in texts)


async def test_what_is_erased_is_emptied_and_gone_with_its_files(place: Place) -> None:
    theirs = await place.sink.push(logged())
    await place.sink.push(gone(Kind.ERASED, theirs))
    emptied = [one.json() for one in place.server.requests if one.method == "PUT"]
    assert emptied[-1]["body"] == ""
    assert (place.espo.tables["Email"], place.espo.tables["Attachment"]) == ({}, {})


async def test_what_is_gone_there_already_is_no_fault(place: Place) -> None:
    await place.sink.push(gone(theirs="999"))


async def test_the_end_of_an_enrolment_is_passed_over(place: Place) -> None:
    assert await place.sink.push(Parcel(push(Kind.UNENROLLED))) == ""
    assert place.server.requests == []


async def test_wherever_a_connection_is_cut_nothing_is_there_twice() -> None:
    async for step, place in cut_at_every_step(opened):
        assert len(place.espo.tables["Email"]) == 1, f"step {step}"
        assert len(place.email["attachmentsIds"]) == 1, f"step {step}"
        assert len(place.espo.tables["Contact"]) == 1, f"step {step}"
