"""A stand-in for Odoo 19, written from its public documentation and nothing else.

Every request is held against what the documentation says; what it does not name is refused. It
keeps what it got. It has never been compared with the real service.
"""

from __future__ import annotations

import base64
import fnmatch
import re
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from tests.http_server import Answer, Request

KEY = "6578616d706c65206a736f6e20617069206b6579"
LOGIN = "bot@acme.example"

Row = dict[str, Any]

FIELDS: dict[str, set[str]] = {
    "res.partner": {
        "name", "email", "email_normalized", "parent_id", "is_company", "write_date", "user_id",
        "commercial_company_name",
        "x_private",
    },
    "res.users": {"login", "partner_id", "name", "email"},
    "crm.lead": {"partner_id", "probability", "create_date", "name"},
    "mail.message": {
        "subject", "date", "body", "attachment_ids", "model", "res_id", "message_type",
        "subtype_id", "is_internal", "email_from", "author_id", "incoming_email_to",
        "incoming_email_cc", "outgoing_email_to", "message_id",
    },
    "mail.message.subtype": {"res_model", "internal", "default", "sequence", "name"},
    "mail.blacklist": {"email", "active", "write_date"},
    "ir.attachment": {
        "name", "mimetype", "datas", "description", "res_model", "res_id",
    },
}  # fmt: skip
ARGUMENTS = {
    "search_read": {"domain", "fields", "offset", "limit", "order"},
    "create": {"vals_list"},
    "write": {"ids", "vals"},
    "unlink": {"ids"},
    "fields_get": {"allfields", "attributes"},
}
TYPES = {"email", "comment", "email_outgoing", "notification", "auto_comment"}


