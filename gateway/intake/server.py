"""Opens a listener, and closes it without losing a message."""

from __future__ import annotations

import asyncio

from gateway.intake.entrance import Entrance
from gateway.intake.listeners import Listener, Sessions, Wiring
from gateway.intake.lmtp import LmtpSession
from gateway.intake.smtp import SmtpSession


class Server:
    """An open listener."""

    def __init__(self, listener: Listener, wiring: Wiring) -> None:
        self.listener = listener
        self._wiring = wiring
        self._sessions = Sessions(listener, wiring.share)
        self._open: set[SmtpSession] = set()
        self._server: asyncio.Server | Entrance | None = None

    @property
    def port(self) -> int:
        """The TCP port that it listens on; 0 for a Unix socket."""
        assert self._server is not None  # noqa: S101 - `start` has opened it
        name = self._server.sockets[0].getsockname()
        return int(name[1]) if isinstance(name, tuple) else 0

    @property
    def sessions(self) -> int:
        """How many clients are connected."""
        return len(self._open)

    async def open(self) -> None:
        """Begin to listen. Raises OSError."""
        listener = self.listener
        loop = asyncio.get_running_loop()
        if listener.inherited is not None and self._wiring.share is not None:
            self._server = Entrance(listener.inherited, self._session, self._wiring.share)
            return
        if listener.inherited is not None:
            self._server = await loop.create_server(self._session, sock=listener.inherited)
            return
        self._server = await loop.create_server(
            self._session, listener.host, listener.port, backlog=1024, reuse_address=True
        )

    async def stop(self, grace_s: float = 30.0) -> None:
        """Stop accepting, let what is past DATA finish, say 421 to who is idle."""
        if self._server is not None:
            self._server.close()
        for session in tuple(self._open):
            session.stop()
        if not await self._emptied(grace_s):
            for session in tuple(self._open):
                session.cut()

    def _session(self) -> SmtpSession:
        kind = LmtpSession if self.listener.lmtp else SmtpSession
        session = kind(self.listener, self._wiring, self._sessions)
        self._open.add(session)
        session.finished.add_done_callback(lambda _: self._leave(session))
        return session

    def _leave(self, session: SmtpSession) -> None:
        self._open.discard(session)
        if self._wiring.share is not None:
            self._wiring.share.leave()

    async def _emptied(self, grace_s: float) -> bool:
        finishing = [session.finished for session in self._open]
        if not finishing:
            return True
        _, waiting = await asyncio.wait(finishing, timeout=grace_s)
        return not waiting


async def start(listener: Listener, wiring: Wiring) -> Server:
    """Open a listener and return it. Raises OSError."""
    server = Server(listener, wiring)
    await server.open()
    return server
