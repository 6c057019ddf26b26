"""Logs entries in EspoCRM: an archived Email for one entry of ours.

An Email of ours is known there by a field of type Varchar that an administrator adds once to the
entity Email (Entity Manager) under the name `replygateEntry`; newer versions put a `c` in front.

Standards: EspoCRM's REST API, as its documentation had it in 2026-11: "API Overview"
(authentication by X-Api-Key, or by HMAC where a secret key is given; times in UTC), "CRUD
operations", "API search parameters", "Attachment" (upload into an Attachment-Multiple field),
"Metadata" (`key` as of version 8.2); the fields of Email from its published entity definition.

Limits: it was tested against a stand-in that was written from that documentation, and has never
met the real service. An Email has no direction there; From and To tell it. It has one parent: the
newest open opportunity, else the account, else the contact or lead itself; contacts show it by
its addresses. No documented call ends a sequence. `messageId` is read-only in the API. A file whose
upload was cut off after the work stays there, on no Email, until EspoCRM clears such up. A file is
sent in base64 inside JSON, and stands in memory as a whole.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from gateway.interfaces import SinkDeniedError, SinkRefusedError
from gateway.model.entry import Entry
from gateway.model.envelope import Direction
from gateway.model.handover import Kind, Parcel, Showing
from gateway.model.message import Address, Attachment
from gateway.sinks.crm import (
    CrmClient,
    CrmSettings,
    decoded,
    names_of,
    sendable,
    shown,
    told_text,
    whole,
)

FIELDS: Final = ("cReplygateEntry", "replygateEntry")
"""What the field may be called, after the version that it was added with."""
NAME_LIMIT: Final = 255
"""Characters of a Varchar field."""
TEXT_LIMIT: Final = 1_000_000
"""Characters of the text: below what a column of MySQL's mediumtext takes, in any script."""
_NO_SUBJECT: Final = "(no subject)"
_NOBODY: Final = "nobody@author.invalid"
"""From and To are required there; a malformed letter that a person logged may name nobody."""
_EMPTY: Final = {"name": "(erased)", "body": "", "bodyPlain": "", "fromString": ""}


@dataclass(frozen=True, slots=True)
class _Person:
    """A contact or lead there."""

    kind: str
    number: str
    account: str = ""


