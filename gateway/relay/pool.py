"""Connections to one next hop: kept warm, counted, thrown away in time.

Limits: one pool per next hop; two listeners that share one share the pool.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from gateway.relay.client import Connection, Hop, NextHopAwayError, connect

UNHEARD: Final[Mapping[str, str]] = dict.fromkeys(("8BITMIME", "SMTPUTF8", "DSN"), "")
"""What is offered for a next hop that was never heard: MAIL is answered with 451 then, which an
MTA tries again. For an extension that is missing from EHLO it gives the message up (Postfix
3.7.11: "SMTPUTF8 is required, but was not offered", bounced)."""


class TooManyTransactionsError(Exception):
    """All connections that the next hop may get are in use."""


class Pool:
    """Connections to one next hop."""

    def __init__(self, hop: Hop) -> None:
        self.hop = hop
        self._loop = asyncio.get_running_loop()
        self._idle: list[Connection] = []
        self._taken: set[Connection] = set()
        self._opening = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._extensions: Mapping[str, str] | None = None
        self._reaper: asyncio.TimerHandle | None = None

    @property
    def busy(self) -> int:
        """Transactions under way."""
        return len(self._taken) + self._opening

    @property
    def idle(self) -> int:
        """Connections that wait for the next message."""
        return len(self._idle)

    @property
    def queued(self) -> int:
        """Transactions that wait for a connection."""
        return len(self._waiting)

    async def extensions(self) -> Mapping[str, str]:
        """Return what the next hop offers, as last heard; asks it once when nothing is known.

        `UNHEARD` while it is away and was never heard.
        """
        if self._extensions is None:
            with suppress(NextHopAwayError, TooManyTransactionsError):
                self.release(await self.take())
        return UNHEARD if self._extensions is None else self._extensions

    async def take(self, *, fresh: bool = False) -> Connection:
        """Return a connection for one transaction; `release` gives it back.

        Raises NextHopAwayError, TooManyTransactionsError.
        """
        if not fresh and (connection := self._take_idle()) is not None:
            return connection
        while len(self._taken) + self._opening >= self.hop.connections:
            await self._wait()
            if not fresh and (connection := self._take_idle()) is not None:
                return connection
        self._opening += 1
        try:
            connection = await connect(self.hop)
        except BaseException:
            self._opening -= 1
            self._wake()
            raise
        self._opening -= 1
        self._extensions = connection.extensions
        connection.opened_at = self._loop.time()
        self._taken.add(connection)
        return connection

    def release(self, connection: Connection) -> None:
        """Take a connection back: keep it for the next transaction, or let it go."""
        self._taken.discard(connection)
        is_old = self._loop.time() - connection.opened_at >= self.hop.age_s
        worn = is_old or connection.used >= self.hop.messages_per_connection
        if connection.usable and not worn and len(self._idle) < self.hop.idle_connections:
            connection.idle_since = self._loop.time()
            self._idle.append(connection)
            if self._reaper is None:
                self._reaper = self._loop.call_later(self.hop.idle_s, self._reap)
        else:
            connection.quit()
        self._wake()

    def discard(self, connection: Connection) -> None:
        """Close a connection at once, whatever is under way on it."""
        self._taken.discard(connection)
        connection.close()
        self._wake()

    async def close(self) -> None:
        """Take leave of the next hop; transactions under way are left alone."""
        if self._reaper is not None:
            self._reaper.cancel()
            self._reaper = None
        leaving, self._idle = self._idle, []
        for connection in leaving:
            connection.quit()
        for connection in leaving:
            await connection.closed

    def _take_idle(self) -> Connection | None:
        oldest = self._loop.time() - self.hop.idle_s
        while self._idle:
            connection = self._idle.pop()
            if connection.usable and connection.idle_since >= oldest:
                self._taken.add(connection)
                return connection
            connection.quit()
        return None

    def _reap(self) -> None:
        """Let go what nobody used for long."""
        self._reaper = None
        oldest = self._loop.time() - self.hop.idle_s
        kept = [c for c in self._idle if c.usable and c.idle_since > oldest]
        for connection in self._idle:
            if connection not in kept:
                connection.quit()
        self._idle = kept
        if kept:
            age = kept[0].idle_since - oldest
            self._reaper = self._loop.call_later(max(age, 0.01), self._reap)

    async def _wait(self) -> None:
        place: asyncio.Future[None] = self._loop.create_future()
        self._waiting.append(place)
        try:
            async with asyncio.timeout(self.hop.waiting_s):
                await place
        except TimeoutError:
            raise TooManyTransactionsError from None
        finally:
            if place in self._waiting:
                self._waiting.remove(place)

    def _wake(self) -> None:
        while self._waiting:
            place = self._waiting.popleft()
            if not place.done():
                place.set_result(None)
                return
