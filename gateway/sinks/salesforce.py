"""Logs entries in Salesforce: an EmailMessage, tied to people by EmailMessageRelation.

An EmailMessage of ours is known there by its `MessageIdentifier`, which is made of the entry. Once
it is there only custom fields can be changed ("update() is supported only on records whose Status
is Draft"); so what changed is deleted and made again, in one composite call that does all or none.

Standards: Object Reference (EmailMessage, EmailMessageRelation, ContentVersion,
OpportunityContactRole), SOQL Reference, REST API Developer Guide ("Composite"; "Insert or Update
Blob Data": multipart, 2 GB for ContentVersion). The user needs rights on these, on contacts, leads
and accounts; the organisation needs Enhanced Email, which is "automatically enabled for most".

Limits: it was tested against a stand-in that was written from that documentation, and has never
met the real service. An email is related to one record beside people: the newest open opportunity,
else the account. What is deleted stays in the recycle bin there for 15 days, what is erased too:
no call of this API empties it. No documented call ends a cadence of Sales Engagement.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from gateway.interfaces import SinkRefusedError
from gateway.model.entry import Entry
from gateway.model.envelope import Direction
from gateway.model.handover import Kind, Parcel, Showing
from gateway.model.message import Address, Attachment
from gateway.sinks.crm import CrmSettings, decoded, names_of, sendable, told_text, whole
from gateway.sinks.salesforce_api import COMPOSITE_LIMIT, PLACE, SalesforceApi, soql

TEXT_LIMIT: Final = 32_000
SUBJECT_LIMIT: Final = 3_000
ADDRESS_LIMIT: Final = 4_000
NAME_LIMIT: Final = 1_000
"""Characters of these fields (Salesforce Field Reference, EmailMessage)."""
TITLE_LIMIT: Final = 255
"""Characters of ContentVersion.Title and PathOnClient is 500 (Object Reference)."""
SENT, READ = "3", "1"
"""Values of EmailMessage.Status."""


@dataclass(frozen=True, slots=True)
class _Person:
    """A contact or lead there."""

    number: str
    account: str = ""
    is_contact: bool = True


class SalesforceSink:
    """The emails of one organisation."""

    def __init__(
        self, name: str, secret: str, settings: CrmSettings, *, clock: Callable[[], datetime]
    ) -> None:
        """Take the parts; the secret is `client-id:client-secret`."""
        self.name = name
        self._settings = settings
        self._api = SalesforceApi(secret, settings, clock)
        self._users: dict[str, str] = {}

    async def push(self, parcel: Parcel) -> str:
        """Tell one event; return the ids of its emails. Raises what the answers mean."""
        kind, entry = parcel.push.kind, parcel.entry
        if kind in {Kind.REMOVED, Kind.ERASED}:
            for email in parcel.push.theirs.split():
                await self._remove(email)
            return ""
        if kind is Kind.UNENROLLED or entry is None:
            return ""
        emails = [
            await self._show(one, parcel, entry)
            for one in parcel.showings(blind=self._settings.blind)
        ]
        for email in set(parcel.push.theirs.split()) - set(emails):
            await self._remove(email)
        return " ".join(emails)

    async def close(self) -> None:
        """Close the connections."""
        await self._api.close()

    async def _show(
        self, one: Showing, parcel: Parcel, entry: Entry, without: frozenset[str] = frozenset()
    ) -> str:
        """Write one email with its people and files; return its id.

        `without` holds the parts of files that are not taken: the text has to name them.
        """
        found = {key: await self._person(key, parcel) for key in one.contacts}
        people = {key: person for key, person in found.items() if person}
        # An account and an opportunity show their mail to others.
        related = "" if one.blind else await self._related(list(people.values()))
        files = [
            file for file in sendable(parcel, entry, self._settings) if file.part not in without
        ]
        parts = [file.part for file in files]
        values = _values(one, parcel, entry, related, parts)
        ties = await self._ties(parcel, entry, people)
        email = ""
        there = await self._known(one.name)
        for row in there:
            if not email and await self._is_same(row, values, ties):
                email = str(row["Id"])
        if not email:
            for row in there:
                await self._remove_files(str(row["Id"]))
            email = await self._make(values, ties, [str(row["Id"]) for row in there])
        if refused := await self._upload(parcel, files, email):
            return await self._show(one, parcel, entry, without | refused)
        return email

    async def _known(self, name: str) -> list[dict[str, Any]]:
        fields = "Id, Subject, TextBody, RelatedToId"
        return await self._api.query(
            f"SELECT {fields} FROM EmailMessage WHERE MessageIdentifier = {soql(_identifier(name))}"
        )

    async def _is_same(
        self, row: dict[str, Any], values: dict[str, Any], ties: Iterable[tuple[str, str]]
    ) -> bool:
        """Whether an email that is there says the same, to the same people."""
        names = ("Subject", "TextBody", "RelatedToId")
        if any((row.get(name) or "") != (values.get(name) or "") for name in names):
            return False
        tied = await self._api.query(
            "SELECT RelationId FROM EmailMessageRelation"
            f" WHERE EmailMessageId = {soql(str(row['Id']))} AND RelationId != null"
        )
        return {one["RelationId"] for one in tied} == {number for number, _ in ties}

    async def _make(
        self, values: dict[str, Any], ties: list[tuple[str, str]], instead_of: list[str]
    ) -> str:
        """Make an email with its people in place of others, all or nothing; return its id."""
        requests: list[dict[str, Any]] = [
            _part("DELETE", f"EmailMessage/{number}", f"gone{n}")
            for n, number in enumerate(instead_of)
        ]
        requests.append(_part("POST", "EmailMessage", "email", values))
        for number, (relation, kind) in enumerate(ties[: COMPOSITE_LIMIT - len(requests)]):
            told = {
                "EmailMessageId": "@{email.id}",
                "RelationId": relation,
                "RelationType": kind,
            }
            requests.append(_part("POST", "EmailMessageRelation", f"tie{number}", told))
        answers = await self._api.composite(requests)
        made = next(one for one in answers if one["referenceId"] == "email")
        return str(made["body"]["id"])

    async def _person(self, key: str, parcel: Parcel) -> _Person | None:
        """Return a contact or lead, found by its address or made; None where none is made."""
        where = f"WHERE Email = {soql(key)}"
        asked = f"SELECT Id, AccountId FROM Contact {where} ORDER BY CreatedDate LIMIT 1"
        if found := await self._api.query(asked):
            return _Person(str(found[0]["Id"]), str(found[0].get("AccountId") or ""))
        asked = f"SELECT Id FROM Lead {where} AND IsConverted = false LIMIT 1"
        if found := await self._api.query(asked):
            return _Person(str(found[0]["Id"]), is_contact=False)
        if not self._settings.create_contacts:
            return None
        first, last = names_of(parcel.names.get(key, ""))
        # LastName is the one field that a contact needs.
        values = {"Email": key, "LastName": (last or first or key)[:80]}
        if last:
            values["FirstName"] = first[:40]
        made = await self._api.call("POST", f"{PLACE}/sobjects/Contact", json=values)
        return _Person(str(made["id"]))

    async def _related(self, people: list[_Person]) -> str:
        """Return the newest open opportunity of these contacts, else their account."""
        contacts = [one for one in people if one.is_contact]
        if self._settings.deals and contacts:
            numbers = ", ".join(soql(one.number) for one in contacts)
            found = await self._api.query(
                "SELECT OpportunityId FROM OpportunityContactRole"
                f" WHERE ContactId IN ({numbers}) AND Opportunity.IsClosed = false"
                " ORDER BY Opportunity.CreatedDate DESC LIMIT 1"
            )
            if found:
                return str(found[0]["OpportunityId"])
        return next((one.account for one in contacts if one.account), "")

    async def _user(self, key: str) -> str:
        """Return the id of the active user with this address; empty where there is none."""
        if key and key not in self._users:
            asked = f"SELECT Id FROM User WHERE Email = {soql(key)} AND IsActive = true LIMIT 1"
            if not (found := await self._api.query(asked)):
                # Who is not there today may be tomorrow.
                return ""
            self._users[key] = str(found[0]["Id"])
        return self._users.get(key, "")

    async def _ties(
        self, parcel: Parcel, entry: Entry, people: dict[str, _Person]
    ) -> list[tuple[str, str]]:
        """Return whom the email is tied to, and as what; the user who has the credit as well."""
        heading = parcel.message.heading if parcel.message else None
        copied = {one.key for one in heading.cc} if heading else set()
        # Who is named under another address of his, or only got it, is a recipient.
        ties = {
            person.number: "FromAddress"
            if key == entry.author
            else ("CcAddress" if key in copied else "ToAddress")
            for key, person in people.items()
        }
        if user := await self._user(entry.user):
            incoming = entry.direction is Direction.INCOMING
            ties[user] = "ToAddress" if incoming else "FromAddress"
        return list(ties.items())

    async def _upload(self, parcel: Parcel, files: list[Attachment], email: str) -> frozenset[str]:
        """Upload what the email does not have yet; return the parts of what was refused."""
        there = {title for _, title in await self._files(email)} if files else set()
        refused = set()
        for one in files:
            if (title := _title(one)) not in there:
                try:
                    await self._upload_one(parcel, one, title, email)
                except SinkRefusedError:
                    refused.add(one.part)
        return frozenset(refused)

    async def _upload_one(self, parcel: Parcel, one: Attachment, title: str, email: str) -> None:
        told = {
            "Title": title,
            "PathOnClient": title,
            # It belongs to the email from the start: no file is left over that belongs to none.
            "FirstPublishLocationId": email,
        }
        with await decoded(parcel, one) as file:
            await self._api.call(
                "POST",
                f"{PLACE}/sobjects/ContentVersion",
                files={
                    "entity_content": (None, json.dumps(told), "application/json"),
                    "VersionData": (title, file, one.media_type),
                },
            )

    async def _files(self, email: str) -> list[tuple[str, str]]:
        """Return the documents of an email: id and title."""
        found = await self._api.query(
            "SELECT ContentDocumentId, ContentDocument.Title FROM ContentDocumentLink"
            f" WHERE LinkedEntityId = {soql(email)}"
        )
        return [(one["ContentDocumentId"], one["ContentDocument"]["Title"]) for one in found]

    async def _remove_files(self, email: str) -> None:
        for document, _ in await self._files(email):
            await self._api.find("DELETE", f"{PLACE}/sobjects/ContentDocument/{document}")

    async def _remove(self, email: str) -> None:
        """Delete an email and its files; what is gone already is no fault."""
        await self._remove_files(email)
        await self._api.find("DELETE", f"{PLACE}/sobjects/EmailMessage/{email}")


def _values(
    one: Showing, parcel: Parcel, entry: Entry, related: str, parts: list[str]
) -> dict[str, Any]:
    """Return the fields of the email (Object Reference, EmailMessage)."""
    heading = parcel.message.heading if parcel.message else None
    incoming = entry.direction is Direction.INCOMING
    told = {
        "Incoming": incoming,
        "Status": READ if incoming else SENT,
        "MessageDate": entry.received_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "MessageIdentifier": _identifier(one.name),
        "Subject": whole(entry.subject)[:SUBJECT_LIMIT],
        # Blanks at the ends are cut there, and it has to be told apart from what changed.
        "TextBody": told_text(entry, parts, TEXT_LIMIT).strip(),
        "FromAddress": entry.author,
        "FromName": whole(entry.author_name)[:NAME_LIMIT],
        "ToAddress": _listed(heading.to if heading else ()),
        "CcAddress": _listed(heading.cc if heading else ()),
        "RelatedToId": related,
    }
    return {name: value for name, value in told.items() if value != ""}


def _identifier(name: str) -> str:
    return f"<{name}@replygate>"


def _title(one: Attachment) -> str:
    return f"{one.part}-{whole(one.name) or 'file'}"[-TITLE_LIMIT:]


def _part(method: str, place: str, name: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return one subrequest of a composite call."""
    told: dict[str, Any] = {
        "method": method,
        "url": f"{PLACE}/sobjects/{place}",
        "referenceId": name,
    }
    return told | ({"body": body} if body is not None else {})


def _listed(addresses: Iterable[Address]) -> str:
    """Return as many whole addresses as the field takes."""
    told = ""
    for one in addresses:
        longer = f"{told}; {one.key}" if told else one.key
        if len(longer) > ADDRESS_LIMIT:
            break
        told = longer
    return told
