"""Waits for what other processes and nodes write."""

from __future__ import annotations

from contextlib import suppress

import psycopg

from gateway.model.place import ServedPath
from gateway.store.postgres import pools
from gateway.store.postgres.driver import CHANNEL


def wait_for_news(path: ServedPath, timeout_s: float) -> bool:
    """Wait until something was written, at most so long; return whether that was heard.

    Where nothing can be heard the time passes. Raises psycopg.Error and PoolTimeout.
    """
    connection = pools.take(path.url, timeout_s)
    try:
        if pools.can_listen(path.url):
            connection.execute(f"LISTEN {CHANNEL}".encode())
        return bool(tuple(connection.notifies(timeout=timeout_s, stop_after=1)))
    finally:
        with suppress(psycopg.Error):
            connection.execute("UNLISTEN *")
        pools.give_back(path.url, connection)