class Wrong(Exception):  # noqa: N818 - an answer, not a defect
    """What is answered to a request that is not as documented."""

    def __init__(self, code: int, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name
        told = {"name": name, "message": message, "arguments": [message, code], "context": {}}
        self.answer = Answer(code, {**told, "debug": "Traceback …"})


def valid(holds: object, message: str) -> None:
    if not holds:
        raise Wrong(422, "odoo.exceptions.ValidationError", message)


@dataclass
class Odoo:
    """One database."""

    database: str = ""
    tables: dict[str, dict[int, Row]] = field(default_factory=lambda: {one: {} for one in FIELDS})
    lacks: set[str] = field(default_factory=set)
    """Models that are not installed, and fields that this version does not have."""
    refused_types: tuple[str, ...] = ()
    count: int = 100

    def __post_init__(self) -> None:
        told = {"res_model": False, "sequence": 0}
        self.add("mail.message.subtype", name="Discussions", internal=False, default=True, **told)
        self.add("mail.message.subtype", name="Note", internal=True, default=False, **told)

    def __call__(self, request: Request) -> Answer:
        try:
            return self.route(request)
        except Wrong as wrong:
            return wrong.answer

    def add(self, model: str, /, **row: Any) -> int:
        self.count += 1
        if model == "res.partner":
            row = {"parent_id": False, **row}
        self.tables[model][self.count] = row
        return self.count

    @property
    def messages(self) -> list[Row]:
        return list(self.tables["mail.message"].values())

    def subjects(self) -> dict[str, str]:
        """Return the subject of each entry on the timelines of partners; none is there twice."""
        found: dict[str, str] = {}
        places: set[tuple[str, int, str]] = set()
        for row in self.messages:
            entry = row["message_id"][1:].partition(".")[0]
            place = (row["model"], row["res_id"], entry)
            assert place not in places, "a message is there twice"
            places.add(place)
            found[entry] = row["subject"]
        return found

    def rpc(self, request: Request) -> Answer:
        """Answer as versions before 19 do: always with 200."""
        told = request.json()
        params, number = told["params"], told["id"]
        valid((told["jsonrpc"], told["method"]) == ("2.0", "call"), "No JSON-RPC.")
        try:
            result = self.served(params["service"], params["method"], params["args"])
        except Wrong as wrong:
            said = {"name": wrong.name, "message": str(wrong)}
            error = {"code": 200, "message": "Odoo Server Error", "data": said}
            return Answer(200, {"jsonrpc": "2.0", "id": number, "error": error})
        return Answer(200, {"jsonrpc": "2.0", "id": number, "result": result})

    def served(self, service: str, method: str, args: list[Any]) -> Any:
        if (service, method) == ("common", "authenticate"):
            database, login, key, _ = args
            return 2 if (database, login, key) == (self.database, LOGIN, KEY) else False
        valid((service, method) == ("object", "execute_kw"), "No such service.")
        database, user, key, model, called, positional, named = args
        if (database, user, key) != (self.database, 2, KEY):
            raise Wrong(403, "odoo.exceptions.AccessDenied", "Access Denied")
        if model not in self.tables or model in self.lacks:
            raise Wrong(404, "builtins.KeyError", f"Object {model} doesn't exist")
        if positional:
            valid("ids" not in named, "ids is the first argument.")
            named = {**named, "ids": positional[0]}
        valid(named.keys() <= ARGUMENTS[called], f"{called} has no such arguments.")
        return getattr(self, called)(model, named)

    def route(self, request: Request) -> Answer:
        if request.path == "/jsonrpc":
            return self.rpc(request)
        if request.headers.get("authorization", "").lower() != f"bearer {KEY}":
            raise Wrong(401, "werkzeug.exceptions.Unauthorized", "Invalid apikey")
        if self.database and request.headers.get("x-odoo-database") != self.database:
            raise Wrong(404, "werkzeug.exceptions.NotFound", "There is no such database.")
        match = re.fullmatch(r"/json/2/([\w.]+)/(\w+)", request.path)
        if match is None or match.group(1) not in self.tables or match.group(1) in self.lacks:
            raise Wrong(404, "werkzeug.exceptions.NotFound", f"There is no {request.path}.")
        valid(request.method == "POST", "POST is expected.")
        valid(request.headers["content-type"].startswith("application/json"), "No JSON.")
        model, method = match.groups()
        told = request.json()
        if method not in ARGUMENTS or not told.keys() <= ARGUMENTS[method] | {"context"}:
            raise Wrong(422, "builtins.TypeError", f"{method} has no such arguments: {list(told)}")
        return Answer(200, getattr(self, method)(model, told))

    def fields_of(self, model: str) -> set[str]:
        return FIELDS[model] - self.lacks

    def fields_get(self, model: str, _: Row) -> Row:
        types = [[one, one.title()] for one in sorted(TYPES - self.lacks)]
        told: Row = {name: {"type": "char"} for name in self.fields_of(model)}
        return told | {"message_type": {"type": "selection", "selection": types}}

    def search_read(self, model: str, told: Row) -> list[Row]:
        asked = set(told["fields"]) - {"id"}
        valid(asked <= self.fields_of(model), f"Invalid fields: {asked - self.fields_of(model)}")
        found = [
            {"id": number, **row}
            for number, row in self.tables[model].items()
            if all(self.passes(model, row | {"id": number}, *term) for term in told["domain"])
        ]
        for term in reversed([t for t in told.get("order", "").split(", ") if t]):
            name, _, way = term.partition(" ")
            found = sorted(found, key=partial(_held, name), reverse=way == "desc")
        start = told.get("offset", 0)
        shown = found[start : start + told.get("limit", 10**6)]
        return [{name: row.get(name, False) for name in ("id", *told["fields"])} for row in shown]

    def passes(self, model: str, row: Row, name: str, operator: str, value: Any) -> bool:
        valid(name == "id" or name in self.fields_of(model), f"Invalid field {name}.")
        held = row.get("email", "").lower() if name == "email_normalized" else row.get(name, False)
        held = held[0] if isinstance(held, list) else held
        if operator == "=like":
            return fnmatch.fnmatchcase(str(held), value.replace("%", "*"))
        if operator == "in":
            return held in value
        if operator == "<":
            return bool(held < value)
        if operator in {">=", ">"}:
            return bool(str(held) >= str(value) if operator == ">=" else held > value)
        valid(operator in {"=", "!="}, f"Invalid operator {operator}.")
        return bool((held == value) == (operator == "="))

    def create(self, model: str, told: Row) -> list[int]:
        for values in told["vals_list"]:
            self.check(model, values)
            if model == "res.partner":
                valid(values.get("name"), "name is required.")
            if model == "mail.message":
                there = self.tables.get(values["model"], {})
                valid(values["res_id"] in there, "There is no such record.")
        return [self.add(model, **values) for values in told["vals_list"]]

    def write(self, model: str, told: Row) -> bool:
        self.check(model, told["vals"])
        for number in told["ids"]:
            self.row(model, number).update(told["vals"])
        return True

    def unlink(self, model: str, told: Row) -> bool:
        for number in told["ids"]:
            self.row(model, number)
            del self.tables[model][number]
        return True

    def row(self, model: str, number: int) -> Row:
        if number not in self.tables[model]:
            raise Wrong(404, "odoo.exceptions.MissingError", "Record does not exist.")
        return self.tables[model][number]

    def check(self, model: str, values: Row) -> None:
        unknown = values.keys() - self.fields_of(model)
        valid(not unknown, f"Invalid field in {model}: {unknown}")
        if model == "mail.message":
            valid(
                values.get("message_type", "email") in TYPES - self.lacks,
                "Wrong value for message_type.",
            )
            if "date" in values:
                datetime.strptime(values["date"], "%Y-%m-%d %H:%M:%S").astimezone()
            for command, _, numbers in values.get("attachment_ids", []):
                valid(command == 6, "No such command.")
                valid(set(numbers) <= self.tables["ir.attachment"].keys(), "No such attachment.")
            author = values.get("author_id") or None
            valid(author is None or author in self.tables["res.partner"], "No such author.")
        if model == "ir.attachment":
            valid(values["mimetype"] not in self.refused_types, "Not allowed.")
            base64.b64decode(values["datas"], validate=True)


def _held(name: str, row: Row) -> Any:
    return row.get(name, 0)
