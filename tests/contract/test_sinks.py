"""What every sink keeps to, whatever it speaks."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from gateway.interfaces import Sink, SinkDeniedError, SinkRefusedError, SinkUnavailableError
from gateway.model.handover import Kind
from gateway.sinks.crm import CrmSettings
from gateway.sinks.espocrm import EspoSink
from gateway.sinks.hubspot import HubspotSink
from gateway.sinks.jsonl import JsonlSink
from gateway.sinks.odoo import OdooSink
from gateway.sinks.salesforce import SalesforceSink
from gateway.sinks.webhook import WebhookSink
from tests.http_server import CUT, CUT_AFTER, SILENT, Answer, HttpServer, http_server
from tests.sinks import espo_server, odoo_server, salesforce_server
from tests.sinks.espo_server import Espo
from tests.sinks.hubspot_server import TOKEN, Hubspot
from tests.sinks.odoo_server import Odoo
from tests.sinks.parcels import ENTRY, NOON, entry, gone, logged
from tests.sinks.salesforce_server import Salesforce

SECRET = "whsec_" + base64.b64encode(b"k" * 24).decode()


@dataclass
class Place:
    """A sink, and what stands at its other end."""

    sink: Sink
    subjects: Callable[[], dict[str, str]]
    """The subject of each entry that is there, by our id; the last word counts."""
    server: HttpServer | None = None


def by_events(events: list[dict[str, object]]) -> dict[str, str]:
    """Return what a receiver of events knows, each event counted once by its key."""
    found: dict[str, str] = {}
    for event in {str(event["id"]): event for event in events}.values():
        told = event["data"]
        assert isinstance(told, dict)
        if event["type"] in {"email.removed", "email.erased"}:
            found.pop(told["entry"])
        else:
            found[told["entry"]] = told["subject"]
    return found


@asynccontextmanager
async def jsonl(folder: Path) -> AsyncIterator[Place]:
    file = folder / "told.jsonl"

    def subjects() -> dict[str, str]:
        return by_events([json.loads(line) for line in file.read_text().splitlines()])

    yield Place(JsonlSink("crm", file), subjects)


@asynccontextmanager
async def webhook(_: Path) -> AsyncIterator[Place]:
    taken: list[dict[str, object]] = []

    async with http_server(lambda request: taken.append(request.json()) or Answer(204)) as server:
        sink = WebhookSink("crm", f"{server.url}/in", SECRET, clock=lambda: NOON, timeout_s=1.5)
        yield Place(sink, lambda: by_events(taken), server)


@asynccontextmanager
async def hubspot(_: Path) -> AsyncIterator[Place]:
    account = Hubspot()
    async with http_server(account) as server:
        sink = HubspotSink("crm", TOKEN, _settings(server), clock=lambda: NOON)
        yield Place(sink, account.subjects, server)


@asynccontextmanager
async def espocrm(_: Path) -> AsyncIterator[Place]:
    there = Espo()
    async with http_server(there) as server:
        sink = EspoSink("crm", espo_server.KEY, _settings(server), clock=lambda: NOON)
        yield Place(sink, there.subjects, server)


@asynccontextmanager
async def odoo(_: Path) -> AsyncIterator[Place]:
    there = Odoo()
    async with http_server(there) as server:
        sink = OdooSink("crm", odoo_server.KEY, _settings(server), clock=lambda: NOON)
        yield Place(sink, there.subjects, server)


@asynccontextmanager
async def odoo_rpc(_: Path) -> AsyncIterator[Place]:
    there = Odoo("acme")
    async with http_server(there) as server:
        secret = f"{odoo_server.LOGIN}:{odoo_server.KEY}"
        chosen = replace(_settings(server), database="acme")
        sink = OdooSink("crm", secret, chosen, clock=lambda: NOON)
        yield Place(sink, there.subjects, server)


@asynccontextmanager
async def salesforce(_: Path) -> AsyncIterator[Place]:
    there = Salesforce()
    async with http_server(there) as server:
        secret = f"{salesforce_server.ID}:{salesforce_server.SECRET}"
        sink = SalesforceSink("crm", secret, _settings(server), clock=lambda: NOON)
        yield Place(sink, there.subjects, server)


def _settings(server: HttpServer) -> CrmSettings:
    return CrmSettings(url=server.url, timeout_s=1.5, requests_per_second=10_000.0)


PLACES = [jsonl, webhook, hubspot, espocrm, odoo, odoo_rpc, salesforce]
Opens = Callable[[Path], AbstractAsyncContextManager[Place]]


@pytest.fixture(params=PLACES, ids=lambda opens: opens.__name__)
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    """Each sink."""
    async with request.param(tmp_path) as made:
        yield made
        await made.sink.close()


@pytest.fixture(params=[one for one in PLACES if one is not jsonl], ids=lambda o: o.__name__)
async def remote(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    """Each sink that speaks to a server."""
    async with request.param(tmp_path) as made:
        yield made
        await made.sink.close()


async def test_a_logged_message_is_there_when_push_returns(place: Place) -> None:
    await place.sink.push(logged())
    assert place.subjects() == {ENTRY: "Re: offer"}


async def test_the_same_key_twice_does_no_harm(place: Place) -> None:
    await place.sink.push(logged())
    await place.sink.push(logged())
    assert place.subjects() == {ENTRY: "Re: offer"}


async def test_what_changed_is_told_on_the_same_entry(place: Place) -> None:
    theirs = await place.sink.push(logged())
    changed = entry(subject="Re: better offer")
    await place.sink.push(logged(changed, key="evt_2", number=2, known=True, theirs=theirs))
    assert place.subjects() == {ENTRY: "Re: better offer"}


@pytest.mark.parametrize("kind", [Kind.REMOVED, Kind.ERASED])
async def test_what_is_gone_is_taken_back(place: Place, kind: Kind) -> None:
    theirs = await place.sink.push(logged())
    await place.sink.push(gone(kind, theirs))
    assert place.subjects() == {}


async def test_a_message_whose_octets_are_gone_is_told_all_the_same(place: Place) -> None:
    await place.sink.push(logged(kept=False))
    assert place.subjects() == {ENTRY: "Re: offer"}


async def test_half_a_character_of_odd_mail_is_no_trouble(place: Place) -> None:
    await place.sink.push(logged(entry(subject="odd \udc80")))
    assert place.subjects()[ENTRY].startswith("odd ")


@pytest.mark.parametrize("code", [401, 403])
async def test_a_wrong_credential_is_told_apart(remote: Place, code: int) -> None:
    assert remote.server is not None
    remote.server.always = Answer(code, {"message": "not you"})
    with pytest.raises(SinkDeniedError, match="not you"):
        await remote.sink.push(logged())


@pytest.mark.parametrize("code", [400, 409, 413, 422])
async def test_a_bad_request_is_refused_for_good(remote: Place, code: int) -> None:
    assert remote.server is not None
    remote.server.always = Answer(code, {"message": "no such field"})
    with pytest.raises(SinkRefusedError, match="no such field"):
        await remote.sink.push(logged())


@pytest.mark.parametrize("code", [404, 429, 502, 503, 504])
async def test_a_server_that_is_away_is_left_alone_as_a_whole(remote: Place, code: int) -> None:
    assert remote.server is not None
    remote.server.always = Answer(code)
    with pytest.raises(SinkUnavailableError) as raised:
        await remote.sink.push(logged())
    assert raised.value.everything


async def test_an_inner_error_is_about_the_one_push(remote: Place) -> None:
    assert remote.server is not None
    remote.server.always = Answer(500)
    with pytest.raises(SinkUnavailableError) as raised:
        await remote.sink.push(logged())
    assert not raised.value.everything


async def test_the_server_says_how_long_to_wait(remote: Place) -> None:
    assert remote.server is not None
    remote.server.always = Answer(429, headers={"retry-after": "11"})
    with pytest.raises(SinkUnavailableError) as raised:
        await remote.sink.push(logged())
    assert raised.value.retry_after_s == 11


async def test_the_server_may_say_it_as_a_date(remote: Place) -> None:
    assert remote.server is not None
    date = "Mon, 23 Nov 2026 12:01:00 GMT"
    remote.server.always = Answer(503, headers={"retry-after": date})
    with pytest.raises(SinkUnavailableError) as raised:
        await remote.sink.push(logged())
    assert raised.value.retry_after_s == 60


@pytest.mark.parametrize("answer", [CUT, SILENT, Answer(302, headers={"location": "/x"})])
async def test_no_answer_is_no_loss(remote: Place, answer: Answer) -> None:
    assert remote.server is not None
    remote.server.next = [answer]
    with pytest.raises(SinkUnavailableError):
        await remote.sink.push(logged())
    await remote.sink.push(logged())
    assert remote.subjects() == {ENTRY: "Re: offer"}


async def test_a_connection_that_is_cut_after_the_work_makes_no_second_entry(
    remote: Place,
) -> None:
    assert remote.server is not None
    await remote.sink.push(logged())
    before = len(remote.server.requests)
    await remote.sink.push(logged())
    asked = len(remote.server.requests) - before
    for number in range(asked):
        remote.server.next = [*[None] * number, CUT_AFTER]
        with pytest.raises(SinkUnavailableError):
            await remote.sink.push(logged())
        remote.server.next = []
        await remote.sink.push(logged())
    assert remote.subjects() == {ENTRY: "Re: offer"}


async def test_a_server_that_is_not_there_is_away(remote: Place) -> None:
    assert remote.server is not None
    remote.server.always = CUT
    with pytest.raises(SinkUnavailableError) as raised:
        await remote.sink.push(logged())
    assert raised.value.everything
