"""The application under `/api/v1`."""

from __future__ import annotations

import asyncio
from importlib import metadata

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.web.api.description import description
from gateway.web.api.operations import OPERATIONS
from gateway.web.api.problems import answer_of
from gateway.web.api.serving import Limiter, endpoint_of
from gateway.web.desk import Desk


def new_api(desk: Desk, ending: asyncio.Event) -> Starlette:
    """Return the application, at the desk of the pages; it ends when they end."""
    limiter = Limiter()
    document = msgspec.json.encode(description(OPERATIONS, _version()))

    async def describe(_: Request) -> Response:
        """Describe all of it; nothing in it is secret."""
        return Response(document, media_type="application/json")

    routes = [
        Route(one.path, endpoint_of(one, limiter), methods=[one.method]) for one in OPERATIONS
    ]
    app = Starlette(
        routes=[Route("/openapi.json", describe), *routes],
        exception_handlers={HTTPException: _told},
    )
    app.router.redirect_slashes = False
    app.state.desk = desk
    app.state.ending = ending
    return app


async def _told(_: Request, error: Exception) -> Response:
    answer = answer_of(error)
    if answer is None:
        raise error
    return answer


def _version() -> str:
    try:
        return metadata.version("replygate")
    except metadata.PackageNotFoundError:
        return "0"
