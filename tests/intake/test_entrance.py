"""A socket that several workers listen at."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway.intake.entrance import Entrance
from gateway.service.seats import Seat, Seats


class Guest(asyncio.Protocol):
    """Says who has let it in."""

    def __init__(self, host: Host) -> None:
        self.host = host

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(self.host.name)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self.host.seat.leave()


class Host:
    """A worker, with an entrance of its own."""

    def __init__(self, name: bytes, door: socket.socket, seats: Seats, number: int) -> None:
        self.name = name
        self.seat = Seat(seats, number, 0)
        self.entrance = Entrance(door.dup(), lambda: Guest(self), self.seat)


@asynccontextmanager
async def door(*names: bytes) -> AsyncIterator[tuple[int, list[Host]]]:
    seats = Seats(len(names))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        hosts = [Host(name, listening, seats, number) for number, name in enumerate(names)]
        yield listening.getsockname()[1], hosts
        for host in hosts:
            host.entrance.close()


async def enter(port: int) -> tuple[bytes, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    return await reader.read(100), writer


async def test_clients_go_to_both_in_equal_shares() -> None:
    async with door(b"one", b"other") as (port, _):
        came = await asyncio.gather(*(enter(port) for _ in range(20)))
        names = [name for name, _ in came]
        for _, writer in came:
            writer.close()
    assert names.count(b"one") == 10


async def test_a_client_is_taken_in_when_the_other_worker_hangs() -> None:
    async with door(b"one", b"hanging") as (port, hosts):
        hosts[1].entrance.close()
        came = [await enter(port) for _ in range(3)]
        for _, writer in came:
            writer.close()
    assert [name for name, _ in came] == [b"one"] * 3


async def test_who_left_counts_no_more() -> None:
    async with door(b"one") as (port, hosts):
        name, writer = await enter(port)
        writer.close()
        async with asyncio.timeout(5):
            while hosts[0].seat.here:  # noqa: ASYNC110 - the protocol of the test tells nobody
                await asyncio.sleep(0)
    assert name == b"one"


async def test_a_closed_entrance_has_no_socket() -> None:
    async with door(b"one") as (_, hosts):
        assert len(hosts[0].entrance.sockets) == 1
        hosts[0].entrance.close()
        hosts[0].entrance.close()
        assert hosts[0].entrance.sockets == ()
