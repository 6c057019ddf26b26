"""The connections of this process, by database: each is given back, and taken again."""

from __future__ import annotations

import atexit
import os
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg_pool import ConnectionPool, PoolTimeout

__all__ = ["PoolTimeout", "can_listen", "give_back", "leave", "take", "tell"]

MOST = 32
"""Connections of one process to one database."""
_Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class _Pool:
    connections: ConnectionPool[psycopg.Connection[_Row]]
    listens: bool


_pools: dict[tuple[int, str], _Pool] = {}
_lock = threading.Lock()


def take(url: str, timeout_s: float) -> psycopg.Connection[_Row]:
    """Return a connection that nobody else has. Raises psycopg.Error and PoolTimeout."""
    pool = _pool(url)
    # What the pool cannot connect it tries again in silence: its reason is worth more.
    return pool.connections.getconn(timeout=max(timeout_s, 0.1))


def give_back(url: str, connection: psycopg.Connection[_Row]) -> None:
    """Take a connection back; what it had begun is undone."""
    found = _pools.get((os.getpid(), url))
    if found is None:
        connection.close()
        return
    with suppress(psycopg.Error, ValueError):
        if not connection.closed:
            connection.rollback()
    with suppress(ValueError):
        found.connections.putconn(connection)


def can_listen(url: str) -> bool:
    """Whether the engine has LISTEN and NOTIFY."""
    return _pool(url).listens


def tell(url: str, channel: str, what: str) -> None:
    """Tell all that listen, where the engine can. Raises psycopg.Error and PoolTimeout."""
    if can_listen(url):
        connection = take(url, 1.0)
        try:
            connection.execute("SELECT pg_notify(%s, %s)", (channel, what))
        finally:
            give_back(url, connection)


def leave(url: str) -> None:
    """End the connections of this process to one database."""
    with _lock:
        found = _pools.pop((os.getpid(), url), None)
    if found is not None:
        found.connections.close()


def close() -> None:
    """End all connections of this process."""
    with _lock:
        for pool in _pools.values():
            pool.connections.close()
        _pools.clear()


def _pool(url: str) -> _Pool:
    key = (os.getpid(), url)
    with _lock:
        if (found := _pools.get(key)) is None:
            # Asked plainly first: what is wrong with the address or the server is said at once.
            with psycopg.connect(url, autocommit=True, connect_timeout=5) as probe:
                listens = _listens(probe)
            made: ConnectionPool[psycopg.Connection[_Row]] = ConnectionPool(
                url,
                min_size=0,
                max_size=MOST,
                open=True,
                # One that the server has ended meanwhile is not given out.
                check=ConnectionPool.check_connection,
                num_workers=1,
                max_idle=60,
                reconnect_timeout=5,
                kwargs={"autocommit": True, "connect_timeout": 5},
            )
            found = _pools[key] = _Pool(made, listens)
    return found


def _listens(connection: psycopg.Connection[_Row]) -> bool:
    try:
        connection.execute("UNLISTEN replygate")
    except psycopg.Error:
        return False
    return True


atexit.register(close)