class EspoSink:
    """The emails of one EspoCRM."""

    def __init__(
        self, name: str, secret: str, settings: CrmSettings, *, clock: Callable[[], datetime]
    ) -> None:
        """Take the parts; the secret is an API key, or `key:secret` for HMAC."""
        self.name = name
        self._settings = settings
        self._api = espo_client(secret, settings, clock)
        self._field = ""
        self._users: dict[str, str] = {}

    async def push(self, parcel: Parcel) -> str:
        """Tell one event; return the ids of its Emails. Raises what the answers mean."""
        kind, entry = parcel.push.kind, parcel.entry
        if kind in {Kind.REMOVED, Kind.ERASED}:
            for email in parcel.push.theirs.split():
                await self._remove(email, erase=kind is Kind.ERASED)
            return ""
        if kind is Kind.UNENROLLED or entry is None:
            return ""
        await self._make_ready()
        emails = [
            await self._show(one, parcel, entry)
            for one in parcel.showings(blind=self._settings.blind)
        ]
        for email in set(parcel.push.theirs.split()) - set(emails):
            await self._remove(email, erase=False)
        return " ".join(emails)

    async def close(self) -> None:
        """Close the connections."""
        await self._api.close()

    async def _make_ready(self) -> None:
        """See that the field is there by which Emails are known; once, it is remembered."""
        if self._field:
            return
        known = await self._api.call("GET", "Metadata", params={"key": "entityDefs.Email.fields"})
        self._field = next((name for name in FIELDS if name in (known or {})), "")
        if not self._field:
            raise SinkDeniedError(
                "EspoCRM has no field to know our Emails by. Add a Varchar field with the name"
                " replygateEntry to the entity Email (Administration, Entity Manager)."
            )

    async def _show(self, one: Showing, parcel: Parcel, entry: Entry) -> str:
        """Write one Email; return its id."""
        people = [found for key in one.contacts if (found := await self._person(key, parcel))]
        # An account and an opportunity show their mail to others.
        parent = people[:1] if one.blind else await self._parent(people)
        known = await self._known(one.name)
        files = await self._upload(parcel, entry, known)
        values = await self._values(parcel, entry, [part for part, _ in files])
        values |= {self._field: one.name, "attachmentsIds": [number for _, number in files]}
        if parent:
            values |= {"parentType": parent[0].kind, "parentId": parent[0].number}
        if known:
            await self._api.call("PUT", f"Email/{known['id']}", json=values)
            return str(known["id"])
        made = await self._api.call("POST", "Email", json=values)
        return str(made["id"])

    async def _known(self, name: str) -> dict[str, Any]:
        """Return the Email that is there for a showing, with its files; empty for none."""
        found = await self._list("Email", {self._field: name}, select="id")
        return dict(await self._api.call("GET", f"Email/{found[0]['id']}")) if found else {}

    async def _person(self, key: str, parcel: Parcel) -> _Person | None:
        """Return a contact or lead, found by its address or made; None where none is made."""
        for kind in ("Contact", "Lead"):
            select = "id,accountId" if kind == "Contact" else "id"
            if found := await self._list(kind, {"emailAddress": key}, select=select):
                return _Person(kind, str(found[0]["id"]), str(found[0].get("accountId") or ""))
        if not self._settings.create_contacts:
            return None
        first, last = names_of(parcel.names.get(key, ""))
        values = {"emailAddress": key, "firstName": first, "lastName": last or first or key}
        if not last:
            values.pop("firstName")
        made = await self._api.call("POST", "Contact", json=values, conflict=True)
        if made:
            return _Person("Contact", str(made["id"]))
        # Theirs to decide: somebody like that is there, under another address.
        return None

    async def _parent(self, people: list[_Person]) -> list[_Person]:
        """Return the one record that the Email is put under; empty for none."""
        contacts = [one for one in people if one.kind == "Contact"]
        if self._settings.deals and contacts:
            found = await self._api.call("GET", "Opportunity", params=_open_deals(contacts))
            if found["list"]:
                return [_Person("Opportunity", str(found["list"][0]["id"]))]
        accounts = [_Person("Account", one.account) for one in contacts if one.account]
        return [*accounts, *people][:1]

    async def _user(self, key: str) -> str:
        """Return the id of the user with this address; empty where there is none."""
        if key and key not in self._users:
            if not (found := await self._list("User", {"emailAddress": key}, select="id")):
                # Who is not there today may be tomorrow.
                return ""
            self._users[key] = str(found[0]["id"])
        return self._users.get(key, "")

    async def _values(self, parcel: Parcel, entry: Entry, parts: list[str]) -> dict[str, Any]:
        """Return the attributes of the Email."""
        heading = parcel.message.heading if parcel.message else None
        author = Address(entry.author, entry.author_name, entry.author)
        text = told_text(entry, parts, TEXT_LIMIT)
        told = {
            "name": whole(entry.subject)[:NAME_LIMIT] or _NO_SUBJECT,
            "status": "Archived",
            "dateSent": entry.received_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S"),
            "from": entry.author or _NOBODY,
            "fromString": shown(author)[:NAME_LIMIT],
            "to": ";".join(one.key for one in heading.to) if heading else "",
            "cc": ";".join(one.key for one in heading.cc) if heading else "",
            "isHtml": False,
            "body": text,
            "bodyPlain": text,
        }
        # The field is required there, also where the message names nobody or is gone.
        told["to"] = told["to"] or _addressee(parcel, entry) or _NOBODY
        if owner := await self._user(entry.user):
            told["assignedUserId"] = owner
        return told

    async def _upload(
        self, parcel: Parcel, entry: Entry, known: Mapping[str, Any]
    ) -> list[tuple[str, str]]:
        """Upload what is not there yet; return part and id of each file of the Email."""
        there = {name: number for number, name in (known.get("attachmentsNames") or {}).items()}
        found: list[tuple[str, str]] = []
        for one in sendable(parcel, entry, self._settings):
            name = f"{one.part}-{whole(one.name) or 'file'}"[-NAME_LIMIT:]
            if name in there:
                found.append((one.part, there[name]))
                continue
            try:
                found.append((one.part, await self._upload_one(parcel, one, name)))
            except SinkRefusedError:
                # A type that is not taken keeps no email from the timeline: it is named there.
                continue
        kept = {number for _, number in found}
        return [*found, *(("", number) for number in there.values() if number not in kept)]

    async def _upload_one(self, parcel: Parcel, one: Attachment, name: str) -> str:
        with await decoded(parcel, one) as file:
            octets = base64.b64encode(file.read()).decode()
        values = {
            "name": name,
            "type": one.media_type,
            "role": "Attachment",
            "parentType": "Email",
            "field": "attachments",
            "file": f"data:{one.media_type};base64,{octets}",
        }
        said = await self._api.call("POST", "Attachment", json=values)
        return str(said["id"])

    async def _remove(self, email: str, *, erase: bool) -> None:
        """Delete an Email and its files; what is gone already is no fault."""
        if (known := await self._api.find("GET", f"Email/{email}")) is None:
            return
        for number in known.get("attachmentsNames") or {}:
            await self._api.find("DELETE", f"Attachment/{number}")
        if erase:
            # A deleted record stays in the database until it is cleaned up there.
            await self._api.find("PUT", f"Email/{email}", json=_EMPTY)
        await self._api.find("DELETE", f"Email/{email}")

    async def _list(self, kind: str, equals: Mapping[str, str], select: str) -> list[Any]:
        """Return the first record whose attributes equal these."""
        params: dict[str, str | int] = {"maxSize": 1, "select": select}
        for number, (attribute, value) in enumerate(equals.items()):
            params |= _where(number, "equals", attribute, value)
        said = await self._api.call("GET", kind, params=params)
        return list(said["list"])


