"""Both timelines held against each other: who has what, and why we have it not."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from gateway.model.decision import Outcome, Reason
from gateway.model.entry import Entry
from gateway.sinks.crm import CrmSettings
from gateway.sinks.espocrm import EspoSink, espo_client
from gateway.sinks.hubspot import HubspotSink
from gateway.sinks.hubspot_api import hubspot_client
from gateway.sync.logged import logged_by_espocrm, logged_by_hubspot
from gateway.sync.shadow import Logged, Pair, Where, compare
from tests.http_server import HttpServer, http_server
from tests.sinks import espo_server
from tests.sinks.espo_server import Espo
from tests.sinks.hubspot_server import TOKEN, Hubspot
from tests.sinks.parcels import ANN, ENTRY, NOON, entry, logged

SINCE = NOON - timedelta(days=1)


def theirs(name: str = "7", *, minutes: int = 0, **told: Any) -> Logged:
    plain = {"author": ANN, "subject": "Re: offer"}
    return Logged(name, NOON + timedelta(minutes=minutes), **{**plain, **told})


def wheres(pairs: list[Pair]) -> list[str]:
    return [str(pair.where) for pair in pairs]


def ours(number: int = 1, *, minutes: int = 0, **told: Any) -> Entry:
    at: datetime = NOON + timedelta(minutes=minutes)
    plain: dict[str, Any] = {"message_id": f"{number}@client.example"}
    return entry(entry_id=f"{number:016x}", received_at=at, **{**plain, **told})


def test_what_both_have_is_told_by_its_message_id() -> None:
    (pair,) = compare([theirs(message_id="1@client.example", subject="odd")], [ours()])
    assert pair.where is Where.BOTH


def test_without_a_message_id_author_subject_and_time_tell() -> None:
    pairs = compare([theirs(subject="offer", minutes=3)], [ours()])
    assert wheres(pairs) == ["both"]


def test_another_message_id_is_another_message() -> None:
    pairs = compare([theirs(message_id="2@client.example")], [ours()])
    assert sorted(wheres(pairs)) == ["only ours", "only theirs"]


def test_times_far_apart_are_two_messages() -> None:
    assert len(compare([theirs(minutes=30)], [ours()])) == 2


def test_each_of_two_alike_has_its_own_counterpart() -> None:
    pairs = compare([theirs("7"), theirs("8", minutes=5)], [ours(1), ours(2, minutes=4)])
    assert wheres(pairs) == ["both", "both"]
    assert {
        pair.logged.theirs: pair.entry.message_id for pair in pairs if pair.logged and pair.entry
    } == {
        "7": "1@client.example",
        "8": "2@client.example",
    }


def test_what_only_they_have_says_why_we_do_not() -> None:
    passed = ours(outcome=Outcome.NOT_LOGGED, reason=Reason.SENT_NOT_MARKED)
    (pair,) = compare([theirs()], [passed])
    assert (pair.where, pair.entry) == (Where.THEIRS, passed)


def test_what_never_came_by_has_no_entry() -> None:
    (pair,) = compare([theirs()], [])
    assert (pair.where, pair.entry) == (Where.THEIRS, None)


def test_what_neither_has_is_not_told() -> None:
    assert compare([], [ours(outcome=Outcome.NOT_LOGGED)]) == []


def settings(server: HttpServer) -> CrmSettings:
    return CrmSettings(url=server.url, timeout_s=5.0, requests_per_second=10_000.0)


async def test_hubspot_tells_its_own_emails_and_not_ours() -> None:
    there = Hubspot()
    there.emails["900"] = {
        "hs_timestamp": "2026-11-23T12:00:30.000Z",
        "hs_email_subject": "Re: offer",
        "hs_email_headers": '{"from": {"email": "Ann@Client.example"}}',
    }
    async with http_server(there) as server:
        sink = HubspotSink("crm", TOKEN, settings(server), clock=lambda: NOON)
        client = hubspot_client(TOKEN, settings(server), lambda: NOON)
        before = await logged_by_hubspot(client, SINCE)
        there.emails["900"]["replygate_entry"] = ""
        await sink.push(logged())
        after = await logged_by_hubspot(client, SINCE)
        assert len(there.emails) == 2
        await sink.close()
        await client.close()
    assert before == after
    (one,) = after
    assert (one.theirs, one.author, one.subject) == ("900", ANN, "Re: offer")


async def test_hubspot_is_read_page_by_page() -> None:
    there = Hubspot()
    for number in range(450):
        there.emails[str(number)] = {"hs_timestamp": "2026-11-23T12:00:30.000Z"}
    async with http_server(there) as server:
        client = hubspot_client(TOKEN, settings(server), lambda: NOON)
        assert len({one.theirs for one in await logged_by_hubspot(client, SINCE)}) == 450
        await client.close()


async def test_espocrm_tells_its_own_emails_with_their_message_ids() -> None:
    there = Espo()
    number = there.add(
        "Email", name="Re: offer", messageId="<1@client.example>", dateSent="2026-11-23 12:00:00",
        fromString=f"Ann <{ANN}>",
    )  # fmt: skip
    there.add("Email", name="old", dateSent="2026-01-01 12:00:00", fromString=ANN)
    async with http_server(there) as server:
        sink = EspoSink("crm", espo_server.KEY, settings(server), clock=lambda: NOON)
        await sink.push(logged())
        client = espo_client(espo_server.KEY, settings(server), lambda: NOON)
        found = await logged_by_espocrm(client, SINCE)
        await sink.close()
        await client.close()
    assert [(one.theirs, one.author, one.message_id) for one in found] == [
        (number, ANN, "1@client.example")
    ]
    assert wheres(compare(found, [entry(entry_id=ENTRY)])) == ["both"]
