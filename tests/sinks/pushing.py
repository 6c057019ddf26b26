"""A sink that pushes to a stand-in over a real socket."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from gateway.interfaces import Sink
from gateway.sinks.crm import CrmSettings
from tests.http_server import Handler, HttpServer, http_server
from tests.sinks.parcels import NOON

S = TypeVar("S", bound=Sink)


@asynccontextmanager
async def pushing(
    kind: Callable[..., S], stand_in: Handler, secret: str, **chosen: Any
) -> AsyncIterator[tuple[S, HttpServer]]:
    """Open a sink of this kind; it waits for no limit of requests, unless told to."""
    async with http_server(stand_in) as server:
        given = {"url": server.url, "timeout_s": 5.0, "requests_per_second": 10_000.0, **chosen}
        sink = kind("crm", secret, CrmSettings(**given), clock=lambda: NOON)
        yield sink, server
        await sink.close()
