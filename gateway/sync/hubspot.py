"""Contacts and owners out of HubSpot.

Standards: contacts guide ("Retrieve contacts": pages of at most 100), search guide (pages of at
most 200, sorted; "limited to 10,000 total results for any given query", behind which it goes on
from the last time that was seen), owners guide; as its documentation had it in 2026-11. What
changed is found by `lastmodifieddate`; "it may take a few moments" until a change is found, so each
look begins some minutes before the end of the last.

Limits: it has never met the real service. Contacts that were deleted there stay here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from gateway.sinks.crm import CrmClient
from gateway.sync.found import Found, FoundContact

OVERLAP: Final = timedelta(minutes=5)
MOST: Final = 10_000
"""Results of one query."""
LIST_PAGE, SEARCH_PAGE = 100, 200
CONTACTS: Final = "/crm/v3/objects/contacts"
PROPERTIES: Final = (
    *("email", "firstname", "lastname", "hubspot_owner_id", "hs_additional_emails"),
    *("hs_email_optout", "lastmodifieddate", "company"),
)
_YES = frozenset({"true", "yes"})


class HubspotSource:
    """One account."""

    def __init__(self, client: CrmClient, *, never_log: str = "", opt_outs: bool = False) -> None:
        """Take the parts; `never_log` names a property that keeps a contact out of the log.

        With `opt_outs` a contact who opted out of email is kept out as well.
        """
        self._client = client
        self._never_log = never_log
        self._opt_outs = opt_outs

    async def read(self, mark: str) -> Found:
        """Return the contacts that changed. Raises what the answers mean."""
        owners = await self._owners()
        rows = await (self._changed(mark) if mark else self._all())
        contacts = tuple(
            contact for row in rows if (contact := self._contact(row["properties"], owners))
        )
        times = [row["properties"].get("lastmodifieddate") or "" for row in rows]
        newest = max(filter(None, times), default="")
        at = (datetime.fromisoformat(newest) - OVERLAP).isoformat() if newest else mark
        return Found(contacts, mark=at)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _owners(self) -> dict[str, str]:
        """Return the address of each owner, by id."""
        found: dict[str, str] = {}
        asked: dict[str, str | int] = {"limit": 100}
        while True:
            said = await self._client.call("GET", "/crm/v3/owners", params=asked)
            found |= {str(one["id"]): one.get("email") or "" for one in said["results"]}
            if not (after := _after(said)):
                return found
            asked["after"] = after

    async def _all(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        asked: dict[str, str | int] = {"limit": LIST_PAGE, "properties": ",".join(self._properties)}
        while True:
            said = await self._client.call("GET", CONTACTS, params=asked)
            found += said["results"]
            if not (after := _after(said)):
                return found
            asked["after"] = after

    async def _changed(self, since: str) -> list[dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        while True:
            rows = await self._search(since)
            found |= {str(row["id"]): row for row in rows}
            newest = rows[-1]["properties"]["lastmodifieddate"] if rows else since
            if len(rows) < MOST or newest == since:
                return list(found.values())
            since = newest

    async def _search(self, since: str) -> list[dict[str, Any]]:
        """Return what changed since then, oldest first, as much as one query gives."""
        millis = int(datetime.fromisoformat(since).astimezone(UTC).timestamp() * 1000)
        term = {"propertyName": "lastmodifieddate", "operator": "GTE", "value": str(millis)}
        asked: dict[str, Any] = {
            "filterGroups": [{"filters": [term]}],
            "sorts": [{"propertyName": "lastmodifieddate", "direction": "ASCENDING"}],
            "properties": self._properties,
            "limit": SEARCH_PAGE,
        }
        found: list[dict[str, Any]] = []
        while True:
            said = await self._client.call("POST", f"{CONTACTS}/search", json=asked)
            found += said["results"]
            after = _after(said)
            if not after or len(found) >= MOST:
                return found
            asked["after"] = after

    @property
    def _properties(self) -> list[str]:
        return [*PROPERTIES, *filter(None, (self._never_log,))]

    def _contact(
        self, told: Mapping[str, str | None], owners: Mapping[str, str]
    ) -> FoundContact | None:
        address = (told.get("email") or "").strip()
        if not address:
            return None
        further = (told.get("hs_additional_emails") or "").split(";")
        name = f"{told.get('firstname') or ''} {told.get('lastname') or ''}".strip()
        named = [self._never_log] if self._never_log else []
        named += ["hs_email_optout"] if self._opt_outs else []
        listed = any((told.get(one) or "").casefold() in _YES for one in named)
        return FoundContact(
            address=address,
            name=name,
            owner=owners.get(told.get("hubspot_owner_id") or "", ""),
            further=tuple(one.strip() for one in further if one.strip()),
            never_log=listed if named else None,
            company=(told.get("company") or "").strip(),
        )


def _after(said: Mapping[str, Any]) -> str:
    """Return where the next page begins; empty behind the last."""
    return str(said.get("paging", {}).get("next", {}).get("after", ""))
