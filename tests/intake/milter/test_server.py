"""Sockets of others, and what is written to the log."""

from __future__ import annotations

import asyncio
import errno
import socket
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gateway.intake.milter.delivery import MtaDelivery
from gateway.intake.milter.gathering import Gathering
from gateway.intake.milter.server import MilterServer, start_milter
from gateway.intake.milter.settings import MilterSettings
from gateway.service.seats import Seat, Seats
from tests.intake.milter.conftest import OURS, Door, opened
from tests.intake.milter.mta import Mta, Shown, offer


async def started(settings: MilterSettings, inherited: socket.socket | None) -> MilterServer:
    return await start_milter(
        asyncio.get_running_loop(),
        settings,
        Door(settings).remember,
        OURS.__contains__,
        inherited=inherited,
    )


async def test_a_tcp_socket_of_systemd_is_taken_over(tmp_path: Path) -> None:
    inherited = socket.create_server(("127.0.0.1", 0))
    port = inherited.getsockname()[1]
    server = await started(MilterSettings("milter", tmp_path, port=1), inherited)
    assert server.port == port
    mta = await Mta.greeted(port)
    assert await mta.show(Shown()) == [b"a"]
    await mta.close()
    await server.stop()


async def test_mtas_are_counted_together_with_those_of_other_workers(tmp_path: Path) -> None:
    seats = Seats(2)
    ours, others = Seat(seats, 0, 0), Seat(seats, 1, 0)
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    settings = MilterSettings("milter", tmp_path, port=1, sessions_limit=2)
    server = await start_milter(
        asyncio.get_running_loop(),
        settings,
        Door(settings).remember,
        OURS.__contains__,
        inherited=listening,
        share=ours,
    )
    mta = await Mta.greeted(port)
    assert ours.here == 1
    others.enter()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    assert await reader.read() == b""
    writer.close()
    await mta.close()
    await server.stop()
    assert ours.here == 0


async def test_a_unix_socket_of_systemd_is_taken_over_and_left_to_it(tmp_path: Path) -> None:
    path = tmp_path / "milter.sock"
    inherited = socket.socket(socket.AF_UNIX)
    inherited.bind(str(path))
    server = await started(MilterSettings("milter", tmp_path), inherited)
    mta = Mta(*await asyncio.open_unix_connection(path))
    await mta.say(offer())
    assert (await mta.hear())[:1] == b"O"
    await mta.close()
    await server.stop()
    assert path.exists()


async def test_a_port_in_use_is_an_error_that_names_it(tmp_path: Path) -> None:
    async with opened(tmp_path) as door:
        with pytest.raises(OSError, match=str(door.server.port)) as error:
            await started(MilterSettings("milter", tmp_path, port=door.server.port), None)
        assert error.value.errno == errno.EADDRINUSE


async def test_trouble_is_written_to_the_log(tmp_path: Path) -> None:
    server = await started(MilterSettings("milter", tmp_path, port=0, size_limit=10), None)
    mta = await Mta.greeted(server.port)
    with capture_logs() as logs:
        assert await mta.show(Shown()) == [b"a"]
    assert logs == [
        {
            "event": "passed unseen: larger than the size limit of 10 octets",
            "subject": "milter 4XyZ",
            "log_level": "warning",
        }
    ]
    await mta.close()
    await server.stop()


async def test_the_delivery_of_a_milter_stops_nothing() -> None:
    delivery = MtaDelivery()
    assert (await delivery.offer_mail("a@b.example", ())).accepted
    assert (await delivery.offer_rcpt("a@b.example", ())).accepted
    await delivery.abort()


def test_nothing_gathered_is_no_octets(tmp_path: Path) -> None:
    content = Gathering(tmp_path).finish()
    assert (content.octets, content.size) == (b"", 0)


async def test_a_piece_that_ends_between_cr_and_lf_is_whole(door: Door) -> None:
    shown = Shown(body=b"x" * 65_534 + b"\r\nlast\r\n", chunk=65_535)
    await door.show(shown)
    assert door.octets == shown.octets
    traits = door.envelopes[0].content.traits
    assert (traits.bare_cr, traits.bare_lf) == (0, 0)
