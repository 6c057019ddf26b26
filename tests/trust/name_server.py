"""A small name server on loopback that answers from a table."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

SILENT = "silent"
BROKEN = "broken"


@dataclass
class NameServer:
    """Names with their TXT record; `SILENT` and `BROKEN` stand for servers that fail."""

    records: Mapping[str, str]
    port: int = 0
    asked: list[str] = field(default_factory=list)
    was_asked: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def address(self) -> tuple[str, int]:
        return "127.0.0.1", self.port

    def answer(self, octets: bytes, *, by_datagram: bool) -> bytes | None:
        question = dns.message.from_wire(octets)
        name = question.question[0].name.to_text(omit_final_dot=True).lower()
        self.asked.append(name)
        self.was_asked.set()
        reply = dns.message.make_response(question)
        record = self.records.get(name)
        if record == SILENT:
            return None
        if record == BROKEN:
            reply.set_rcode(dns.rcode.SERVFAIL)
        elif record is None:
            reply.set_rcode(dns.rcode.NXDOMAIN)
        elif by_datagram and len(record) > 1000:
            reply.flags |= dns.flags.TC
        else:
            strings = [record[at : at + 200] for at in range(0, len(record), 200)] or [""]
            text = " ".join(f'"{string}"' for string in strings)
            rrset = dns.rrset.from_text(question.question[0].name, 300, "IN", "TXT", text)
            reply.answer.append(rrset)
        return reply.to_wire(max_size=65_535)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, server: NameServer) -> None:
        self.server = server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if (reply := self.server.answer(data, by_datagram=True)) is not None:
            self.transport.sendto(reply, addr)


@asynccontextmanager
async def name_server(records: Mapping[str, str]) -> AsyncIterator[NameServer]:
    """Answer on one port of loopback, by UDP and TCP."""
    server = NameServer(records)

    async def stream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        size = int.from_bytes(await reader.readexactly(2))
        reply = server.answer(await reader.readexactly(size), by_datagram=False) or b""
        writer.write(len(reply).to_bytes(2) + reply)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    listener = await asyncio.start_server(stream, "127.0.0.1", 0)
    server.port = listener.sockets[0].getsockname()[1]
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: _Datagrams(server), local_addr=server.address
    )
    try:
        yield server
    finally:
        transport.close()
        listener.close()
        await listener.wait_closed()
