"""Takes clients in at a socket that several workers listen at, so that each gets its share.

Linux wakes whoever has slept the shortest, and asyncio takes in all that wait: of twenty clients
one worker may get all. So a worker takes in one at a time, and leaves the next to others while it
has more clients than they; when nobody takes that one within a moment, it does.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Protocol

import structlog

MOMENT_S: Final = 0.02
EXHAUSTED_S: Final = 1.0
EXHAUSTED: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})

_log = structlog.get_logger(__name__)


class Share(Protocol):
    """How many clients this worker has at a listener, and the others."""

    @property
    def everywhere(self) -> int:
        """Clients of all workers."""
        ...

    @property
    def ahead(self) -> int:
        """How many clients more than the least busy other worker this one has."""
        ...

    def enter(self) -> None:
        """Count a client in."""
        ...

    def leave(self) -> None:
        """Count a client out."""
        ...


class Entrance:
    """A socket that others listen at, too. Whoever's session ends calls `share.leave`."""

    def __init__(
        self, listening: socket.socket, make: Callable[[], asyncio.Protocol], share: Share
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._listening = listening
        self._make = make
        self._share = share
        self._later: asyncio.TimerHandle | None = None
        self._arriving: set[asyncio.Task[None]] = set()
        listening.setblocking(False)
        self._loop.add_reader(listening.fileno(), self._knock)

    @property
    def sockets(self) -> tuple[socket.socket, ...]:
        """The socket; none once it is closed."""
        return (self._listening,) if self._listening.fileno() >= 0 else ()

    def close(self) -> None:
        """Take nobody in any more; the other workers go on."""
        if self._listening.fileno() < 0:
            return
        if self._later is not None:
            self._later.cancel()
        self._loop.remove_reader(self._listening.fileno())
        self._listening.close()

    def _knock(self) -> None:
        """Somebody waits: take him in, or leave him to another worker for a moment."""
        if self._share.ahead > 0:
            self._rest(MOMENT_S)
        else:
            self._take()

    def _take(self) -> None:
        try:
            connected, _ = self._listening.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return
        except OSError as error:
            if error.errno not in EXHAUSTED:
                raise
            _log.error("no room for a client", trouble=str(error))
            self._rest(EXHAUSTED_S)
            return
        self._share.enter()
        connected.setblocking(False)
        task = self._loop.create_task(self._let_in(connected))
        self._arriving.add(task)
        task.add_done_callback(self._arriving.discard)

    async def _let_in(self, connected: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(self._make, connected)
        except OSError:
            # Gone already, before its protocol heard of it.
            self._share.leave()
            with suppress(OSError):
                connected.close()

    def _rest(self, seconds: float) -> None:
        if self._later is None:
            self._loop.remove_reader(self._listening.fileno())
            self._later = self._loop.call_later(seconds, self._go_on)

    def _go_on(self) -> None:
        self._later = None
        self._loop.add_reader(self._listening.fileno(), self._knock)
        self._take()
