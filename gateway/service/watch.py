"""Answers whoever watches the gateway: `/metrics`, `/health` and `/ready`, over HTTP.

`/health` says that the loop turns; `/ready` that the doors are open, with how the store and the
spool are. A store that is away makes nobody unready: mail flows, and is decided later (D-3).

Standards: RFC 9112, as much of it as a GET needs; each connection answers once.
Limits: no TLS and no password; it belongs on a loopback or a management network.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from http import HTTPStatus
from typing import Protocol

from gateway.service.crew import FIRST
from gateway.service.metrics import CONTENT_TYPE, Levels, Metrics, Told, together

PATIENCE_S = 10.0
MOST_AT_ONCE = 16
_HEAD_OCTETS = 16_384


class Watched(Protocol):
    """What is asked when somebody looks."""

    async def levels(self) -> Levels:
        """Return how things stand."""
        ...

    async def store_trouble(self) -> str:
        """Return why the store cannot answer; empty when it can."""
        ...

    @property
    def taking_mail(self) -> bool:
        """Whether the doors are open."""
        ...


Answer = tuple[HTTPStatus, str, bytes]


class Watch:
    """An open endpoint."""

    def __init__(
        self,
        watched: Watched,
        metrics: Metrics,
        others: Callable[[], Awaitable[dict[int, Told]]] | None = None,
    ) -> None:
        self._watched = watched
        self._metrics = metrics
        self._others = others
        self._server: asyncio.Server | None = None
        self._room = asyncio.Semaphore(MOST_AT_ONCE)
        self._pages: dict[str, Callable[[], Awaitable[Answer]]] = {
            "/metrics": self._figures,
            "/health": self._health,
            "/ready": self._ready,
        }

    @property
    def port(self) -> int:
        """Where it listens; 0 while it does not."""
        return int(self._server.sockets[0].getsockname()[1]) if self._server else 0

    async def open(self, host: str, port: int) -> None:
        """Begin to answer. Raises OSError."""
        self._server = await asyncio.start_server(self._serve, host, port, limit=_HEAD_OCTETS)

    async def close(self) -> None:
        """Answer nobody any more."""
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Whatever a stranger sends ends this connection and nothing else.
        with suppress(OSError, ValueError, TimeoutError, asyncio.IncompleteReadError):
            async with self._room, asyncio.timeout(PATIENCE_S):
                head = await reader.readuntil(b"\r\n\r\n")
                status, kind, body = await self._answer(head)
                writer.write(
                    f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: {kind}\r\n"
                    f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
                )
                writer.write(b"" if head.startswith(b"HEAD ") else body)
                await writer.drain()
        writer.close()

    async def _answer(self, head: bytes) -> Answer:
        method, _, rest = head.partition(b" ")
        if method not in {b"GET", b"HEAD"}:
            return HTTPStatus.METHOD_NOT_ALLOWED, "text/plain", b"Only GET is answered.\n"
        path = rest.split(b" ", 1)[0].split(b"?", 1)[0].decode("ascii", "replace")
        page = self._pages.get(path)
        if page is None:
            said = f"There are {', '.join(self._pages)}.\n"
            return HTTPStatus.NOT_FOUND, "text/plain", said.encode()
        return await page()

    async def _figures(self) -> Answer:
        levels = await self._watched.levels()
        if self._others is None:
            return HTTPStatus.OK, CONTENT_TYPE, self._metrics.text(levels)
        figures = await self._others()
        figures[FIRST] = self._metrics.told(levels)
        return HTTPStatus.OK, CONTENT_TYPE, together(figures, FIRST)

    async def _health(self) -> Answer:
        return HTTPStatus.OK, "text/plain", b"alive\n"

    async def _ready(self) -> Answer:
        taking = self._watched.taking_mail
        trouble, levels = await self._watched.store_trouble(), await self._watched.levels()
        told = {
            "taking_mail": taking,
            "state": "degraded" if trouble else "well",
            "store": trouble or "well",
            "undecided": levels.spooled,
            "oldest_undecided_s": round(levels.oldest_s),
            "unreadable": levels.unreadable,
        }
        status = HTTPStatus.OK if taking else HTTPStatus.SERVICE_UNAVAILABLE
        return status, "application/json", json.dumps(told).encode() + b"\n"
