"""A sink that pushes to a stand-in over a real socket."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol, TypeVar

import pytest

from gateway.interfaces import Sink, SinkUnavailableError
from gateway.sinks.crm import CrmSettings
from tests.http_server import CUT_AFTER, Handler, HttpServer, http_server
from tests.sinks.parcels import NOON, logged


class Place(Protocol):
    """A sink, and the server at its other end."""

    @property
    def sink(self) -> Sink: ...

    @property
    def server(self) -> HttpServer: ...


S = TypeVar("S", bound=Sink)
P = TypeVar("P", bound=Place)


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


async def cut_at_every_step(
    opened: Callable[[], AbstractAsyncContextManager[P]],
) -> AsyncIterator[tuple[int, P]]:
    """Yield each request whose answer was cut, and what is there once the push was told again."""
    async with opened() as whole:
        await whole.sink.push(logged())
        steps = len(whole.server.requests)
    for step in range(steps):
        async with opened() as place:
            place.server.next = [*[None] * step, CUT_AFTER]
            with pytest.raises(SinkUnavailableError):
                await place.sink.push(logged())
            await place.sink.push(logged())
            yield step, place
