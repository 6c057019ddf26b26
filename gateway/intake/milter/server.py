"""The milter's door: it opens, counts who is in, and closes without losing a message."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import stat
from collections.abc import Callable
from pathlib import Path

from gateway.intake.entrance import Entrance, Share
from gateway.intake.milter.connection import Connection, Roll
from gateway.intake.milter.settings import MilterSettings
from gateway.intake.milter.verdict import Note, Receive, Surroundings, log_note


async def start_milter(
    loop: asyncio.AbstractEventLoop,
    settings: MilterSettings,
    receive: Receive,
    is_ours: Callable[[str], bool],
    *,
    note: Note = log_note,
    inherited: socket.socket | None = None,
    share: Share | None = None,
) -> MilterServer:
    """Open a milter listener and return it; `stop` closes it.

    Give it a flow that fails open: what that turns away with 451 passes all the same, and is then
    neither recorded nor in the spool. `is_ours` says of an address key whether it is one of our
    logging addresses. A socket that systemd opened may be handed in, or one at which other workers
    listen too. Raises OSError when the door cannot be opened.
    """
    server = MilterServer(loop, Surroundings(settings, receive, is_ours, note), share)
    await server.listen(inherited)
    return server


class MilterServer:
    """One listener, with its connections and the decisions under way."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        around: Surroundings,
        share: Share | None = None,
    ) -> None:
        self._loop = loop
        self._around = around
        self._share = share
        self._roll = Roll(loop, around.settings.sessions_limit, share)
        self._server: asyncio.Server | Entrance | None = None
        self._socket_file: tuple[Path, int] | None = None
        """The unix socket's path and inode."""

    @property
    def connections(self) -> int:
        """How many MTAs are connected."""
        return len(self._roll.connections)

    @property
    def sessions(self) -> int:
        """How many MTAs are connected: each is one client."""
        return self.connections

    @property
    def port(self) -> int:
        """The TCP port that it listens at; 0 for a unix socket or when stopped."""
        sockets = self._server.sockets if self._server else ()
        names = (s.getsockname() for s in sockets if s.family != socket.AF_UNIX)
        return next((int(name[1]) for name in names), 0)

    async def listen(self, inherited: socket.socket | None) -> None:
        """Open the door, or take over the socket that somebody opened. Raises OSError."""
        settings = self._around.settings
        if inherited is None and settings.path is not None:
            inherited = _unix_socket(settings.path, settings.path_mode)
            self._socket_file = (settings.path, settings.path.lstat().st_ino)

        def connected() -> asyncio.Protocol:
            """Make the protocol of one connection."""
            return Connection(self._loop, self._roll, self._around)

        if inherited is not None and self._share is not None:
            self._server = Entrance(inherited, connected, self._share)
        elif inherited is None:
            host, port = settings.host, settings.port
            self._server = await self._loop.create_server(connected, host, port, backlog=128)
        elif inherited.family == socket.AF_UNIX:
            self._server = await self._loop.create_unix_server(connected, sock=inherited)
        else:
            self._server = await self._loop.create_server(connected, sock=inherited)

    async def stop(self, grace_s: float = 30.0) -> None:
        """Take no more MTAs, finish the messages under way, at most for as long as said."""
        self._roll.stopping = True
        if self._server is not None:
            self._server.close()
        for connection in tuple(self._roll.connections):
            connection.close_when_idle()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._roll.empty.wait(), grace_s)
        # Who still waits for a decision is told to let the message pass.
        for task in self._roll.deciding:
            task.cancel()
        await asyncio.gather(*self._roll.deciding, return_exceptions=True)
        for connection in tuple(self._roll.connections):
            connection.abort()
        self._remove_socket()

    def _remove_socket(self) -> None:
        """Take the unix socket away, unless a successor has put its own there."""
        if self._socket_file is None:
            return
        path, inode = self._socket_file
        with contextlib.suppress(FileNotFoundError):
            if path.lstat().st_ino == inode:
                path.unlink()


def _unix_socket(path: Path, mode: int) -> socket.socket:
    """Return a socket bound to the path, in place of one that was left there."""
    with contextlib.suppress(FileNotFoundError):
        if stat.S_ISSOCK(path.lstat().st_mode):
            path.unlink()
    opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    try:
        opened.bind(str(path))
        path.chmod(mode)
    except OSError:
        opened.close()
        raise
    return opened
