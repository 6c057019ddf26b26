"""A stand-in for EspoCRM, written from its public documentation and nothing else.

Every request is held against what the documentation says; what it does not name is refused. It
keeps what it got. It has never been compared with the real service.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from tests.http_server import Answer, Request

KEY = "a1b2c3"
SECRET = "d4e5f6"

Row = dict[str, Any]

WRITABLE = {
    "name", "from", "fromString", "to", "cc", "bcc", "replyTo", "body", "bodyPlain", "isHtml",
    "status", "dateSent", "parentType", "parentId", "assignedUserId", "attachmentsIds", "teamsIds",
}  # fmt: skip
"""Attributes of Email that its entity definition does not call readOnly."""
STATUSES = {"Draft", "Sending", "Sent", "Archived", "Failed"}
TYPES = {"Email", "Contact", "Lead", "Account", "Opportunity", "User", "Attachment"}


class Wrong(Exception):  # noqa: N818 - an answer, not a defect
    """What is answered to a request that is not as documented."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        # The reason stands in a header field; "check the response message".
        self.answer = Answer(code, {"message": reason}, headers={"x-status-reason": reason})


def valid(holds: object, reason: str) -> None:
    if not holds:
        raise Wrong(400, reason)


@dataclass
class Espo:
    """One EspoCRM."""

    tables: dict[str, dict[str, Row]] = field(default_factory=lambda: {one: {} for one in TYPES})
    field_name: str = "cReplygateEntry"
    refused_types: tuple[str, ...] = ("application/x-msdownload",)
    duplicates: bool = False
    """Somebody alike is there already: "won't return 409 Error" without the check."""
    count: int = 100

    def __call__(self, request: Request) -> Answer:
        try:
            self.check_credential(request)
            return self.route(request)
        except Wrong as wrong:
            return wrong.answer

    def add(self, kind: str, **row: Any) -> str:
        self.count += 1
        self.tables[kind][str(self.count)] = row
        return str(self.count)

    def subjects(self) -> dict[str, str]:
        """Return the subject of each Email, by our entry id; none is there twice."""
        found: dict[str, str] = {}
        for row in self.tables["Email"].values():
            assert row[self.field_name] not in found, "an Email is there twice"
            found[row[self.field_name]] = row["name"]
        return found

    def check_credential(self, request: Request) -> None:
        if request.headers.get("x-api-key") == KEY:
            return
        place = request.path.removeprefix("/api/v1/")
        digest = hmac.digest(SECRET.encode(), f"{request.method} /{place}".encode(), hashlib.sha256)
        expected = base64.b64encode(KEY.encode() + b":" + digest).decode()
        if request.headers.get("x-hmac-authorization") != expected:
            raise Wrong(401, "The credential is wrong.")

    def route(self, request: Request) -> Answer:
        match = re.fullmatch(r"/api/v1/(\w+)(?:/([^/]+))?", request.path)
        if match is None:
            raise Wrong(404, f"There is no {request.path}.")
        kind, number = match.group(1), unquote(match.group(2) or "")
        if kind == "Metadata":
            valid(request.query.get("key") == ["entityDefs.Email.fields"], "No such key.")
            return Answer(200, {"name": {"type": "varchar"}, self.field_name: {"type": "varchar"}})
        if kind not in TYPES:
            raise Wrong(404, f"There is no {kind}.")
        if number and number not in self.tables[kind]:
            raise Wrong(404, "The record does not exist.")
        if request.method == "GET":
            return Answer(200, self.read(kind, number) if number else self.listed(kind, request))
        if request.method == "DELETE":
            del self.tables[kind][number]
            return Answer(200, True)
        valid(request.headers.get("content-type") == "application/json", "JSON is expected.")
        return self.write(request.method, kind, number, request.json())

    def read(self, kind: str, number: str) -> Row:
        row = {"id": number, **self.tables[kind][number]}
        if kind == "Email":
            files = self.tables["Attachment"]
            there = [one for one in row.get("attachmentsIds", []) if one in files]
            row["attachmentsIds"] = there
            row["attachmentsNames"] = {one: files[one]["name"] for one in there}
        return row

    def listed(self, kind: str, request: Request) -> Row:
        query = request.query
        valid(int(query.get("maxSize", ["20"])[0]) <= 200, "maxSize is too large.")
        valid(" " not in query.get("select", [""])[0], "Whitespaces are not allowed.")
        rows = [self.read(kind, number) for number in self.tables[kind]]
        for number in range(4):
            if f"where[{number}][type]" in query:
                rows = [row for row in rows if self.passes(kind, row, query, number)]
        if query.get("primaryFilter") == ["open"]:
            rows = [row for row in rows if not row["stage"].startswith("Closed")]
        if order := query.get("orderBy", [""])[0]:
            rows.sort(key=lambda row: row.get(order, ""), reverse=query.get("order") == ["desc"])
        start = int(query.get("offset", ["0"])[0])
        shown = rows[start : start + int(query.get("maxSize", ["20"])[0])]
        return {"total": len(rows), "list": shown}

    def passes(self, kind: str, row: Row, query: Any, number: int) -> bool:
        asked = f"where[{number}]"
        attribute = query[f"{asked}[attribute]"][0]
        how = query[f"{asked}[type]"][0]
        if how == "linkedWith":
            wanted = query[f"{asked}[value][]"]
            return bool(set(wanted) & set(row.get(attribute, [])))
        value = query[f"{asked}[value]"][0]
        if how == "equals":
            valid(kind != "Email" or attribute == self.field_name, f"No attribute {attribute}.")
            return bool(row.get(attribute) == value)
        valid(how in {"greaterThanOrEquals", "after"}, f"No such filter: {how}.")
        return bool(row.get(attribute, "") >= value)

    def write(self, method: str, kind: str, number: str, told: Row) -> Answer:
        if kind == "Email":
            self.check_email(told, is_new=method == "POST")
        elif kind == "Attachment":
            return self.upload(told)
        elif kind == "Contact":
            valid(told.get("lastName"), "lastName is required.")
            valid("@" in told.get("emailAddress", "@"), "emailAddress is wrong.")
            if self.duplicates:
                raise Wrong(409, "Duplicate.")
        if method == "POST":
            return Answer(200, self.read(kind, self.add(kind, **told)))
        self.tables[kind][number] |= told
        return Answer(200, self.read(kind, number))

    def check_email(self, told: Row, *, is_new: bool) -> None:
        unknown = told.keys() - WRITABLE - {self.field_name}
        valid(not unknown, f"These attributes cannot be written: {unknown}")
        needed = {"name", "from", "to"}
        valid(all(told.get(one) for one in needed if is_new or one in told), "A field is required.")
        valid(len(told.get("name", "")) <= 255, "name is too long.")
        valid(told.get("status", "Archived") in STATUSES, "No such status.")
        if "dateSent" in told:
            datetime.strptime(told["dateSent"], "%Y-%m-%d %H:%M:%S").astimezone()
        for one in told.get("attachmentsIds", []):
            valid(one in self.tables["Attachment"], "There is no such attachment.")
        if "parentId" in told:
            valid(told["parentId"] in self.tables[told["parentType"]], "There is no such parent.")
        owner = told.get("assignedUserId")
        valid(owner is None or owner in self.tables["User"], "There is no such user.")

    def upload(self, told: Row) -> Answer:
        needed = {"name", "type", "role", "parentType", "field", "file"}
        valid(told.keys() == needed, "An upload into Attachment-Multiple has these attributes.")
        valid(told["role"] == "Attachment", "role is wrong.")
        valid((told["parentType"], told["field"]) == ("Email", "attachments"), "No such field.")
        valid(told["type"] not in self.refused_types, "Not allowed file type.")
        head, _, octets = told["file"].partition(",")
        valid(head == f"data:{told['type']};base64", "file is no data URL.")
        number = self.add(
            "Attachment", name=told["name"], octets=base64.b64decode(octets, validate=True)
        )
        return Answer(200, {"id": number, "name": told["name"]})
