"""A stand-in for Salesforce, written from its public documentation and nothing else.

Every request is held against what the documentation says; what it does not name is refused. It
speaks as much SOQL as is asked of it, and keeps what it got. It has never been compared with the
real service.
"""

from __future__ import annotations

import json
import re
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from tests.http_server import Answer, Request
from tests.sinks.multipart import parts_of
from tests.sinks.parcels import NOON

ID, SECRET, USER = "3MVG9", "0123456789", "replygate@acme.example"
VERSION = "/services/data/v62.0"

Row = dict[str, Any]

CREATABLE: dict[str, set[str]] = {
    "Contact": {"Email", "FirstName", "LastName", "AccountId", "OwnerId"},
    "EmailMessage": {
        "Incoming", "Status", "MessageDate", "MessageIdentifier", "Subject", "TextBody",
        "HtmlBody", "FromAddress", "FromName", "ToAddress", "CcAddress", "RelatedToId", "Headers",
    },
    "EmailMessageRelation": {
        "EmailMessageId", "RelationId", "RelationType", "RelationAddress",
    },
    "ContentVersion": {"Title", "PathOnClient", "FirstPublishLocationId", "VersionData"},
}  # fmt: skip
"""What the Object Reference calls `Create`, of what is used here."""
LIMITS = {"Subject": 3000, "TextBody": 32_000, "ToAddress": 4000, "CcAddress": 4000}
RELATIONS = {"ToAddress", "CcAddress", "BccAddress", "FromAddress"}
PREFIX = {"Contact": "003", "Lead": "00Q", "User": "005", "EmailMessage": "02s", "Account": "001"}
_QUERY = re.compile(
    r"SELECT (?P<fields>.+?) FROM (?P<table>\w+)(?: WHERE (?P<where>.+?))?"
    r"(?: ORDER BY (?P<order>[\w.]+)(?P<desc> DESC)?)?(?: LIMIT (?P<limit>\d+))?"
)
_TERM = re.compile(r"([\w.]+) (=|!=|IN|>=) (\(.+\)|'(?:[^'\\]|\\.)*'|\S+)")


