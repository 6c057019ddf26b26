"""Odoo, as far as its documentation tells: what stands in the chatter, and where."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest

from gateway.interfaces import SinkDeniedError
from gateway.model.envelope import Direction
from gateway.model.handover import Kind, Parcel
from gateway.sinks.odoo import OdooSink
from tests.http_server import HttpServer
from tests.sinks.odoo_server import KEY, Odoo
from tests.sinks.parcels import ANN, BOB, ENTRY, FILE, entry, gone, logged, push
from tests.sinks.pushing import cut_at_every_step, pushing

ZED = "zed@client.example"


@dataclass
class Place:
    """A sink, and the Odoo at its other end."""

    sink: OdooSink
    odoo: Odoo
    server: HttpServer

    @property
    def message(self) -> dict[str, Any]:
        (row,) = self.odoo.messages
        return row

    @property
    def places(self) -> set[tuple[str, int]]:
        return {(row["model"], row["res_id"]) for row in self.odoo.messages}


@asynccontextmanager
async def opened(key: str = KEY, **chosen: Any) -> AsyncIterator[Place]:
    odoo = Odoo()
    async with pushing(OdooSink, odoo, key, **chosen) as (sink, server):
        yield Place(sink, odoo, server)


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    async with opened() as made:
        yield made


async def test_a_message_says_what_happened(place: Place) -> None:
    ann = place.odoo.add("res.partner", name="Ann", email=ANN)
    await place.sink.push(logged())
    told = place.message
    assert (told["model"], told["res_id"], told["author_id"]) == ("res.partner", ann, ann)
    assert (told["message_type"], told["date"]) == ("email", "2026-11-23 12:00:00")
    assert told["email_from"] == f"Ann Archer <{ANN}>"
    assert told["body"] == "<p>Looks good.</p>"
    assert told["incoming_email_to"] == f"Bob <{BOB}>, Eve <eve@acme.example>"
    assert told["incoming_email_cc"] == "Dan <dan@client.example>"


async def test_it_is_a_discussion_that_no_portal_shows(place: Place) -> None:
    await place.sink.push(logged())
    kind = place.odoo.tables["mail.message.subtype"][place.message["subtype_id"]]
    assert (kind["name"], place.message["is_internal"]) == ("Discussions", True)


async def test_a_version_without_fields_for_addresses_has_them_in_the_text(place: Place) -> None:
    place.odoo.lacks = {"incoming_email_to", "incoming_email_cc"}
    await place.sink.push(logged())
    assert "dan@client.example" in place.message["body"]


async def test_text_is_no_markup(place: Place) -> None:
    await place.sink.push(logged(entry(text="<b>1 < 2</b>\nnext")))
    assert place.message["body"] == "<p>&lt;b&gt;1 &lt; 2&lt;/b&gt;<br>next</p>"


async def test_what_a_user_wrote_is_his_partners(place: Place) -> None:
    partner = place.odoo.add("res.partner", name="Bob", email="bob@home.example")
    place.odoo.add("res.users", login=BOB, partner_id=[partner, "Bob"])
    await place.sink.push(logged(entry(direction=Direction.OUTGOING, author=BOB)))
    told = place.message
    assert (told["author_id"], told["message_type"]) == (partner, "email_outgoing")


async def test_a_partner_that_is_not_there_is_made_with_its_name(place: Place) -> None:
    await place.sink.push(logged())
    (made,) = place.odoo.tables["res.partner"].values()
    assert (made["name"], made["email"]) == ("Ann Archer", ANN)


async def test_nothing_is_written_where_policy_makes_no_partner() -> None:
    async with opened(create_contacts=False) as place:
        await place.sink.push(logged())
        assert (place.odoo.messages, place.odoo.tables["res.partner"]) == ([], {})


async def test_it_stands_on_the_company_and_the_newest_open_leads() -> None:
    async with opened(deals=1) as place:
        company = place.odoo.add("res.partner", name="Client", email="", is_company=True)
        ann = place.odoo.add("res.partner", name="Ann", email=ANN, parent_id=[company, "Client"])
        leads = [
            place.odoo.add(
                "crm.lead", partner_id=[ann, "Ann"], probability=much, create_date=f"2026-11-0{day}"
            )
            for day, much in ((1, 10), (2, 50), (3, 100))
        ]
        await place.sink.push(logged())
        on = {("res.partner", ann), ("res.partner", company), ("crm.lead", leads[1])}
        assert place.places == on


async def test_without_crm_it_stands_on_partners_alone(place: Place) -> None:
    place.odoo.lacks = {"crm.lead"}
    await place.sink.push(logged())
    assert {model for model, _ in place.places} == {"res.partner"}


async def test_files_are_uploaded_once_for_all_records(place: Place) -> None:
    company = place.odoo.add("res.partner", name="Client", email="")
    place.odoo.add("res.partner", name="Ann", email=ANN, parent_id=[company, "Client"])
    await place.sink.push(logged())
    ((number, file),) = place.odoo.tables["ir.attachment"].items()
    assert (base64.b64decode(file["datas"]), file["name"]) == (FILE, "offer.pdf")
    assert all(row["attachment_ids"] == [[6, 0, [number]]] for row in place.odoo.messages)


async def test_a_file_that_they_do_not_take_is_named(place: Place) -> None:
    place.odoo.refused_types = ("application/pdf",)
    await place.sink.push(logged())
    assert "[Not handed over: offer.pdf]" in place.message["body"]


async def test_a_completed_entry_gets_its_file_on_the_same_message(place: Place) -> None:
    theirs = await place.sink.push(logged(replace(entry(), attachments=())))
    again = await place.sink.push(logged(key="evt_2", known=True, theirs=theirs))
    assert again == theirs
    assert len(place.message["attachment_ids"][0][2]) == 1


async def test_a_merged_contact_is_followed(place: Place) -> None:
    await place.sink.push(logged())
    dan = place.odoo.add("res.partner", name="Dan", email="dan@client.example")
    await place.sink.push(logged(entry(contacts=("dan@client.example",)), kind=Kind.MERGED))
    assert place.places == {("res.partner", dan)}


async def test_who_got_it_blindly_has_it_on_his_own_record_alone(place: Place) -> None:
    company = place.odoo.add("res.partner", name="Other", email="")
    zed = place.odoo.add("res.partner", name="Zed", email=ZED, parent_id=[company, "Other"])
    ann = place.odoo.add("res.partner", name="Ann", email=ANN)
    about = entry(contacts=(ANN, ZED))
    await place.sink.push(replace(logged(about), blind=frozenset({ZED})))
    assert place.places == {("res.partner", ann), ("res.partner", zed)}
    assert all(ZED not in str(row) for row in place.odoo.messages)


async def test_what_is_erased_is_emptied_and_gone_with_its_files(place: Place) -> None:
    await place.sink.push(logged())
    await place.sink.push(gone(Kind.ERASED))
    emptied = [one.json() for one in place.server.requests if one.path.endswith("/write")]
    assert emptied[0]["vals"]["body"] == ""
    assert (place.odoo.messages, place.odoo.tables["ir.attachment"]) == ([], {})


async def test_what_is_gone_there_already_is_no_fault(place: Place) -> None:
    await place.sink.push(gone(theirs="999"))


async def test_nothing_is_ever_posted(place: Place) -> None:
    await place.sink.push(logged())
    assert all("message_post" not in one.path for one in place.server.requests)


async def test_the_database_is_named_where_there_are_several() -> None:
    async with opened(database="acme") as place:
        place.odoo.database = "acme"
        await place.sink.push(logged())
        assert place.odoo.subjects() == {ENTRY: "Re: offer"}


async def test_a_wrong_key_is_told_apart() -> None:
    async with opened("wrong") as place:
        with pytest.raises(SinkDeniedError, match="Invalid apikey"):
            await place.sink.push(logged())


async def test_the_end_of_an_enrolment_is_passed_over(place: Place) -> None:
    assert await place.sink.push(Parcel(push(Kind.UNENROLLED))) == ""
    assert place.server.requests == []


async def test_wherever_a_connection_is_cut_nothing_is_there_twice() -> None:
    async for step, place in cut_at_every_step(opened):
        tables = ("mail.message", "ir.attachment", "res.partner")
        sizes = [len(place.odoo.tables[one]) for one in tables]
        assert sizes == [1, 1, 1], f"step {step}"
