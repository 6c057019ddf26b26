"""More contacts than one query of HubSpot tells."""

from __future__ import annotations

import pytest

from gateway.sinks.crm import CrmSettings
from gateway.sinks.hubspot_api import hubspot_client
from gateway.sync import hubspot
from gateway.sync.hubspot import HubspotSource
from tests.http_server import http_server
from tests.sinks.hubspot_server import TOKEN, Hubspot
from tests.sinks.parcels import NOON


async def test_it_goes_on_behind_the_most_that_one_query_tells(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hubspot, "MOST", 400)
    there = Hubspot(most=400)
    for number in range(1000):
        there.contacts[str(number)] = {
            "email": f"c{number}@client.example",
            "lastmodifieddate": f"2026-11-23T12:{number // 60:02}:{number % 60:02}.000Z",
            "hs_email_optout": "true" if number == 7 else None,
        }
    async with http_server(there) as server:
        settings = CrmSettings(server.url, timeout_s=30.0, requests_per_second=10_000.0)
        source = HubspotSource(hubspot_client(TOKEN, settings, lambda: NOON), opt_outs=True)
        found = await source.read("2026-11-23T12:00:00+00:00")
        await source.close()
    assert len({one.address for one in found.contacts}) == 1000
    assert [one.address for one in found.contacts if one.never_log] == ["c7@client.example"]
    assert found.mark == "2026-11-23T12:11:39+00:00"
