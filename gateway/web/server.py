"""Runs the pages, in a process of their own."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from datetime import datetime

import uvicorn

from gateway.config.settings import Config
from gateway.config.values import Endpoint
from gateway.store import rehearsal
from gateway.store.registry import Registry
from gateway.web.app import new_app
from gateway.web.desk import now
from gateway.web.priority import give_way


class AddressTakenError(ValueError):
    """The address of the pages cannot be listened at."""


class Server(uvicorn.Server):
    """A server that tells open streams that it ends, so that they do not hold it up."""

    def handle_exit(self, sig: int, frame: object) -> None:
        """End at a signal."""
        self.end()
        super().handle_exit(sig, frame)  # type: ignore[arg-type] # uvicorn names the frame's type

    def end(self) -> None:
        """Let open streams end."""
        self.config.app.state.ending.set()  # type: ignore[union-attr] # always our application


def new_server(config: Config, *, clock: Callable[[], datetime] = now) -> Server:
    """Return the server; the record is made when there is none yet."""
    config.store_path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    Registry(config.store_path).close()
    rehearsal.sweep(config.store_path, config.gateway.state)
    address = config.web.address
    return Server(
        uvicorn.Config(
            new_app(config, clock=clock),
            host=address.host,
            port=address.port,
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=5,
        )
    )


def run(config: Config) -> None:
    """Serve until a signal says stop. Raises AddressTakenError."""
    give_way()
    with listen(config.web.address) as channel:
        asyncio.run(new_server(config).serve([channel]))


def listen(address: Endpoint) -> socket.socket:
    """Return a socket that listens there. Raises AddressTakenError."""
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    try:
        return socket.create_server((address.host, address.port), family=family)
    except OSError as error:
        why = os.strerror(error.errno or 0)
        raise AddressTakenError(
            f"The pages cannot listen at {address}: {why}. End the other program there, or set"
            " address of [web] to another one."
        ) from error
