"""Reads what a CRM has logged by itself, through its API: HubSpot and EspoCRM.

Standards: HubSpot's search guide over emails, and the emails guide ("Set email headers"); EspoCRM's
"API search parameters", and the entity definition of Email, whose `messageId` its own reader fills.

Limits: neither has met the real service. HubSpot tells no Message-ID; more than 10,000 emails in
the time asked for are not read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from gateway.mail.addresses import key_of, parse_addresses
from gateway.sinks.crm import CrmClient
from gateway.sinks.espocrm import FIELDS
from gateway.sinks.hubspot import PROPERTY
from gateway.sync.shadow import Logged

PAGE: Final = 200
MOST: Final = 10_000


async def logged_by_hubspot(client: CrmClient, since: datetime) -> list[Logged]:
    """Return the emails since then that are not of this gateway. Raises what answers mean."""
    properties = ["hs_timestamp", "hs_email_subject", "hs_email_headers"]
    # A property that is not there yet may not be asked for.
    if await client.find("GET", f"/crm/v3/properties/emails/{PROPERTY}") is not None:
        properties.append(PROPERTY)
    millis = str(int(since.timestamp() * 1000))
    term = {"propertyName": "hs_timestamp", "operator": "GTE", "value": millis}
    asked: dict[str, Any] = {
        "filterGroups": [{"filters": [term]}],
        "sorts": [{"propertyName": "hs_timestamp", "direction": "ASCENDING"}],
        "properties": properties,
        "limit": PAGE,
    }
    rows: list[dict[str, Any]] = []
    while len(rows) < MOST:
        said = await client.call("POST", "/crm/v3/objects/emails/search", json=asked)
        rows += said["results"]
        if not (after := said.get("paging", {}).get("next", {}).get("after")):
            break
        asked["after"] = str(after)
    return [_of_hubspot(row) for row in rows if not row["properties"].get(PROPERTY)]


async def logged_by_espocrm(client: CrmClient, since: datetime) -> list[Logged]:
    """Return the Emails since then that are not of this gateway. Raises what answers mean."""
    known = await client.call("GET", "Metadata", params={"key": "entityDefs.Email.fields"})
    ours = next((name for name in FIELDS if name in (known or {})), "")
    select = ",".join(filter(None, ("id", "name", "messageId", "dateSent", "fromString", ours)))
    asked: dict[str, str | int] = {"maxSize": PAGE, "select": select}
    asked |= {"orderBy": "dateSent", "order": "asc"}
    asked |= {"where[0][type]": "greaterThanOrEquals", "where[0][attribute]": "dateSent"}
    asked["where[0][value]"] = since.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    rows: list[dict[str, Any]] = []
    while True:
        said = await client.call("GET", "Email", params={**asked, "offset": len(rows)})
        rows += said["list"]
        if len(said["list"]) < PAGE:
            break
    return [_of_espocrm(row) for row in rows if not (ours and row.get(ours))]


def _of_hubspot(row: Mapping[str, Any]) -> Logged:
    told = row["properties"]
    try:
        author = json.loads(told.get("hs_email_headers") or "{}").get("from", {}).get("email", "")
    except (ValueError, AttributeError):
        author = ""
    return Logged(
        theirs=str(row["id"]),
        at=datetime.fromisoformat(told["hs_timestamp"]),
        author=key_of(author),
        subject=told.get("hs_email_subject") or "",
    )


def _of_espocrm(row: Mapping[str, Any]) -> Logged:
    authors, _ = parse_addresses((row.get("fromString") or "").encode())
    return Logged(
        theirs=str(row["id"]),
        at=datetime.strptime(row["dateSent"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC),
        author=authors[0].key if authors else "",
        subject=row.get("name") or "",
        message_id=(row.get("messageId") or "").strip("<>"),
    )
