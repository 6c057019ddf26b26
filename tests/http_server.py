"""A real HTTP server for tests: keeps every request, and can answer badly in every way.

Standards: RFC 9112, as far as a client of ours goes.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Request:
    """What a client asked."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Answer:
    """What it is answered."""

    code: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False
    """Close the connection in place of an answer."""
    silent: bool = False
    """Say nothing, for as long as the client waits."""
    after: bool = False
    """Do what was asked, then answer so."""


Handler = Callable[[Request], Answer]
CUT = Answer(cut=True)
CUT_AFTER = Answer(cut=True, after=True)
SILENT = Answer(silent=True)


class HttpServer:
    """Answers by the handler, or by what stands in `next`."""

    def __init__(self, handler: Handler) -> None:
        self.handler = handler
        self.requests: list[Request] = []
        self.next: list[Answer | None] = []
        """How the next requests are answered; None is as usual."""
        self.always: Answer | None = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._answer(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; return whether another may follow."""
        if (request := await _read(reader)) is None:
            return False
        self.requests.append(request)
        planned = self.always or (self.next.pop(0) if self.next else None)
        answer = self.handler(request) if planned is None or planned.after else planned
        answer = planned or answer
        if answer.silent:
            await reader.read()
        if answer.cut or answer.silent:
            return False
        writer.write(_written(answer))
        await writer.drain()
        return True


async def _read(reader: asyncio.StreamReader) -> Request | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {
        name.lower(): value.strip()
        for name, _, value in (line.partition(":") for line in lines if line)
    }
    method, target, _ = first.split(" ")
    assert "transfer-encoding" not in headers, "the length of a body is known beforehand"
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    url = urlsplit(target)
    return Request(method, url.path, parse_qs(url.query), headers, body)


def _written(answer: Answer) -> bytes:
    body = b"" if answer.body is None else json.dumps(answer.body).encode()
    headers = {"content-type": "application/json", **answer.headers, "content-length": len(body)}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {answer.code} Said\r\n{lines}\r\n".encode() + body


@asynccontextmanager
async def http_server(handler: Handler) -> AsyncIterator[HttpServer]:
    """Serve on a loopback port."""
    made = HttpServer(handler)
    tasks: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(made.serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()
