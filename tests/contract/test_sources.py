"""What every source of contacts keeps to, whatever it is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.interfaces import SinkDeniedError, SinkUnavailableError
from gateway.sinks.crm import CrmSettings
from gateway.sinks.espocrm import espo_client
from gateway.sinks.hubspot_api import hubspot_client
from gateway.sinks.odoo_api import odoo_api
from gateway.sinks.salesforce_api import SalesforceApi
from gateway.sync.csv_file import CsvSource
from gateway.sync.espocrm import EspoSource
from gateway.sync.found import Found, Source
from gateway.sync.hubspot import HubspotSource
from gateway.sync.odoo import OdooSource
from gateway.sync.salesforce import SalesforceSource
from gateway.sync.vcard import VcardSource
from tests.http_server import CUT, Answer, HttpServer, http_server
from tests.sinks import espo_server, odoo_server, salesforce_server
from tests.sinks.espo_server import Espo
from tests.sinks.hubspot_server import TOKEN, Hubspot
from tests.sinks.odoo_server import Odoo
from tests.sinks.parcels import NOON
from tests.sinks.salesforce_server import Salesforce

BOB, COMPANY = "bob@acme.example", "Client & Sons"
Add = Callable[[str, str, int], None]


@dataclass
class Place:
    """A source, and how somebody gets into it."""

    source: Source
    add: Add
    """A contact: address, name, and the minute at which it was changed."""
    has_owners: bool = True
    goes_on: bool = True
    """It tells what changed since a mark."""
    server: HttpServer | None = None


def settings(server: HttpServer) -> CrmSettings:
    return CrmSettings(url=server.url, timeout_s=5.0, requests_per_second=10_000.0)


@asynccontextmanager
async def csv_file(folder: Path) -> AsyncIterator[Place]:
    file = folder / "contacts.csv"
    file.write_text("address;name;owner;never_log;company\n")

    def add(address: str, name: str, _: int) -> None:
        with file.open("a") as lines:
            lines.write(f"{address};{name};{BOB};{'yes' if name == 'Private' else ''};{COMPANY}\n")

    yield Place(CsvSource(file), add, goes_on=False)


@asynccontextmanager
async def vcard(folder: Path) -> AsyncIterator[Place]:
    file = folder / "contacts.vcf"
    file.write_text("")

    def add(address: str, name: str, _: int) -> None:
        with file.open("a", newline="") as lines:
            lines.write(f"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:{name}\r\nN:{name};;;;\r\n")
            lines.write(f"ORG:{COMPANY};Sales\r\nEMAIL:{address}\r\nEND:VCARD\r\n")

    yield Place(VcardSource(file), add, has_owners=False, goes_on=False)


@asynccontextmanager
async def hubspot(_: Path) -> AsyncIterator[Place]:
    there = Hubspot(owners={BOB: "11"})
    async with http_server(there) as server:

        def add(address: str, name: str, minute: int) -> None:
            first, _, last = name.partition(" ")
            there.contacts[there.number()] = {
                "email": address,
                "firstname": first,
                "lastname": last,
                "company": COMPANY,
                "hubspot_owner_id": "11",
                "lastmodifieddate": f"2026-11-23T12:{minute:02}:00.000Z",
                "private": "true" if name == "Private" else None,
            }

        client = hubspot_client(TOKEN, settings(server), lambda: NOON)
        yield Place(HubspotSource(client, never_log="private"), add, server=server)


@asynccontextmanager
async def espocrm(_: Path) -> AsyncIterator[Place]:
    there = Espo()
    owner = there.add("User", emailAddress=BOB, modifiedAt="2026-01-01 00:00:00")
    async with http_server(there) as server:

        def add(address: str, name: str, minute: int) -> None:
            there.add(
                "Contact",
                emailAddress=address,
                name=name,
                assignedUserId=owner,
                accountName=COMPANY,
                modifiedAt=f"2026-11-23 12:{minute:02}:00",
                cPrivate=name == "Private",
            )

        client = espo_client(espo_server.KEY, settings(server), lambda: NOON)
        yield Place(EspoSource(client, never_log="cPrivate"), add, server=server)


@asynccontextmanager
async def odoo(_: Path) -> AsyncIterator[Place]:
    there = Odoo()
    owner = there.add("res.users", login=BOB)
    async with http_server(there) as server:

        def add(address: str, name: str, minute: int) -> None:
            there.add(
                "res.partner",
                email=address,
                email_normalized=address.lower(),
                name=name,
                user_id=[owner, "Bob"],
                commercial_company_name=COMPANY,
                write_date=f"2026-11-23 12:{minute:02}:00",
                x_private=name == "Private",
            )

        api = odoo_api(odoo_server.KEY, settings(server), lambda: NOON)
        yield Place(OdooSource(api, never_log="x_private"), add, server=server)


@asynccontextmanager
async def salesforce(_: Path) -> AsyncIterator[Place]:
    there = Salesforce(batch=2)
    owner = there.add("User", Email=BOB)
    account = there.add("Account", Name=COMPANY)
    async with http_server(there) as server:

        def add(address: str, name: str, minute: int) -> None:
            there.add(
                "Contact",
                Email=address,
                Name=name,
                OwnerId=owner,
                AccountId=account,
                LastModifiedDate=f"2026-11-23T12:{minute:02}:00.000+0000",
                Private__c=name == "Private",
            )

        secret = f"{salesforce_server.ID}:{salesforce_server.SECRET}"
        api = SalesforceApi(secret, settings(server), lambda: NOON)
        yield Place(SalesforceSource(api, never_log="Private__c"), add, server=server)


PLACES = [csv_file, vcard, hubspot, espocrm, odoo, salesforce]
Opens = Callable[[Path], AbstractAsyncContextManager[Place]]


@pytest.fixture(params=PLACES, ids=lambda opens: opens.__name__)
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    """Each source."""
    async with request.param(tmp_path) as made:
        yield made
        await made.source.close()


@pytest.fixture(params=PLACES[2:], ids=lambda opens: opens.__name__)
async def remote(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    """Each source that is asked over HTTP."""
    async with request.param(tmp_path) as made:
        yield made
        await made.source.close()


def addresses(found: Found) -> set[str]:
    return {one.address for one in found.contacts}


async def test_an_empty_source_has_nobody(place: Place) -> None:
    assert (await place.source.read("")).contacts == ()


async def test_a_contact_is_told_with_its_name_and_owner(place: Place) -> None:
    place.add("ann@client.example", "Ann Archer", 0)
    (one,) = (await place.source.read("")).contacts
    assert (one.address, one.name) == ("ann@client.example", "Ann Archer")
    assert one.owner == (BOB if place.has_owners else "")


async def test_a_contact_is_told_with_what_its_company_is_called(place: Place) -> None:
    place.add("ann@client.example", "Ann Archer", 0)
    (one,) = (await place.source.read("")).contacts
    assert one.company == COMPANY


async def test_who_is_not_to_be_logged_is_told(place: Place) -> None:
    if not place.has_owners:
        pytest.skip("a vCard does not say so")
    place.add("ann@client.example", "Ann Archer", 0)
    place.add("zed@client.example", "Private", 0)
    found = (await place.source.read("")).contacts
    assert {one.address: one.never_log for one in found} == {
        "ann@client.example": False,
        "zed@client.example": True,
    }


async def test_all_of_many_are_told_once(place: Place) -> None:
    expected = {f"c{number}@client.example" for number in range(450)}
    for one in sorted(expected):
        place.add(one, "Somebody", 0)
    found = await place.source.read("")
    assert (len(found.contacts), addresses(found)) == (450, expected)


async def test_the_next_look_brings_what_changed(place: Place) -> None:
    place.add("old@client.example", "Old", 0)
    place.add("edge@client.example", "Edge", 20)
    mark = (await place.source.read("")).mark
    place.add("new@client.example", "New", 30)
    found = addresses(await place.source.read(mark))
    assert {"edge@client.example", "new@client.example"} <= found
    assert ("old@client.example" in found) is not place.goes_on


async def test_a_look_that_brings_nothing_keeps_the_mark(remote: Place) -> None:
    remote.add("ann@client.example", "Ann", 0)
    mark = (await remote.source.read("")).mark
    assert (await remote.source.read("2026-11-24T12:00:00.000+00:00")).contacts == ()
    assert (await remote.source.read(mark)).mark == mark


async def test_a_wrong_credential_is_told_apart(remote: Place) -> None:
    assert remote.server is not None
    remote.server.always = Answer(401, {"message": "not you"})
    with pytest.raises(SinkDeniedError, match="not you"):
        await remote.source.read("")


async def test_one_that_is_away_says_so(remote: Place) -> None:
    assert remote.server is not None
    remote.server.always = CUT
    with pytest.raises(SinkUnavailableError):
        await remote.source.read("")
