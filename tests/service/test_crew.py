"""The sockets that a parent opens for its workers; what workers do is in tests/flows."""

from __future__ import annotations

import socket
import stat
from contextlib import closing
from pathlib import Path

import pytest

from gateway.service.crew import Opening


def test_a_socket_listens_where_it_is_told_to() -> None:
    with closing(Opening("inbound", "127.0.0.1", 0).open()) as opened:
        socket.create_connection(opened.getsockname()).close()


def test_an_address_of_the_new_kind_is_opened() -> None:
    if not socket.has_ipv6:
        pytest.skip("no IPv6 on this machine")
    with closing(Opening("inbound", "::1", 0).open()) as opened:
        assert opened.family == socket.AF_INET6


def test_an_address_in_use_is_an_error_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.service.crew.ORPHANS_S", 0.0)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match="in use"):
            Opening("inbound", "127.0.0.1", port).open()


def test_a_unix_socket_is_for_owner_and_group(tmp_path: Path) -> None:
    path = tmp_path / "milter"
    with closing(Opening("milter", "", 0, path).open()):
        assert stat.S_IMODE(path.stat().st_mode) == 0o660


def test_a_unix_socket_takes_the_place_of_one_that_was_left(tmp_path: Path) -> None:
    path = tmp_path / "milter"
    Opening("milter", "", 0, path).open().close()
    with (
        closing(Opening("milter", "", 0, path).open()),
        socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller,
    ):
        caller.connect(str(path))


def test_a_file_that_is_no_socket_stays(tmp_path: Path) -> None:
    path = tmp_path / "milter"
    path.write_text("mine")
    with pytest.raises(OSError, match="in use"):
        Opening("milter", "", 0, path).open()
    assert path.read_text() == "mine"
