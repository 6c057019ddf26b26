"""Describes the API by the very types that check it.

Standards: OpenAPI 3.1, JSON Schema 2020-12.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Any, get_args

import msgspec

from gateway.web.api.operation import Operation
from gateway.web.api.problems import MEDIA
from gateway.web.api.shapes import Problem
from gateway.web.tokens import Scope

TEMPLATE = "#/components/schemas/{name}"
WHEN = {
    400: "What was asked or sent does not fit its description.",
    401: "There is no token, or it holds no longer.",
    403: "It is not for this token or this user to do.",
    404: "There is no such thing, or it is not the asker's to see.",
    409: "It is so already, or it cannot be done now.",
    413: "More was sent than is taken.",
    415: "What was sent is not called JSON.",
    429: "Too many calls; Retry-After says how long to wait.",
    503: "The store is busy or away; Retry-After says how long to wait.",
}
"""What each status of a problem means."""


def description(operations: Sequence[Operation], version: str) -> dict[str, Any]:
    """Return the document."""
    kinds = [kind for operation in operations for kind in _kinds(operation)]
    _, schemas = msgspec.json.schema_components([*kinds, Problem], ref_template=TEMPLATE)
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    scopes = ", ".join(get_args(Scope))
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Replygate",
            "version": version,
            "description": (
                "What the pages show and do, for programs. A token acts for a user and sees what"
                f" he sees, as far as its scopes go ({scopes}). Problems are RFC 9457."
            ),
        },
        "servers": [{"url": "/api/v1"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "Made by: replygate token create USER --scope read",
                }
            },
        },
    }


def _kinds(operation: Operation) -> Iterator[Any]:
    """Yield the types whose schema stands apart."""
    if operation.body is not None:
        yield operation.body
    if _is_json(operation):
        yield operation.answers


def _operation(operation: Operation) -> dict[str, Any]:
    told: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "description": _words(operation),
        "parameters": [*_path(operation), *_query(operation)],
        "responses": {str(status): _answer(operation, status) for status in operation.statuses},
    }
    if operation.body is not None:
        told["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": _schema(operation.body)}},
        }
    return told


def _words(operation: Operation) -> str:
    who = " Only for admins." if operation.admin else ""
    return f"{operation.details}\n\nNeeds the scope `{operation.scope}`.{who}".strip()


def _path(operation: Operation) -> Iterator[dict[str, Any]]:
    for name, kind in operation.path_types.items():
        yield {"name": name, "in": "path", "required": True, "schema": _schema(kind)}


def _query(operation: Operation) -> Iterator[dict[str, Any]]:
    if operation.query is None:
        return
    (schema,), known = msgspec.json.schema_components([operation.query], ref_template=TEMPLATE)
    whole = known[schema["$ref"].rpartition("/")[2]]
    for name, one in whole["properties"].items():
        parameter = {"name": name, "in": "query", "required": name in whole.get("required", ())}
        yield parameter | {"schema": _without_null(_inline(one, known))}


def _inline(schema: dict[str, Any], known: dict[str, Any]) -> dict[str, Any]:
    """Return a schema without references: parameters are small."""
    if "$ref" in schema:
        return _inline(known[schema["$ref"].rpartition("/")[2]], known)
    if "anyOf" in schema:
        return schema | {"anyOf": [_inline(one, known) for one in schema["anyOf"]]}
    return schema


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema as it is in an address, where nothing is told by leaving it out."""
    some = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
    if not some:
        return schema
    rest = {name: value for name, value in schema.items() if name not in {"anyOf", "default"}}
    return rest | (some[0] if len(some) == 1 else {"anyOf": some})


def _answer(operation: Operation, status: int) -> dict[str, Any]:
    if status != operation.status:
        told: dict[str, Any] = {
            "description": WHEN[status],
            "content": {MEDIA: {"schema": _schema(Problem)}},
        }
        if status in {429, 503}:
            told["headers"] = {"Retry-After": {"schema": {"type": "string"}}}
        return told
    content = {"schema": _schema(operation.answers)} if _is_json(operation) else {}
    return {
        "description": HTTPStatus(status).phrase,
        "content": {operation.media: content},
    }


def _is_json(operation: Operation) -> bool:
    return operation.media == "application/json"


def _schema(kind: Any) -> dict[str, Any]:
    (schema,), _ = msgspec.json.schema_components([kind], ref_template=TEMPLATE)
    return schema
