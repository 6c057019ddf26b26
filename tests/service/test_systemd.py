"""What systemd and the daemon tell each other, over real sockets."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.service.systemd import (
    Inherited,
    feed_watchdog,
    inherit,
    notify,
    ready,
    stopping,
    watchdog_interval_s,
)


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(str(tmp_path / "notify"))
        channel.settimeout(5)
        yield channel


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def environ_of(manager: socket.socket) -> dict[str, str]:
    return {"NOTIFY_SOCKET": manager.getsockname()}


def test_ready_reaches_the_manager_with_its_status(manager: socket.socket) -> None:
    ready("2 listeners", environ_of(manager))
    assert manager.recv(4096) == b"READY=1\nSTATUS=2 listeners"


def test_stopping_reaches_the_manager(manager: socket.socket) -> None:
    stopping("3 messages left", environ_of(manager))
    assert manager.recv(4096) == b"STOPPING=1\nSTATUS=3 messages left"


def test_an_abstract_socket_is_found() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(f"\0replygate-test-{os.getpid()}")
        channel.settimeout(5)
        assert notify("READY=1", {"NOTIFY_SOCKET": f"@replygate-test-{os.getpid()}"})
        assert channel.recv(4096) == b"READY=1"


def test_without_a_manager_nothing_happens() -> None:
    assert not notify("READY=1", {})


def test_a_manager_that_went_away_is_no_failure(tmp_path: Path) -> None:
    assert not notify("READY=1", {"NOTIFY_SOCKET": str(tmp_path / "gone")})


def inherited(listening: socket.socket, **changes: str) -> Inherited:
    descriptor = os.dup(listening.fileno())
    environ = {"LISTEN_PID": "7", "LISTEN_FDS": "1", "LISTEN_FDNAMES": "inbound", **changes}
    return inherit(environ, pid=7, first=descriptor)


def test_a_listener_claims_its_socket_by_name(listening: socket.socket) -> None:
    claimed = inherited(listening).claim("inbound", "192.0.2.1", 1)
    assert claimed is not None
    with claimed:
        assert claimed.getsockname() == listening.getsockname()


def test_a_listener_claims_its_socket_by_address(listening: socket.socket) -> None:
    claimed = inherited(listening, LISTEN_FDNAMES="replygate.socket").claim(
        "inbound", *listening.getsockname()
    )
    assert claimed is not None
    claimed.close()


def test_a_socket_is_claimed_once(listening: socket.socket) -> None:
    held = inherited(listening)
    first = held.claim("inbound", "192.0.2.1", 1)
    assert first is not None
    first.close()
    assert held.claim("inbound", "192.0.2.1", 1) is None


def test_a_socket_of_another_listener_stays_unclaimed(listening: socket.socket) -> None:
    held = inherited(listening)
    assert held.claim("submission", "127.0.0.1", 1) is None
    assert held.unclaimed == (str(listening.getsockname()),)
    held.close()
    assert held.unclaimed == ()


def test_an_inherited_socket_is_not_passed_to_children(listening: socket.socket) -> None:
    claimed = inherited(listening).claim("inbound", "192.0.2.1", 1)
    assert claimed is not None
    with claimed:
        assert not claimed.get_inheritable()


def test_sockets_for_another_process_are_left_alone(listening: socket.socket) -> None:
    environ = {"LISTEN_PID": "8", "LISTEN_FDS": "1"}
    assert inherit(environ, pid=7, first=listening.fileno()).unclaimed == ()
    assert listening.getsockname()


def test_children_do_not_see_the_variables() -> None:
    environ = {"LISTEN_PID": "7", "LISTEN_FDS": "0", "LISTEN_FDNAMES": "", "HOME": "/"}
    inherit(environ, pid=7)
    assert environ == {"HOME": "/"}


def test_a_descriptor_that_is_no_socket_is_passed_over(tmp_path: Path) -> None:
    with (tmp_path / "file").open("wb") as file:
        environ = {"LISTEN_PID": "7", "LISTEN_FDS": "1"}
        assert inherit(environ, pid=7, first=file.fileno()).unclaimed == ()


@pytest.mark.parametrize(
    ("environ", "interval"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "30000000"}, 15.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "7"}, 15.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "8"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_the_watchdog_is_fed_at_half_its_patience(
    environ: dict[str, str], interval: float | None
) -> None:
    assert watchdog_interval_s(environ, pid=7) == interval


async def fed(manager: socket.socket, *, alive: bool) -> list[bytes]:
    asked = asyncio.Event()

    def answer() -> bool:
        asked.set()
        return alive

    feeding = asyncio.create_task(feed_watchdog(answer, 60.0, environ_of(manager)))
    await asked.wait()
    feeding.cancel()
    manager.setblocking(False)
    try:
        return [manager.recv(4096)]
    except BlockingIOError:
        return []


async def test_a_daemon_that_lives_feeds_the_watchdog(manager: socket.socket) -> None:
    assert await fed(manager, alive=True) == [b"WATCHDOG=1"]


async def test_a_daemon_that_does_not_live_lets_the_watchdog_bite(
    manager: socket.socket,
) -> None:
    assert await fed(manager, alive=False) == []
