"""The process of the pages: where it listens, and what it says when it cannot."""

from __future__ import annotations

import socket

import pytest

from gateway.config.values import Endpoint
from gateway.web.server import AddressTakenError, listen


def test_taken_address_is_told_with_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(AddressTakenError, match=rf"127.0.0.1:{port}.*\[web\]"):
            listen(Endpoint("127.0.0.1", port))


def test_address_of_the_new_kind_is_listened_at() -> None:
    with listen(Endpoint("::1", 0)) as channel:
        assert channel.family is socket.AF_INET6
