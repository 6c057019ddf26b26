"""Logs entries on the timeline of HubSpot: one email of theirs for one entry of ours.

It is tied to the contacts whom the message names, their companies and deals; a contact who got it
blindly has an email of his own, tied to nothing else (D-22). An email of ours is known there by a
property with unique values, `replygate_entry`, which is made at first use; writing is by that
property, so that nothing is there twice whatever was cut off.

Standards: HubSpot's public API v3 (associations v4), as its documentation had it in 2026-11:
emails guide ("Create an email", "Set email headers"), contacts guide, properties guide, "Upsert a
batch", files guide ("Upload a file", "Delete a file"), owners guide, associations v4 ("Associate
records without a label"), search guide, "Handling errors", "API usage guidelines and limits".
A token of a private app is needed, whose scopes allow reading owners, companies and deals; reading
and writing contacts, emails and their properties; and files.

Limits: it was tested against a stand-in that was written from that documentation, and has never
met the real service. No documented call ends an enrolment in a sequence: `sequence.unenrolled` is
passed over. An email that is deleted can be restored there for a while; one that is erased is
emptied before. A tie to a contact that was merged here stays until it is merged there too.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final
from urllib.parse import quote

from gateway.interfaces import SinkRefusedError
from gateway.model.decision import Reason
from gateway.model.entry import Entry
from gateway.model.envelope import Direction
from gateway.model.handover import Kind, Parcel, Showing
from gateway.model.message import Address
from gateway.sinks.crm import CrmSettings, names_of, told_text, whole
from gateway.sinks.hubspot_api import hubspot_client
from gateway.sinks.hubspot_files import HubspotFiles

PROPERTY: Final = "replygate_entry"
GROUP: Final = "replygate"
TEXT_LIMIT: Final = 65_536
"""Characters of one property (knowledge base, "Property field types in HubSpot")."""
PRIMARY: Final = 1
"""The type of the tie between a contact and its primary company (associations v4, type ids)."""
_EMPTY: Final = {"hs_email_subject": "", "hs_email_text": "", "hs_email_headers": "{}"}


class HubspotSink:
    """The timeline of one HubSpot account."""

    def __init__(
        self,
        name: str,
        token: str,
        settings: CrmSettings,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self.name = name
        self._settings = settings
        self._api = hubspot_client(token, settings, clock)
        self._files = HubspotFiles(self._api, settings)
        self._ready = False
        self._owners: dict[str, str] = {}

    async def push(self, parcel: Parcel) -> str:
        """Tell one event; return the ids of its emails. Raises what the answers mean."""
        kind, entry = parcel.push.kind, parcel.entry
        if kind in {Kind.REMOVED, Kind.ERASED}:
            for email in parcel.push.theirs.split():
                await self._remove(email, erase=kind is Kind.ERASED)
            return ""
        if kind is Kind.UNENROLLED or entry is None:
            return ""
        await self._make_ready()
        showings = parcel.showings(blind=self._settings.blind)
        people = [await self._contacts(one, parcel) for one in showings]
        files = await self._files.upload(parcel, entry) if showings else {}
        properties = await self._properties(parcel, entry, files) if showings else {}
        emails = [
            await self._show(one, contacts, properties)
            for one, contacts in zip(showings, people, strict=True)
        ]
        for email in set(parcel.push.theirs.split()) - set(emails):
            # It is for somebody whom the entry is not shown to any more; the others need the files.
            await self._api.find("DELETE", f"/crm/v3/objects/emails/{email}")
        return " ".join(emails)

    async def _show(self, one: Showing, contacts: list[str], properties: Mapping[str, str]) -> str:
        """Write one email and tie it; return its id."""
        email = await self._upsert(one.name, properties)
        if one.blind:
            # A company and a deal show their mail to others.
            for contact in contacts:
                await self._put(email, "contacts", contact)
        else:
            await self._tie(email, contacts)
        return email

    async def close(self) -> None:
        """Close the connections."""
        await self._api.close()

    async def _make_ready(self) -> None:
        """See that the property is there by which emails are known; once, it is remembered."""
        if self._ready:
            return
        place = "/crm/v3/properties/emails"
        if await self._api.find("GET", f"{place}/{PROPERTY}") is None:
            group = {"name": GROUP, "label": "Replygate"}
            await self._api.call("POST", f"{place}/groups", json=group, conflict=True)
            made = {
                "name": PROPERTY,
                "label": "Replygate entry",
                "groupName": GROUP,
                "type": "string",
                "fieldType": "text",
                "hasUniqueValue": True,
            }
            await self._api.call("POST", place, json=made, conflict=True)
        self._ready = True

    async def _contacts(self, one: Showing, parcel: Parcel) -> list[str]:
        """Return the ids of those on whose timelines it is to stand."""
        return [found for key in one.contacts if (found := await self._contact(key, parcel))]

    async def _contact(self, key: str, parcel: Parcel) -> str:
        """Return the id of a contact, found or made; empty when policy makes none."""
        place = f"/crm/v3/objects/contacts/{quote(key, safe='')}?idProperty=email"
        found = await self._api.find("GET", place)
        if found is None and self._settings.create_contacts:
            first, last = names_of(parcel.names.get(key, ""))
            properties = {"email": key, "firstname": first, "lastname": last}
            body = {"properties": {name: value for name, value in properties.items() if value}}
            # Somebody else may make the same one meanwhile: 409, and then it can be found.
            made = await self._api.call(
                "POST", "/crm/v3/objects/contacts", json=body, conflict=True
            )
            found = made or await self._api.find("GET", place)
        return str(found["id"]) if found else ""

    async def _owner(self, user: str) -> str:
        """Return the id of the owner with this address; empty where there is none."""
        if user and user not in self._owners:
            said = await self._api.call("GET", "/crm/v3/owners", params={"email": user, "limit": 1})
            owners = said.get("results", [])
            if not owners:
                # Who is not there today may be tomorrow.
                return ""
            self._owners[user] = str(owners[0]["id"])
        return self._owners.get(user, "")

    async def _properties(
        self, parcel: Parcel, entry: Entry, files: Mapping[str, str]
    ) -> dict[str, str]:
        """Return the properties of the email (emails guide, "Properties")."""
        told = {
            "hs_timestamp": entry.received_at.isoformat(timespec="milliseconds").replace(
                "+00:00", "Z"
            ),
            "hs_email_direction": _direction(entry),
            "hs_email_status": "SENT",
            "hs_email_subject": entry.subject,
            "hs_email_text": told_text(entry, list(files), TEXT_LIMIT),
            "hs_email_headers": _headers(parcel, entry),
            # "Multiple attachment IDs are separated by a semi-colon."
            "hs_attachment_ids": ";".join(files.values()),
            "hubspot_owner_id": await self._owner(entry.user),
        }
        needed = {"hs_email_subject", "hs_email_text"}
        return {name: whole(value) for name, value in told.items() if value or name in needed}

    async def _upsert(self, name: str, properties: Mapping[str, str]) -> str:
        """Write an email; return its id ("Upsert a batch of emails by unique property")."""
        told = {**properties, PROPERTY: name}
        row = {"idProperty": PROPERTY, "id": name, "properties": told}
        said = await self._api.call(
            "POST", "/crm/v3/objects/emails/batch/upsert", json={"inputs": [row]}
        )
        if not said.get("results"):
            faults = said.get("errors") or [{"message": "it names no email in its answer"}]
            raise SinkRefusedError(f"HubSpot did not write the email: {faults[0]['message']}")
        return str(said["results"][0]["id"])

    async def _tie(self, email: str, contacts: list[str]) -> None:
        """Tie the email to contacts, their primary companies, and their newest open deals."""
        for contact in contacts:
            await self._put(email, "contacts", contact)
        companies = [found for one in contacts if (found := await self._company(one))]
        for company in dict.fromkeys(companies):
            await self._put(email, "companies", company)
        for deal in await self._deals(contacts):
            await self._put(email, "deals", deal)

    async def _put(self, email: str, kind: str, number: str) -> None:
        place = f"/crm/v4/objects/emails/{email}/associations/default/{kind}/{number}"
        await self._api.call("PUT", place)

    async def _company(self, contact: str) -> str:
        place = f"/crm/v4/objects/contacts/{contact}/associations/companies"
        said = await self._api.call("GET", place, params={"limit": 500})
        for one in said.get("results", []):
            if any(
                kind["category"] == "HUBSPOT_DEFINED" and kind["typeId"] == PRIMARY
                for kind in one["associationTypes"]
            ):
                return str(one["toObjectId"])
        return ""

    async def _deals(self, contacts: list[str]) -> list[str]:
        """Return the newest open deals of all contacts (search guide, "Search through ties")."""
        if not self._settings.deals or not contacts:
            return []
        found: dict[str, str] = {}
        for contact in contacts:
            asked = {
                "filterGroups": [
                    {
                        "filters": [
                            {
                                "propertyName": "associations.contact",
                                "operator": "EQ",
                                "value": contact,
                            },
                            {"propertyName": "hs_is_closed", "operator": "EQ", "value": "false"},
                        ]
                    }
                ],
                "sorts": [{"propertyName": "createdate", "direction": "DESCENDING"}],
                "properties": ["createdate"],
                "limit": self._settings.deals,
            }
            said = await self._api.call("POST", "/crm/v3/objects/deals/search", json=asked)
            for deal in said["results"]:
                found[str(deal["id"])] = deal["properties"].get("createdate") or ""
        newest = sorted(found, key=lambda deal: found[deal], reverse=True)
        return newest[: self._settings.deals]

    async def _remove(self, email: str, *, erase: bool) -> None:
        """Delete an email and its files; what is gone already is no fault."""
        place = f"/crm/v3/objects/emails/{email}"
        asked = f"{place}?properties=hs_attachment_ids"
        if (found := await self._api.find("GET", asked)) is None:
            return
        named = (found.get("properties") or {}).get("hs_attachment_ids") or ""
        await self._files.remove([one for one in named.split(";") if one], erase=erase)
        if erase:
            await self._api.find("PATCH", place, json={"properties": _EMPTY})
        await self._api.find("DELETE", place)


def _direction(entry: Entry) -> str:
    """Return the direction in their words (emails guide, `hs_email_direction`)."""
    if entry.reason is Reason.LOGGED_BY_FORWARD:
        return "FORWARDED_EMAIL"
    return "INCOMING_EMAIL" if entry.direction is Direction.INCOMING else "EMAIL"


def _headers(parcel: Parcel, entry: Entry) -> str:
    """Return the header fields as a JSON string (emails guide, "Set email headers")."""
    heading = parcel.message.heading if parcel.message else None
    author = Address(entry.author, entry.author_name, entry.author)
    told = {
        "from": _person(author),
        "to": [_person(one) for one in heading.to] if heading else [],
        "cc": [_person(one) for one in heading.cc] if heading else [],
        "bcc": [],
    }
    return json.dumps(told)


def _person(address: Address) -> dict[str, str]:
    first, last = names_of(address.name)
    return {"email": address.key or address.addr_spec, "firstName": first, "lastName": last}
