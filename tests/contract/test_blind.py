"""What sinks are told of blind recipients: only their sender knows of them."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from gateway.model.decision import AttachToEntry, MakeContact, Reason
from gateway.model.envelope import Direction, Recipient
from gateway.model.handover import Kind, Parcel
from gateway.model.policy import Policy
from gateway.outbox import Drain, Manner
from gateway.sinks.crm import CrmSettings
from gateway.sinks.hubspot import HubspotSink
from gateway.sinks.jsonl import JsonlSink
from gateway.sinks.webhook import WebhookSink
from gateway.store.outbox import SqliteOutbox
from tests.http_server import Answer, http_server
from tests.shelf import Shelf
from tests.sinks.hubspot_server import TOKEN, Hubspot
from tests.sinks.parcels import ANN, BOB, ENTRY, NOON, entry, gone, logged
from tests.store.office import Office, letter

ZED, IVY = "zed@client.example", "ivy@acme.example"
SECRET = "whsec_" + base64.b64encode(b"k" * 24).decode()


def blindly(*contacts: str, **told: Any) -> Parcel:
    """Return a letter of Ann's that reached these contacts blindly, and Ivy's mailbox."""
    about = entry(contacts=(ANN, *contacts), mailboxes=(BOB, IVY))
    return replace(logged(about, **told), blind=frozenset({*contacts, IVY}))


@asynccontextmanager
async def hubspot(**chosen: Any) -> AsyncIterator[tuple[HubspotSink, Hubspot]]:
    account = Hubspot()
    async with http_server(account) as server:
        settings = CrmSettings(url=server.url, requests_per_second=10_000.0, **chosen)
        sink = HubspotSink("crm", TOKEN, settings, clock=lambda: NOON)
        yield sink, account
        await sink.close()


async def told_to_a_file(folder: Path, *, blind: bool) -> dict[str, Any]:
    await JsonlSink("file", folder / "told", blind=blind).push(blindly(ZED))
    data: dict[str, Any] = json.loads((folder / "told").read_text())["data"]
    return data


async def test_a_blind_copy_of_a_real_message_is_known_as_blind(office: Office) -> None:
    outbox, shelf = SqliteOutbox(office.path), Shelf()
    outbox.register({"shelf": False})
    octets = letter(1, author=BOB, to=ANN)
    envelope = {
        "direction": Direction.OUTGOING,
        "mail_from": BOB,
        "recipients": (Recipient(ANN), Recipient(ZED)),
    }
    await office.log(octets, MakeContact(ZED, "Zed"), contacts=(ANN, ZED), by=envelope)
    office.clock.pass_by(seconds=1)
    await office.record(letter("ride"))
    drain = Drain(
        outbox, shelf, Manner(), clock=office.clock, chance=lambda: 0.5,
        directory=lambda: office.store.directory, policy=Policy,
    )  # fmt: skip
    await drain.drain()
    (parcel,) = shelf.parcels
    assert (parcel.open_contacts, parcel.blind_contacts) == ((ANN,), (ZED,))


async def test_a_file_names_no_blind_recipient(tmp_path: Path) -> None:
    data = await told_to_a_file(tmp_path, blind=False)
    assert ZED not in json.dumps(data)
    assert IVY not in json.dumps(data)
    assert [one["address"] for one in data["contacts"]] == [ANN]


async def test_a_file_tells_them_apart_where_the_admin_wants_it(tmp_path: Path) -> None:
    data = await told_to_a_file(tmp_path, blind=True)
    assert data["blind"] == {
        "visible_to": ANN,
        "contacts": [{"address": ZED, "name": ""}],
        "mailboxes": [IVY],
    }
    assert ZED not in json.dumps({name: data[name] for name in data if name != "blind"})


async def test_a_webhook_names_no_blind_recipient() -> None:
    async with http_server(lambda _: Answer(204)) as server:
        sink = WebhookSink("hook", server.url, SECRET, clock=lambda: NOON)
        await sink.push(blindly(ZED))
        await sink.close()
        (request,) = server.requests
    assert ZED.encode() not in request.body


async def test_no_object_of_a_crm_names_a_blind_contact_beside_another() -> None:
    async with hubspot() as (sink, account):
        emails = (await sink.push(blindly(ZED, "yan@client.example"))).split()
        people = {number: row["email"] for number, row in account.contacts.items()}
        seen_by = {
            email: {people[number] for one, kind, number in account.ties if one == email}
            for email in emails
        }
        assert sorted(map(sorted, seen_by.values())) == [[ANN], ["yan@client.example"], [ZED]]
        assert all(ZED not in row["hs_email_headers"] for row in account.emails.values())


async def test_what_a_blind_contact_has_is_tied_to_no_company_and_no_deal() -> None:
    async with hubspot() as (sink, account):
        account.contacts["7"] = {"email": ZED}
        account.primary["7"] = [("41", 1)]
        await sink.push(blindly(ZED))
        assert {kind for _, kind, number in account.ties if number != "7"} == {"contacts"}


async def test_a_message_to_blind_contacts_alone_is_on_the_timeline_of_each() -> None:
    async with hubspot() as (sink, account):
        about = entry(author=BOB, contacts=(ANN, ZED), direction=Direction.OUTGOING)
        await sink.push(replace(logged(about), blind=frozenset({ANN, ZED})))
        assert len(account.emails) == 2
        assert sorted(row["email"] for row in account.contacts.values()) == [ANN, ZED]


async def test_a_crm_is_not_told_of_them_where_the_admin_says_so() -> None:
    async with hubspot(blind=False) as (sink, account):
        await sink.push(blindly(ZED))
        assert [row["email"] for row in account.contacts.values()] == [ANN]


async def test_told_again_each_timeline_has_it_once() -> None:
    async with hubspot() as (sink, account):
        theirs = await sink.push(blindly(ZED))
        assert await sink.push(blindly(ZED, known=True, theirs=theirs)) == theirs
        assert len(account.emails) == 2


async def test_who_is_no_blind_recipient_any_more_has_no_object_of_his_own() -> None:
    async with hubspot() as (sink, account):
        theirs = await sink.push(blindly(ZED))
        kept = await sink.push(logged(known=True, theirs=theirs))
        assert list(account.emails) == [kept]
        assert account.subjects() == {ENTRY: "Re: offer"}
        assert account.files


async def test_what_is_gone_is_gone_from_every_timeline() -> None:
    async with hubspot() as (sink, account):
        theirs = await sink.push(blindly(ZED))
        await sink.push(gone(Kind.ERASED, theirs))
        assert account.emails == {}


# ---- reports of what was sent blindly


async def report_of_an_offer(office: Office, named: str) -> Parcel:
    """Return what is told of a bounce at Zed, of a letter to `named` that reached Ann and Zed."""
    outbox, shelf = SqliteOutbox(office.path), Shelf()
    outbox.register({"shelf": False})
    sent = {
        "direction": Direction.OUTGOING,
        "mail_from": BOB,
        "recipients": (Recipient(ANN), Recipient(ZED)),
    }
    zed = MakeContact(ZED, "Zed")
    offer = letter("offer", author=BOB, to=named)
    original = await office.log(offer, zed, contacts=(ANN, ZED), by=sent)
    report = letter("report", author="mailer-daemon@client.example", cites=("offer",))
    failed = AttachToEntry(original, ZED, "5.1.1", "failed")
    told = {"reason": Reason.BOUNCE, "contacts": (ZED,)}
    reported = await office.log(report, failed, by={"mail_from": ""}, **told)
    office.clock.pass_by(seconds=1)
    await office.record(letter("ride"))
    drain = Drain(
        outbox, shelf, Manner(), clock=office.clock, chance=lambda: 0.5,
        directory=lambda: office.store.directory, policy=Policy,
    )  # fmt: skip
    for _ in range(2):
        await drain.drain()
    return next(one for one in shelf.parcels if one.push.entry_id == reported)


async def test_who_got_it_blindly_stands_blindly_on_its_report(office: Office) -> None:
    parcel = await report_of_an_offer(office, ANN)
    assert (parcel.open_contacts, parcel.blind_contacts) == ((), (ZED,))


async def test_whom_the_message_named_stands_openly_on_its_report(office: Office) -> None:
    parcel = await report_of_an_offer(office, f"{ANN}, {ZED}")
    assert (parcel.open_contacts, parcel.blind_contacts) == ((ZED,), ())
