"""A stand-in for HubSpot, written from its public documentation and nothing else.

Every request is held against what the documentation says; what it does not name is refused, as
the service says that it does ("Read-only and non-existent properties will result in an error").
It keeps what it got. It has never been compared with the real service.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from tests.http_server import Answer, Request
from tests.sinks.multipart import parts_of

TOKEN = "pat-eu1-0000"

Row = dict[str, Any]

EMAIL = {
    "hs_timestamp", "hubspot_owner_id", "hs_email_direction", "hs_email_html", "hs_email_status",
    "hs_email_subject", "hs_email_text", "hs_attachment_ids", "hs_email_headers",
}  # fmt: skip
"""Emails guide, "Properties"; what is not here is read-only or unknown."""
CONTACT = {"email", "firstname", "lastname", "hubspot_owner_id"}
DIRECTIONS = {"EMAIL", "INCOMING_EMAIL", "FORWARDED_EMAIL"}
STATUSES = {"BOUNCED", "FAILED", "SCHEDULED", "SENDING", "SENT"}
ACCESS = {"PUBLIC_INDEXABLE", "PUBLIC_NOT_INDEXABLE", "PRIVATE"}
TEXT_LIMIT = 65_536
"""Knowledge base, "Property field types in HubSpot"."""


class Wrong(Exception):  # noqa: N818 - an answer, not a defect
    """What is answered to a request that is not as documented."""

    def __init__(self, code: int, category: str, message: str) -> None:
        super().__init__(message)
        self.answer = Answer(code, {"status": "error", "message": message, "category": category})


def valid(holds: object, message: str) -> None:
    if not holds:
        raise Wrong(400, "VALIDATION_ERROR", message)


@dataclass
class Hubspot:
    """One account."""

    contacts: dict[str, Row] = field(default_factory=dict)
    emails: dict[str, Row] = field(default_factory=dict)
    files: dict[str, Row] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    """Id by address."""
    primary: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    """Of a contact: its companies, each with the type of the tie."""
    deals: dict[str, Row] = field(default_factory=dict)
    """Each with `contact`, `createdate` and `hs_is_closed`."""
    properties: dict[str, Row] = field(default_factory=dict)
    groups: set[str] = field(default_factory=set)
    ties: set[tuple[str, str, str]] = field(default_factory=set)
    """Email, kind, and what it is tied to."""
    erased: set[str] = field(default_factory=set)
    refused_types: tuple[str, ...] = (".exe",)
    """Files guide: there are "supported formats"; which is the knowledge base's to say."""
    most: int = 10_000
    """Results of one query (search guide)."""
    count: int = 100

    def __call__(self, request: Request) -> Answer:
        try:
            return self.route(request)
        except Wrong as wrong:
            return wrong.answer

    def route(self, request: Request) -> Answer:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            raise Wrong(401, "INVALID_AUTHENTICATION", "The access token is not valid.")
        for method, pattern, does in ROUTES:
            match = re.fullmatch(pattern, request.path)
            if match and method == request.method:
                return does(self, request, *map(unquote, match.groups()))
        raise Wrong(404, "OBJECT_NOT_FOUND", f"There is no {request.method} {request.path}.")

    def subjects(self) -> dict[str, str]:
        """Return the subject of each email, by our entry id; none is there twice."""
        found: dict[str, str] = {}
        for row in self.emails.values():
            assert row["replygate_entry"] not in found, "an email is there twice"
            found[row["replygate_entry"]] = row["hs_email_subject"]
        return found

    def number(self) -> str:
        self.count += 1
        return str(self.count)

    def read_property(self, _: Request, name: str) -> Answer:
        if name not in self.properties:
            raise Wrong(404, "OBJECT_NOT_FOUND", f"There is no property {name}.")
        return Answer(200, self.properties[name])

    def make_group(self, request: Request) -> Answer:
        told = request.json()
        valid(told.keys() >= {"name", "label"}, "A group needs name and label.")
        if told["name"] in self.groups:
            raise Wrong(409, "OBJECT_ALREADY_EXISTS", "The group is there already.")
        self.groups.add(told["name"])
        return Answer(201, told)

    def make_property(self, request: Request) -> Answer:
        told = request.json()
        needed = {"name", "label", "groupName", "type", "fieldType"}
        valid(told.keys() >= needed, "A property needs a name, a label, a group and two types.")
        valid(told["groupName"] in self.groups, "There is no such group.")
        valid((told["type"], told["fieldType"]) == ("string", "text"), "The types do not fit.")
        if told["name"] in self.properties:
            raise Wrong(409, "OBJECT_ALREADY_EXISTS", "The property is there already.")
        self.properties[told["name"]] = told
        return Answer(201, told)

    def find_contact(self, request: Request, key: str) -> Answer:
        valid(request.query.get("idProperty") == ["email"], "idProperty has to be email.")
        for number, row in self.contacts.items():
            if row["email"] == key.lower():
                return Answer(200, {"id": number, "properties": row})
        raise Wrong(404, "OBJECT_NOT_FOUND", "resource not found")

    def list_contacts(self, request: Request) -> Answer:
        limit = int(request.query.get("limit", ["10"])[0])
        valid(limit <= 100, "The limit is 100.")
        valid(request.query.get("properties"), "Only some properties are told unless asked for.")
        return self.page(list(self.contacts), limit, request.query.get("after", ["0"])[0])

    def search_contacts(self, request: Request) -> Answer:
        told = request.json()
        ((term,),) = ([*group["filters"]] for group in told["filterGroups"])
        valid((term["propertyName"], term["operator"]) == ("lastmodifieddate", "GTE"), "No such.")
        valid(told["limit"] <= 200, "The limit is 200.")
        since = datetime.fromtimestamp(int(term["value"]) / 1000, UTC)
        (order,) = told["sorts"]
        valid(order == {"propertyName": "lastmodifieddate", "direction": "ASCENDING"}, "No sort.")
        times = {
            number: datetime.fromisoformat(row["lastmodifieddate"])
            for number, row in self.contacts.items()
        }
        found = sorted((one for one in times if times[one] >= since), key=lambda one: times[one])
        after = told.get("after", "0")
        valid(int(after) + told["limit"] <= self.most, "The maximum is 10,000 results.")
        return self.page(found, told["limit"], after)

    def search_emails(self, request: Request) -> Answer:
        told = request.json()
        (group,) = told["filterGroups"]
        (term,) = group["filters"]
        valid((term["propertyName"], term["operator"]) == ("hs_timestamp", "GTE"), "No such.")
        known = EMAIL | self.properties.keys()
        valid(set(told["properties"]) <= known, "These properties do not exist.")
        since = datetime.fromtimestamp(int(term["value"]) / 1000, UTC)
        found = [
            {"id": number, "properties": {name: row.get(name) for name in told["properties"]}}
            for number, row in self.emails.items()
            if datetime.fromisoformat(row["hs_timestamp"]) >= since
        ]
        start = int(told.get("after", "0"))
        said: Row = {"results": found[start : start + told["limit"]]}
        if start + told["limit"] < len(found):
            said["paging"] = {"next": {"after": str(start + told["limit"])}}
        return Answer(200, said)

    def page(self, numbers: list[str], limit: int, after: str) -> Answer:
        stop = int(after) + limit
        shown = numbers[int(after) : stop]
        said: Row = {"results": [{"id": one, "properties": self.contacts[one]} for one in shown]}
        if stop < len(numbers):
            said["paging"] = {"next": {"after": str(stop)}}
        return Answer(200, said)

    def make_contact(self, request: Request) -> Answer:
        told = request.json()["properties"]
        valid(told.keys() <= CONTACT, f"These properties do not exist: {told.keys() - CONTACT}")
        valid("@" in told.get("email", ""), "The email address is invalid.")
        if any(row["email"] == told["email"] for row in self.contacts.values()):
            raise Wrong(409, "CONFLICT", "Contact already exists.")
        number = self.number()
        self.contacts[number] = told
        return Answer(201, {"id": number, "properties": told})

    def list_owners(self, request: Request) -> Answer:
        asked = request.query.get("email", [""])[0]
        found = [{"id": n, "email": a} for a, n in self.owners.items() if asked in {"", a}]
        return Answer(200, {"results": found})

    def upsert(self, request: Request) -> Answer:
        inputs = request.json()["inputs"]
        valid(1 <= len(inputs) <= 100, "A batch has at most 100 inputs.")
        results = []
        for told in inputs:
            unique = self.properties.get(told["idProperty"], {})
            valid(unique.get("hasUniqueValue"), "idProperty has to be a unique property.")
            self.check_email(told["properties"])
            number = next(
                (n for n, row in self.emails.items() if row[told["idProperty"]] == told["id"]), ""
            )
            valid(number or "hs_timestamp" in told["properties"], "hs_timestamp is required.")
            is_new, number = not number, number or self.number()
            row = {told["idProperty"]: told["id"], **told["properties"]}
            self.emails[number] = {**self.emails.get(number, {}), **row}
            results.append({"id": number, "new": is_new, "properties": row})
        return Answer(200, {"status": "COMPLETE", "results": results})

    def check_email(self, told: Row) -> None:
        unknown = told.keys() - EMAIL - self.properties.keys()
        valid(not unknown, f"These properties do not exist: {unknown}")
        valid(all(isinstance(one, str) for one in told.values()), "Values are strings.")
        valid(all(len(one) <= TEXT_LIMIT for one in told.values()), "A value is too long.")
        valid(told.get("hs_email_direction", "EMAIL") in DIRECTIONS, "No such direction.")
        valid(told.get("hs_email_status", "SENT") in STATUSES, "No such status.")
        if "hs_timestamp" in told:
            at = datetime.fromisoformat(told["hs_timestamp"])
            valid(at.tzinfo, "hs_timestamp is in UTC.")
        for one in filter(None, told.get("hs_attachment_ids", "").split(";")):
            valid(one in self.files, "There is no such file.")
        owner = told.get("hubspot_owner_id")
        valid(owner is None or owner in self.owners.values(), "There is no such owner.")
        headers = json.loads(told.get("hs_email_headers", "{}"))
        valid(headers.keys() <= {"from", "sender", "to", "cc", "bcc"}, "INVALID_JSON")
        people = [*headers.get("to", []), *headers.get("cc", []), *headers.get("bcc", [])]
        for one in [headers["from"], *people] if headers else []:
            valid(one.keys() <= {"email", "firstName", "lastName"}, "INVALID_JSON")

    def email(self, number: str) -> Row:
        if number not in self.emails:
            raise Wrong(404, "OBJECT_NOT_FOUND", "resource not found")
        return self.emails[number]

    def read_email(self, request: Request, number: str) -> Answer:
        row, asked = self.email(number), request.query.get("properties", [])
        return Answer(200, {"id": number, "properties": {name: row.get(name) for name in asked}})

    def change_email(self, request: Request, number: str) -> Answer:
        row, told = self.email(number), request.json()["properties"]
        self.check_email(told)
        row.update(told)
        return Answer(200, {"id": number, "properties": row})

    def delete_email(self, _: Request, number: str) -> Answer:
        self.emails.pop(number, None)
        return Answer(204)

    def tie(self, _: Request, email: str, kind: str, number: str) -> Answer:
        self.email(email)
        companies = {company for some in self.primary.values() for company, _ in some}
        known = {"contacts": self.contacts, "companies": companies, "deals": self.deals}[kind]
        if number not in known:
            raise Wrong(404, "OBJECT_NOT_FOUND", f"There is no {kind} {number}.")
        self.ties.add((email, kind, number))
        return Answer(200, {"status": "COMPLETE"})

    def companies_of(self, request: Request, contact: str) -> Answer:
        valid(int(request.query.get("limit", ["500"])[0]) <= 500, "The limit is 500.")
        found = [
            {
                "toObjectId": int(company),
                "associationTypes": [
                    {"category": "HUBSPOT_DEFINED", "typeId": kind, "label": None}
                ],
            }
            for company, kind in self.primary.get(contact, [])
        ]
        return Answer(200, {"results": found})

    def search_deals(self, request: Request) -> Answer:
        told = request.json()
        (group,) = told["filterGroups"]
        valid(len(group["filters"]) <= 6, "At most six filters stand in a group.")
        valid(told.get("limit", 10) <= 200, "The limit is 200.")
        asked = {one["propertyName"]: one["value"] for one in group["filters"]}
        valid(asked.keys() <= {"associations.contact", "hs_is_closed"}, "No such property.")
        valid({one["operator"] for one in group["filters"]} <= {"EQ"}, "No such operator.")
        (order,) = told["sorts"]
        found = [
            {"id": number, "properties": {"createdate": row["createdate"]}}
            for number, row in self.deals.items()
            if row["contact"] == asked["associations.contact"]
            and row["hs_is_closed"] == asked["hs_is_closed"]
        ]
        found.sort(
            key=lambda deal: deal["properties"]["createdate"],
            reverse=order["direction"] == "DESCENDING",
        )
        return Answer(200, {"total": len(found), "results": found[: told.get("limit", 10)]})

    def upload(self, request: Request) -> Answer:
        parts = parts_of(request)
        valid(parts.keys() <= {"file", "options", "folderPath", "fileName"}, "No such field.")
        valid("file" in parts and "folderPath" in parts, "file and folderPath are required.")
        options = json.loads(parts["options"].octets)
        valid(options.get("access") in ACCESS, "access is required.")
        name, octets = parts["file"].filename, parts["file"].octets
        valid(not name.endswith(self.refused_types), "The file type is not supported.")
        row = {
            "name": name,
            "folder": parts["folderPath"].octets.decode(),
            "access": options["access"],
            "octets": octets,
            "md5": hashlib.md5(octets, usedforsecurity=False).hexdigest(),
        }
        for number, known in self.files.items():
            if options.get("duplicateValidationStrategy") == "RETURN_EXISTING" and known == row:
                return Answer(200, {"id": number})
        number = self.number()
        self.files[number] = row
        return Answer(201, {"id": number, "parentFolderId": "1"})

    def delete_file(self, _: Request, number: str) -> Answer:
        if self.files.pop(number, None) is None:
            raise Wrong(404, "OBJECT_NOT_FOUND", "resource not found")
        return Answer(204)

    def erase_file(self, request: Request, number: str) -> Answer:
        self.erased.add(number)
        return self.delete_file(request, number)


