"""serve: the gateway as the service manager starts and stops it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PROGRAM = "from gateway.cli.main import main; main(prog_name='replygate')"
ROOT = Path(__file__).parents[2]


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(str(tmp_path / "notify"))
        channel.settimeout(30)
        yield channel


@pytest.fixture
def port(config: Path, config_text: str) -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        found = int(probe.getsockname()[1])
    config.write_text(config_text.replace("10025", str(found)))
    return found


@pytest.fixture
def serving(config: Path, manager: socket.socket) -> Iterator[subprocess.Popen[bytes]]:
    environ = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "NOTIFY_SOCKET": str(manager.getsockname()),
        "REPLYGATE_CONFIG": str(config),
    }
    command = [sys.executable, "-c", PROGRAM, "serve"]
    with subprocess.Popen(command, env=environ, stderr=subprocess.PIPE) as process:
        yield process
        process.kill()


def test_it_says_that_it_is_ready_once_its_doors_are_open(
    port: int, serving: subprocess.Popen[bytes], manager: socket.socket
) -> None:
    assert manager.recv(4096).startswith(b"READY=1")
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        assert client.recv(512).startswith(b"220 gw.corp.example")


def test_it_stops_in_order_when_it_is_told_to(
    port: int, serving: subprocess.Popen[bytes], manager: socket.socket
) -> None:
    manager.recv(4096)
    serving.send_signal(signal.SIGTERM)
    assert manager.recv(4096).startswith(b"STOPPING=1")
    assert serving.wait(30) == 0


def refused(config: Path) -> str:
    """Return what it says on stderr when it does not start."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "serve", "--config", str(config)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    return done.stderr


def test_a_port_that_is_taken_is_told_without_a_traceback(config: Path, config_text: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        config.write_text(config_text.replace("10025", str(port)))
        said = refused(config)
    assert "Traceback" not in said
    assert str(port) in said


def test_with_a_fault_in_the_configuration_nothing_starts(config: Path, config_text: str) -> None:
    config.write_text(config_text + "bbc = []\n")
    assert refused(config).startswith(f"replygate: {config}:13: ")
    assert list((config.parent / "state").iterdir()) == []