def espo_client(secret: str, settings: CrmSettings, clock: Callable[[], datetime]) -> CrmClient:
    """Return the API of one EspoCRM, by an API key, or by `key:secret` and HMAC."""
    key, _, signing = secret.strip().partition(":")
    base = f"{settings.url.rstrip('/')}/api/v1/"

    def headers(method: str, place: str) -> Mapping[str, str]:
        if not signing:
            return {"x-api-key": key}
        # The documented formula leaves open whether the hash is text: its published source takes
        # the octets of the digest (ApiKey.php).
        digest = hmac.digest(signing.encode(), f"{method} /{place}".encode(), hashlib.sha256)
        told = base64.b64encode(key.encode() + b":" + digest)
        return {"x-hmac-authorization": told.decode()}

    return CrmClient(_at(settings, base), clock, headers)


def _at(settings: CrmSettings, url: str) -> CrmSettings:
    return CrmSettings(
        url, timeout_s=settings.timeout_s, requests_per_second=settings.requests_per_second
    )


def _where(number: int, kind: str, attribute: str, value: str) -> dict[str, str]:
    """Return one filter as a query has it ("API search parameters", where items)."""
    told = {"type": kind, "attribute": attribute, "value": value}
    return {f"where[{number}][{name}]": one for name, one in told.items()}


def _open_deals(contacts: list[_Person]) -> dict[str, Any]:
    """Return the query for the newest open opportunity of these contacts."""
    return {
        "maxSize": 1,
        "select": "id",
        "primaryFilter": "open",
        "orderBy": "createdAt",
        "order": "desc",
        "where[0][type]": "linkedWith",
        "where[0][attribute]": "contacts",
        "where[0][value][]": [one.number for one in contacts],
    }


def _addressee(parcel: Parcel, entry: Entry) -> str:
    """Return whom the entry says that it went to; its blind recipients are nobody's business."""
    if entry.direction is Direction.INCOMING:
        return ";".join(one for one in entry.mailboxes if one not in parcel.blind) or entry.user
    return ";".join(parcel.open_contacts) or entry.author