Does = Callable[..., Answer]
ROUTES: tuple[tuple[str, str, Does], ...] = (
    ("GET", r"/crm/v3/properties/emails/(\w+)", Hubspot.read_property),
    ("POST", r"/crm/v3/properties/emails/groups", Hubspot.make_group),
    ("POST", r"/crm/v3/properties/emails", Hubspot.make_property),
    ("GET", r"/crm/v3/objects/contacts/([^/]+)", Hubspot.find_contact),
    ("GET", r"/crm/v3/objects/contacts", Hubspot.list_contacts),
    ("POST", r"/crm/v3/objects/contacts/search", Hubspot.search_contacts),
    ("POST", r"/crm/v3/objects/contacts", Hubspot.make_contact),
    ("GET", r"/crm/v3/owners", Hubspot.list_owners),
    ("POST", r"/crm/v3/objects/emails/batch/upsert", Hubspot.upsert),
    ("POST", r"/crm/v3/objects/emails/search", Hubspot.search_emails),
    ("GET", r"/crm/v3/objects/emails/(\d+)", Hubspot.read_email),
    ("PATCH", r"/crm/v3/objects/emails/(\d+)", Hubspot.change_email),
    ("DELETE", r"/crm/v3/objects/emails/(\d+)", Hubspot.delete_email),
    (
        "PUT",
        r"/crm/v4/objects/emails/(\d+)/associations/default/(contacts|companies|deals)/(\d+)",
        Hubspot.tie,
    ),
    ("GET", r"/crm/v4/objects/contacts/(\d+)/associations/companies", Hubspot.companies_of),
    ("POST", r"/crm/v3/objects/deals/search", Hubspot.search_deals),
    ("POST", r"/files/v3/files", Hubspot.upload),
    ("DELETE", r"/files/v3/files/(\d+)", Hubspot.delete_file),
    ("DELETE", r"/files/v3/files/(\d+)/gdpr-delete", Hubspot.erase_file),
)
