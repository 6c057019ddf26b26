"""A next hop that remembers: a small real SMTP server that can be told how to behave.

It ends data at CRLF.CRLF only and keeps every octet, in wire form and unstuffed.
"""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

ALL_EXTENSIONS = (
    "PIPELINING",
    "SIZE 200000000",
    "8BITMIME",
    "SMTPUTF8",
    "DSN",
    "ENHANCEDSTATUSCODES",
    "XFORWARD NAME ADDR PROTO HELO SOURCE PORT IDENT",
)
Answer = str | None
"""A reply, `close` to close without a word, `hang` to say nothing, or None for the usual."""


@dataclass
class Taken:
    """One message that was taken."""

    mail: str
    rcpts: list[str]
    wire: bytes
    """With stuffed dots, without the final dot."""
    xforward: list[str] = field(default_factory=list)
    digest: bytes = b""
    """Of the content that was forgotten."""

    @property
    def content(self) -> bytes:
        plain = (b"\r\n" + self.wire).replace(b"\r\n.", b"\r\n")
        return plain[2:]

    @property
    def sha256(self) -> bytes:
        return self.digest or hashlib.sha256(self.content).digest()

    def forget(self) -> None:
        """Keep the digest in place of the octets."""
        self.digest, self.wire = self.sha256, b""


class NextHop:
    """What it took, what it heard, and how it answers."""

    def __init__(self, extensions: tuple[str, ...] = ALL_EXTENSIONS) -> None:
        self.extensions = extensions
        self.taken: list[Taken] = []
        self.heard: list[str] = []
        self.forgets = False
        """Whether it keeps digests in place of octets, and nothing of what it heard."""
        self.connections = 0
        self.open_now = 0
        self.closed = asyncio.Condition()
        self.answer: Callable[[str], Answer] = lambda _: None
        """Given a command line (`connect` for the greeting, `.` for the final dot)."""
        self.early: bytes | None = None
        """Said as soon as the first octet of content is there, after which it closes."""
        self.reads = asyncio.Event()
        """Cleared: it reads no content."""
        self.reads.set()
        self.tls: ssl.SSLContext | None = None
        """What STARTTLS goes on with."""
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open_now += 1
        try:
            await _Talk(self, reader, writer).run()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, _Closed):
            pass
        finally:
            writer.close()
            async with self.closed:
                self.open_now -= 1
                self.closed.notify_all()

    async def emptied(self) -> None:
        """Return when nobody is connected any more."""
        async with self.closed:
            await self.closed.wait_for(lambda: self.open_now == 0)


class _Closed(Exception):  # noqa: N818 - not an error
    pass


class _Talk:
    def __init__(
        self, hop: NextHop, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.hop, self.reader, self.writer = hop, reader, writer
        self.mail = ""
        self.rcpts: list[str] = []
        self.xforward: list[str] = []

    async def run(self) -> None:
        await self.say("connect", "220 hop ESMTP")
        while line := await self.reader.readline():
            await self.obey(line.decode("utf-8", "surrogateescape").removesuffix("\r\n"))

    async def obey(self, line: str) -> None:
        self.hear(line)
        verb = line.split(" ", maxsplit=1)[0].upper()
        if verb == "EHLO":
            offers = ["hop", *self.hop.extensions]
            dashes = [f"250-{offer}" for offer in offers[:-1]]
            await self.say(line, "\r\n".join([*dashes, f"250 {offers[-1]}"]))
        elif verb == "DATA":
            await self.data(line)
        elif verb == "STARTTLS" and self.hop.tls is not None:
            if (await self.say(line, "220 2.0.0 Go on")).startswith("220"):
                await self.writer.start_tls(self.hop.tls)
        elif verb == "QUIT":
            await self.say(line, "221 2.0.0 Bye")
            raise _Closed
        else:
            code = await self.say(line, "250 2.1.0 Ok")
            self.note(verb, line, accepted=code.startswith("2"))

    def hear(self, line: str) -> None:
        if not self.hop.forgets:
            self.hop.heard.append(line)

    def note(self, verb: str, line: str, *, accepted: bool) -> None:
        if verb == "RSET":
            self.mail, self.rcpts, self.xforward = "", [], []
        if not accepted:
            return
        if verb == "MAIL":
            self.mail = line
        elif verb == "RCPT":
            self.rcpts.append(line)
        elif verb == "XFORWARD":
            self.xforward.append(line)

    async def data(self, line: str) -> None:
        if not (await self.say(line, "354 Go on")).startswith("354"):
            return
        if self.hop.early is not None:
            await self.reader.readexactly(1)
            self.writer.write(self.hop.early)
            await self.writer.drain()
            raise _Closed
        wire = await self.content()
        self.hear(".")
        answer = self.hop.answer(".") or f"250 2.0.0 Ok: queued as {len(self.hop.taken) + 1:X}"
        if answer == "close after taking" or answer.startswith("2"):
            taken = Taken(self.mail, self.rcpts.copy(), wire, self.xforward.copy())
            if self.hop.forgets:
                taken.forget()
            self.hop.taken.append(taken)
        self.mail, self.rcpts, self.xforward = "", [], []
        await self.send(answer)

    async def content(self) -> bytes:
        await self.hop.reads.wait()
        wire = bytearray(b"\r\n")
        while not wire.endswith(b"\r\n.\r\n"):
            wire += await self.reader.readuntil(b"\r\n")
        return bytes(wire[2:-3])

    async def say(self, command: str, usual: str) -> str:
        answer = self.hop.answer(command) or usual
        await self.send(answer)
        return answer

    async def send(self, answer: str) -> None:
        if answer.startswith("close"):
            raise _Closed
        if answer == "hang":
            await self.reader.read()
            raise _Closed
        self.writer.write(answer.encode("latin-1") + b"\r\n")
        await self.writer.drain()
        if answer.startswith("421"):
            raise _Closed


@asynccontextmanager
async def next_hop(extensions: tuple[str, ...] = ALL_EXTENSIONS) -> AsyncIterator[NextHop]:
    """Start one on a free loopback port."""
    hop = NextHop(extensions)
    server = await asyncio.start_server(hop.serve, "127.0.0.1", 0, limit=2**20)
    hop.port = server.sockets[0].getsockname()[1]
    try:
        yield hop
    finally:
        server.close()
        hop.reads.set()
        await hop.emptied()