class Wrong(Exception):  # noqa: N818 - an answer, not a defect
    """What is answered to a request that is not as documented."""

    def __init__(self, code: int, error: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.told = [{"message": message, "errorCode": error}]

    @property
    def answer(self) -> Answer:
        return Answer(self.code, self.told)


def valid(holds: object, message: str, error: str = "INVALID_FIELD") -> None:
    if not holds:
        raise Wrong(400, error, message)


@dataclass
class Salesforce:
    """One organisation."""

    tables: dict[str, dict[str, Row]] = field(default_factory=dict)
    token: str = "00D!1"
    refused: tuple[str, ...] = (".exe",)
    batch: int = 2000
    last: list[Row] = field(default_factory=list)
    count: int = 100
    key: RSAKey | None = None
    """That of the certificate of the app."""
    now: datetime = NOON

    def __post_init__(self) -> None:
        names = ("Contact", "Lead", "User", "Account", "Opportunity", "OpportunityContactRole")
        mail = ("EmailMessage", "EmailMessageRelation", "ContentDocument", "ContentDocumentLink")
        self.tables = {name: {} for name in (*names, *mail)}

    def __call__(self, request: Request) -> Answer:
        try:
            return self.route(request)
        except Wrong as wrong:
            return wrong.answer

    def add(self, table: str, **row: Any) -> str:
        self.count += 1
        number = f"{PREFIX.get(table, '0Zz')}{self.count:012d}"
        self.tables[table][number] = {"Id": number, "CreatedDate": self.count, **row}
        return number

    @property
    def emails(self) -> list[Row]:
        return list(self.tables["EmailMessage"].values())

    def relations(self, email: str) -> dict[str, str]:
        rows = self.tables["EmailMessageRelation"].values()
        return {
            one["RelationId"]: one["RelationType"] for one in rows if one["EmailMessageId"] == email
        }

    def subjects(self) -> dict[str, str]:
        """Return the subject of each email, by our entry id; none is there twice."""
        found: dict[str, str] = {}
        for row in self.emails:
            entry = row["MessageIdentifier"][1:].partition("@")[0]
            assert entry not in found, "an email is there twice"
            found[entry] = row.get("Subject", "")
        return found

    def route(self, request: Request) -> Answer:
        if (request.method, request.path) == ("POST", "/services/oauth2/token"):
            return self.sign_in(request)
        if request.headers.get("authorization") != f"Bearer {self.token}":
            raise Wrong(401, "INVALID_SESSION_ID", "Session expired or invalid")
        place = request.path.removeprefix(VERSION)
        if (request.method, place) == ("GET", "/query"):
            return Answer(200, self.page(self.query(request.query["q"][0]), 0))
        if place.startswith("/query/") and request.method == "GET":
            return Answer(200, self.page(self.last, int(place.rpartition("-")[2])))
        if (request.method, place) == ("POST", "/composite"):
            return Answer(200, {"compositeResponse": self.composite(request.json())})
        if (request.method, place) == ("POST", "/sobjects/ContentVersion"):
            return self.upload(request)
        body = request.json() if request.body else {}
        code, said = self.change(request.method, request.path, body)
        return Answer(code, said)

    def page(self, found: list[Row], start: int) -> Row:
        self.last = found
        stop = start + self.batch
        told: Row = {"totalSize": len(found), "done": stop >= len(found)}
        if stop < len(found):
            told["nextRecordsUrl"] = f"{VERSION}/query/01g-{stop}"
        return {**told, "records": found[start:stop]}

    def sign_in(self, request: Request) -> Answer:
        told = parse_qs(request.body.decode())
        if told["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]:
            return self.sign_in_by_assertion(told["assertion"][0])
        valid(told["grant_type"] == ["client_credentials"], "unsupported_grant_type")
        if (told["client_id"], told["client_secret"]) != ([ID], [SECRET]):
            said = {"error": "invalid_client", "error_description": "invalid client credentials"}
            return Answer(400, said)
        return Answer(200, {"access_token": self.token, "token_type": "Bearer"})

    def sign_in_by_assertion(self, assertion: str) -> Answer:
        """As "OAuth 2.0 JWT Bearer Flow for Server-to-Server Integration" says."""
        assert self.key is not None
        try:
            token = jwt.decode(assertion, self.key, algorithms=["RS256"])
        except JoseError:
            return Answer(400, {"error": "invalid_grant", "error_description": "invalid assertion"})
        told = token.claims
        valid(told.keys() == {"iss", "sub", "aud", "exp"}, "These claims are required.")
        if told["iss"] != ID:
            return Answer(400, {"error": "invalid_client_id"})
        if told["aud"] != "https://login.salesforce.com":
            said = "audience is invalid"
            return Answer(400, {"error": "invalid_grant", "error_description": said})
        # "The validity must be ... within 3 minutes."
        if not 0 < told["exp"] - self.now.timestamp() <= 180:
            said = "expired authorization code"
            return Answer(400, {"error": "invalid_grant", "error_description": said})
        if told["sub"] != USER:
            said = "user hasn't approved this consumer"
            return Answer(400, {"error": "invalid_grant", "error_description": said})
        place = "https://acme.my.salesforce.com"
        return Answer(200, {"access_token": self.token, "instance_url": place})

    def composite(self, told: Row) -> list[Row]:
        requests = told["compositeRequest"]
        valid(len(requests) <= 25, "At most 25 subrequests.")
        before = deepcopy(self.tables)
        answers: list[Row] = []
        names: dict[str, str] = {}
        for one in requests:
            valid(one.keys() <= {"method", "url", "referenceId", "body", "httpHeaders"}, "No.")
            text = json.dumps(one.get("body", {}))
            for name, number in names.items():
                text = text.replace(f"@{{{name}.id}}", number)
            try:
                code, said = self.change(one["method"], one["url"], json.loads(text))
            except Wrong as wrong:
                code, said = wrong.code, wrong.told
            answers.append(
                {"httpStatusCode": code, "referenceId": one["referenceId"], "body": said}
            )
            if code == 201:
                names[one["referenceId"]] = said["id"]
            if code >= 400 and told.get("allOrNone"):
                # "If the value is true, the entire composite request is rolled back."
                self.tables = before
                break
        return answers

    def change(self, method: str, path: str, told: Row) -> tuple[int, Any]:
        match = re.fullmatch(rf"{re.escape(VERSION)}/sobjects/(\w+)(?:/(\w+))?", path)
        if match is None or match.group(1) not in self.tables:
            raise Wrong(404, "NOT_FOUND", f"There is no {path}.")
        table, number = match.group(1), match.group(2)
        if method == "POST":
            return 201, {"id": self.create(table, told), "success": True, "errors": []}
        if number not in self.tables[table]:
            raise Wrong(404, "NOT_FOUND", "The requested resource does not exist")
        if method == "DELETE":
            del self.tables[table][number]
            for linked, name in (
                ("EmailMessageRelation", "EmailMessageId"),
                ("ContentDocumentLink", "LinkedEntityId"),
                ("ContentDocumentLink", "ContentDocumentId"),
            ):
                rows = self.tables[linked].items()
                self.tables[linked] = {key: row for key, row in rows if row[name] != number}
            return 204, None
        raise Wrong(400, "INVALID_FIELD_FOR_INSERT_UPDATE", "update() needs the status Draft.")

    def create(self, table: str, told: Row) -> str:
        unknown = told.keys() - CREATABLE.get(table, set())
        valid(not unknown, f"No such column on {table}: {unknown}")
        for name, most in LIMITS.items():
            valid(len(told.get(name) or "") <= most, f"{name}: data value too large")
        if table == "Contact":
            valid(told.get("LastName"), "LastName is required.", "REQUIRED_FIELD_MISSING")
        if table == "EmailMessage":
            valid(told["Status"] in set("012345"), "Status is restricted.")
            datetime.fromisoformat(told["MessageDate"])
            related = told.get("RelatedToId")
            known = {*self.tables["Account"], *self.tables["Opportunity"]}
            valid(related is None or related in known, "RelatedToId is of no such record.")
        if table == "EmailMessageRelation":
            valid(told["RelationType"] in RELATIONS, "RelationType is restricted.")
            valid(told["EmailMessageId"] in self.tables["EmailMessage"], "No such email.")
            people = {*self.tables["Contact"], *self.tables["Lead"], *self.tables["User"]}
            valid(told["RelationId"] in people, "RelationId is of no such person.")
        return self.add(table, **told)

    def upload(self, request: Request) -> Answer:
        parts = parts_of(request)
        valid(parts.keys() == {"entity_content", "VersionData"}, "No such parts.")
        valid(parts["entity_content"].media_type == "application/json", "The first part is JSON.")
        told = json.loads(parts["entity_content"].octets)
        valid(told.keys() <= CREATABLE["ContentVersion"], "No such column.")
        valid(not told["PathOnClient"].endswith(self.refused), "File type is not allowed.")
        valid(told["FirstPublishLocationId"] in self.tables["EmailMessage"], "No such record.")
        octets = parts["VersionData"].octets
        document = self.add("ContentDocument", Title=told["Title"], octets=octets)
        place = told["FirstPublishLocationId"]
        self.add("ContentDocumentLink", LinkedEntityId=place, ContentDocumentId=document)
        return Answer(201, {"id": "068", "success": True, "errors": []})

    def query(self, text: str) -> list[Row]:
        match = _QUERY.fullmatch(text)
        valid(match, f"MALFORMED_QUERY: {text}", "MALFORMED_QUERY")
        assert match is not None
        rows = list(self.tables[match["table"]].values())
        for term in (match["where"] or "").split(" AND ") if match["where"] else []:
            found = _TERM.fullmatch(term)
            valid(found, f"MALFORMED_QUERY: {term}", "MALFORMED_QUERY")
            assert found is not None
            rows = [row for row in rows if self.passes(row, *found.groups())]
        if match["order"]:
            rows = sorted(
                rows, key=lambda row: self.value(row, match["order"]), reverse=bool(match["desc"])
            )
        shown = rows[: int(match["limit"] or 2000)]
        return [self.shown(row, match["fields"].split(", ")) for row in shown]

    def passes(self, row: Row, name: str, operator: str, literal: str) -> bool:
        held = self.value(row, name)
        if operator == "IN":
            return held in re.findall(r"'((?:[^'\\]|\\.)*)'", literal)
        if operator == ">=":
            return str(held).replace("+0000", "Z") >= literal
        quoted = literal.startswith("'")
        words = {"true": True, "false": False, "null": None}
        value = re.sub(r"\\(.)", r"\1", literal[1:-1]) if quoted else words[literal]
        return bool((held == value) == (operator == "="))

    def value(self, row: Row, name: str) -> Any:
        table, _, inner = name.rpartition(".")
        if table:
            linked = "User" if table == "Owner" else table
            return self.tables[linked].get(row.get(f"{table}Id", ""), {}).get(inner)
        return row.get(name, False if name.startswith("Is") else None)

    def shown(self, row: Row, fields: list[str]) -> Row:
        told: Row = {"attributes": {}}
        for name in fields:
            table, _, inner = name.rpartition(".")
            if table:
                told[table] = {inner: self.value(row, name)}
            else:
                told[name] = self.value(row, name)
        return told
