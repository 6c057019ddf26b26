"""A wire between two peers that breaks where it is told: cut after so many octets, either way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class Wire:
    """Passes octets on to a port; `to_client` and `to_server` count those of the last call."""

    target: int
    cut_to_client: int | None = None
    """Cut the connection once so many octets went to the client; None never."""
    cut_to_server: int | None = None
    reset: bool = False
    """Whether a cut is a reset in place of an orderly end."""
    port: int = 0
    to_client: int = 0
    to_server: int = 0
    ended: set[asyncio.Task[None]] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Connect a caller with the target."""
        self.to_client = self.to_server = 0
        ends = [writer]
        ways: list[asyncio.Task[None]] = []
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
            ends.append(far_writer)
            ways.append(asyncio.create_task(self._pass(reader, far_writer, "to_server")))
            ways.append(asyncio.create_task(self._pass(far_reader, writer, "to_client")))
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        except ConnectionError:
            return
        finally:
            for way in ways:
                way.cancel()
            for end in ends:
                if self.reset:
                    end.transport.abort()
                end.close()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: str
    ) -> None:
        limit = self.cut_to_client if way == "to_client" else self.cut_to_server
        while octets := await reader.read(65_536):
            gone = getattr(self, way)
            piece = octets if limit is None else octets[: max(0, limit - gone)]
            with suppress(ConnectionError):
                writer.write(piece)
                await writer.drain()
            setattr(self, way, gone + len(piece))
            if limit is not None and gone + len(piece) >= limit:
                return


@asynccontextmanager
async def wire(target: int) -> AsyncIterator[Wire]:
    """Lay a wire to a port."""
    made = Wire(target)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        made.ended.add(task)
        try:
            await made.serve(reader, writer)
        finally:
            made.ended.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        for task in tuple(made.ended):
            task.cancel()
        await asyncio.gather(*made.ended, return_exceptions=True)
