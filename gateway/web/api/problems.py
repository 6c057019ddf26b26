"""What the API says when it does not do what it was asked: a problem, and what to do about it.

Standards: RFC 9457 (problem details), RFC 9110 §15 (statuses), RFC 6750 §3 (WWW-Authenticate).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.responses import Response

from gateway.interfaces import StoreBusyError
from gateway.store.faults import AlreadyKnownError, ContactAmbiguousError
from gateway.web.api.shapes import Problem
from gateway.web.desk import NotAllowedError, NotFoundError

MEDIA = "application/problem+json"


class ProblemError(Exception):
    """Ends an operation with a problem."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.headers = headers or {}


def answer_of(error: Exception) -> Response | None:
    """Return the answer that an error is; None for a defect of ours."""
    known = _known(error)
    if known is None:
        return None
    problem = Problem(HTTPStatus(known.status).phrase, known.status, str(known))
    return Response(
        msgspec.json.encode(problem), known.status, dict(known.headers), media_type=MEDIA
    )


def _known(error: Exception) -> ProblemError | None:
    for kinds, made in _PROBLEMS:
        if isinstance(error, kinds):
            return made(error)
    if _is_ours(error) and isinstance(error, LookupError | ValueError):
        return ProblemError(404 if isinstance(error, LookupError) else 400, str(error))
    return None


def _said(error: HTTPException) -> str:
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        return "This address takes other methods; see Allow."
    return "There is nothing at this address. See /api/v1/openapi.json for what there is."


def _is_ours(error: Exception) -> bool:
    """Whether we raised it: it then says what to do."""
    return type(error).__module__.startswith("gateway.")


def _busy(error: Exception) -> ProblemError:
    detail = f"The store is busy or away ({error}). Try again in a moment."
    return ProblemError(503, detail, {"Retry-After": "2"})


_NOWHERE = "There is no such thing here, or it is not yours to see."
_PROBLEMS: tuple[tuple[tuple[type[Exception], ...], Callable[[Any], ProblemError]], ...] = (
    ((ProblemError,), lambda error: error),
    # A number that SQLite cannot hold is the number of nothing.
    ((NotFoundError, OverflowError), lambda _: ProblemError(404, _NOWHERE)),
    ((NotAllowedError,), lambda error: ProblemError(403, str(error))),
    ((StoreBusyError,), _busy),
    ((AlreadyKnownError, ContactAmbiguousError), lambda error: ProblemError(409, str(error))),
    (
        (HTTPException,),
        lambda error: ProblemError(error.status_code, _said(error), error.headers),
    ),
    (
        (msgspec.MsgspecError,),
        lambda error: ProblemError(400, f"{error}. See /api/v1/openapi.json."),
    ),
)
