"""Answers calls: who calls, whether he may, what is asked, and how often.

A call carries its token as `Authorization: Bearer …` and nothing else counts: no cookie is looked
at, so that no page of another site can call in somebody's name.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from gateway.store.people_views import PeopleViews
from gateway.web.api.operation import Operation
from gateway.web.api.problems import ProblemError, answer_of
from gateway.web.desk import Desk, NotAllowedError, Visit, content_of, language_for
from gateway.web.tokens import Token, Tokens
from gateway.web.viewer import Viewer
from gateway.words.catalogue import tongue

BODY_LIMIT = 4_000_000
"""Octets of what is sent with a call."""
STRANGERS_PER_MINUTE = 60
"""Calls of one machine without a token that holds."""
_ASK = 'Send "Authorization: Bearer TOKEN"; make one with: replygate token create'


class Limiter:
    """Counts calls by the minute, in this process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began = clock()
        self._counts: dict[str, int] = {}

    def take(self, who: str, per_minute: int) -> None:
        """Count a call. Raises ProblemError for one too many."""
        now = self._clock()
        if now - self._began >= 60:
            self._began = now
            self._counts.clear()
        self._counts[who] = self._counts.get(who, 0) + 1
        if self._counts[who] > per_minute:
            wait = max(1, round(60 - (now - self._began)))
            detail = f"More than {per_minute} calls within a minute. Wait {wait} s."
            raise ProblemError(429, detail, {"Retry-After": str(wait)})


def endpoint_of(operation: Operation, limiter: Limiter) -> Callable[[Request], Awaitable[Response]]:
    """Return what answers calls of an operation."""

    async def endpoint(request: Request) -> Response:
        """Answer a call."""
        try:
            octets = await _body(request) if operation.body is not None else b""
            return await run_in_threadpool(_answer, operation, request, octets, limiter)
        except Exception as error:
            answer = answer_of(error)
            if answer is None:
                raise
            return answer

    return endpoint


def _answer(operation: Operation, request: Request, octets: bytes, limiter: Limiter) -> Response:
    desk: Desk = request.app.state.desk
    with desk.views() as views:
        token, viewer = admitted(desk, views, request, limiter)
        if operation.method != "GET" and "admin" not in token.scopes:
            # It changes what a member may change, whoever made it.
            viewer = replace(viewer, user=replace(viewer.user, role="member"))
        said = tongue(language_for(request, viewer))
        visit = Visit(desk, request, viewer, views, views.mailboxes(), tongue=said)
        if operation.scope not in token.scopes:
            raise NotAllowedError(
                f"Token {token.number} lacks the scope {operation.scope}. Make another one with:"
                f" replygate token create {token.user} --scope {operation.scope}"
            )
        if operation.admin:
            visit.must_be_admin()
        answer = operation(visit, **_given(operation, request, octets))
        if operation.method == "GET" and (what := content_of(request)):
            visit.note("looked at", what)
        if isinstance(answer, Response):
            return answer
        return Response(
            msgspec.json.encode(answer), operation.status, media_type="application/json"
        )


def admitted(
    desk: Desk, views: PeopleViews, request: Request, limiter: Limiter
) -> tuple[Token, Viewer]:
    """Return the token of a call, and for whom it acts. Raises ProblemError."""
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    with Tokens(desk.config.gateway.state, clock=desk.clock) as tokens:
        token = tokens.holder(secret.strip()) if scheme.lower() == "bearer" else None
    user = next((user for user in views.users() if token and user.key == token.user), None)
    if token is None or user is None:
        client = request.client.host if request.client else ""
        limiter.take(f"from {client}", STRANGERS_PER_MINUTE)
        told = {"WWW-Authenticate": 'Bearer realm="replygate"'}
        raise ProblemError(401, f"There is no token, or it holds no longer. {_ASK}", told)
    limiter.take(f"token {token.number}", desk.config.web.calls_per_minute)
    boxes = tuple(box.address for box in views.mailboxes() if box.user == user.key)
    return token, Viewer(user, boxes)


def _given(operation: Operation, request: Request, octets: bytes) -> dict[str, Any]:
    """Return what is asked, by the names of the parameters. Raises MsgspecError."""
    given = {
        name: _converted(request.path_params[name], kind)
        for name, kind in operation.path_types.items()
    }
    if operation.query is not None:
        given["query"] = _converted(dict(request.query_params), operation.query)
    if operation.body is not None:
        given["body"] = msgspec.json.decode(octets, type=operation.body)
    return given


def _converted(value: Any, kind: Any) -> Any:
    return msgspec.convert(value, kind, strict=False)


async def _body(request: Request) -> bytes:
    """Return what is sent. Raises ProblemError for too much, and for what is said to be no JSON."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise ProblemError(415, "Send JSON, with Content-Type: application/json.")
    octets = bytearray()
    async for chunk in request.stream():
        octets += chunk
        if len(octets) > BODY_LIMIT:
            raise ProblemError(413, f"More than {BODY_LIMIT} octets. Send it in several calls.")
    return bytes(octets)
