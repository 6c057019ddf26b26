"""The MTA's side of the milter protocol, for tests: frames in, answers out."""

from __future__ import annotations

import asyncio
import contextlib
import struct
from dataclasses import dataclass, field

ALL_STEPS = 0x1FFFFF
NO_REPLY = 0xFF080
LEADING_SPACE = 0x100000


def frame(command: bytes, arguments: bytes = b"") -> bytes:
    return struct.pack("!I", 1 + len(arguments)) + command + arguments


def strings(*words: bytes) -> bytes:
    return b"".join(word + b"\0" for word in words)


def offer(version: int = 6, actions: int = 0x1FF, steps: int = ALL_STEPS) -> bytes:
    return frame(b"O", struct.pack("!III", version, actions, steps))


def macros(stage: bytes, **values: str) -> bytes:
    pairs = (word for name, value in values.items() for word in (_braced(name), value.encode()))
    return frame(b"D", stage + strings(*pairs))


def _braced(name: str) -> bytes:
    return name.encode() if len(name) == 1 else b"{" + name.encode() + b"}"


def connect(name: bytes = b"client.example.com", address: bytes = b"192.0.2.7") -> bytes:
    family = b"6" if b":" in address else b"4"
    return frame(b"C", strings(name) + family + struct.pack("!H", 4711) + strings(address))


@dataclass(frozen=True)
class Shown:
    """A message as an MTA shows it."""

    fields: tuple[tuple[bytes, bytes], ...] = (
        (b"From", b" Ann <ann@example.com>"),
        (b"Subject", b" Hello"),
    )
    body: bytes = b"Hello.\r\n"
    mail: tuple[bytes, ...] = (b"<ann@example.com>",)
    rcpts: tuple[tuple[bytes, ...], ...] = ((b"<bob@example.org>",),)
    macros: dict[str, str] = field(default_factory=lambda: {"i": "4XyZ"})
    chunk: int = 65_535
    last_in_end: bool = False

    @property
    def octets(self) -> bytes:
        lines = (name + b":" + value.replace(b"\n", b"\r\n") for name, value in self.fields)
        return b"".join(line + b"\r\n" for line in lines) + b"\r\n" + self.body

    def envelope(self) -> list[bytes]:
        return [
            macros(b"M", **self.macros),
            frame(b"M", strings(*self.mail)),
            *(frame(b"R", strings(*rcpt)) for rcpt in self.rcpts),
        ]

    def content(self) -> list[bytes]:
        pieces = [self.body[i : i + self.chunk] for i in range(0, len(self.body), self.chunk)]
        last = pieces.pop() if self.last_in_end and pieces else b""
        return [
            frame(b"T"),
            *(frame(b"L", strings(name, value)) for name, value in self.fields),
            frame(b"N"),
            *(frame(b"B", piece) for piece in pieces),
            frame(b"E", last),
        ]


class Mta:
    """A client over a real socket; asks for no replies but where it says so."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def open(cls, port: int) -> Mta:
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    @classmethod
    async def greeted(cls, port: int) -> Mta:
        """Return an MTA that has negotiated all and told of a client."""
        mta = await cls.open(port)
        await mta.say(offer())
        await mta.hear()
        await mta.say(connect(), frame(b"H", strings(b"client.example.com")))
        return mta

    async def say(self, *frames: bytes) -> None:
        self.writer.write(b"".join(frames))
        await self.writer.drain()

    async def hear(self) -> bytes:
        """Return the next answer without its size; empty when the connection has ended."""
        try:
            size = await self.reader.readexactly(4)
            return await self.reader.readexactly(struct.unpack("!I", size)[0])
        except (asyncio.IncompleteReadError, ConnectionError):
            return b""

    async def verdict(self) -> list[bytes]:
        """Return the answers up to the one that decides about the message."""
        heard = [await self.hear()]
        while heard[-1][:1] in {b"p", b"-", b"+"}:
            heard.append(await self.hear())
        return heard

    async def show(self, shown: Shown) -> list[bytes]:
        await self.say(*shown.envelope(), *shown.content())
        return await self.verdict()

    async def close(self) -> None:
        self.writer.close()
        with contextlib.suppress(ConnectionError):
            await self.writer.wait_closed()
