"""Loopback ports for the story."""

from __future__ import annotations

import socket


def free_ports(count: int) -> list[int]:
    """Return loopback ports that nobody uses now."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [server.getsockname()[1] for server in held]
    for server in held:
        server.close()
    return ports
