"""Who shares the database, what each node has under way, and how a change is heard by all.

A node is a state folder. What it was relaying when it ended is settled as `unknown` (D-2): by the
node itself when it starts again, or by any other once it has not been seen for long.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import psycopg

from gateway.interfaces import StoreBusyError
from gateway.model.place import ServedPath
from gateway.store import database
from gateway.store.postgres import pools
from gateway.store.postgres.driver import CHANNEL, ServedConnection

GONE_AFTER = timedelta(minutes=20)
"""Longer than a message can be under way after DATA (the next hop has ten minutes)."""
BEAT_S = 5.0


def node_of(path: Path) -> str:
    """Return the name of this node, made once and kept in its state folder. Raises OSError."""
    file = path.with_name(f"{path.name}-node")
    with suppress(FileExistsError), file.open("x", encoding="ascii") as fresh:
        fresh.write(secrets.token_hex(8))
    return file.read_text(encoding="ascii").strip()


class Underway:
    """What a node relays, through the writer's connection."""

    def __init__(self, connection: ServedConnection, node: str) -> None:
        self._run = connection.plainly
        self._hand = connection.hand
        self._node = node

    def begin(self, entry: int, sha256_in: bytes, now: int) -> None:
        """Note a sighting that is being relayed."""
        self._hand(
            "INSERT INTO underway (node, entry, sha256_in, since) VALUES ($1, $2, $3, $4)",
            (self._node, entry, sha256_in, now),
        )

    def end(self, entry: int, sha256_in: bytes) -> None:
        """Note that it is settled."""
        self._hand(
            "DELETE FROM underway WHERE underway = (SELECT min(underway) FROM underway"
            " WHERE node = $1 AND entry = $2 AND sha256_in = $3)",
            (self._node, entry, sha256_in),
        )

    def left(self, now: int, ours_before: int = 0) -> list[tuple[int, bytes]]:
        """Take what nobody relays any more: of nodes that are gone, and what we began before."""
        gone = now - GONE_AFTER // timedelta(microseconds=1)
        rows = self._run(
            "DELETE FROM underway WHERE (node = $1 AND since < $2) OR node IN"
            " (SELECT node FROM nodes WHERE seen_at < $3 AND node <> $1)"
            " RETURNING entry, sha256_in",
            (self._node, ours_before, gone),
        )
        return [(int(entry), bytes(sha256)) for entry, sha256 in rows]

    def seen(self, now: int) -> None:
        """Say that this node is there."""
        self._hand(
            "INSERT INTO nodes VALUES ($1, $2)"
            " ON CONFLICT (node) DO UPDATE SET seen_at = excluded.seen_at",
            (self._node, now),
        )


class Hearing:
    """A thread that hears of changes by other nodes, and is asked again where nothing is heard."""

    def __init__(self, path: ServedPath, changed: Callable[[], None]) -> None:
        self._path = path
        self._changed = changed
        self._version = ""
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._hear, name="hearing", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread."""
        self._end.set()
        with suppress(psycopg.Error, pools.PoolTimeout):
            # So that it need not wait until its time is over.
            pools.tell(self._path.url, CHANNEL, "closing")
        self._thread.join()

    def _hear(self) -> None:
        while not self._end.is_set():
            with suppress(psycopg.Error, pools.PoolTimeout, StoreBusyError):
                self._attend()
            self._end.wait(0.5)

    def _attend(self) -> None:
        """Listen until the connection breaks; what was missed before is asked for."""
        connection = pools.take(self._path.url, 5.0)
        try:
            if pools.can_listen(self._path.url):
                connection.execute(f"LISTEN {CHANNEL}")
            heard: set[str] = set()
            while not self._end.is_set():
                if not heard or "directory" in heard:
                    self._look(connection)
                told = connection.notifies(timeout=0.5, stop_after=1)
                heard = {one.payload for one in told}
        finally:
            with suppress(psycopg.Error):
                connection.execute("UNLISTEN *")
            pools.give_back(self._path.url, connection)

    def _look(self, connection: psycopg.Connection[tuple[object, ...]]) -> None:
        row = connection.execute(
            "SELECT value FROM settings WHERE name = 'directory_version'"
        ).fetchone()
        version = str(row[0]) if row else ""
        if version != self._version:
            self._version = version
            self._changed()


def opened(path: ServedPath, timeout_s: float) -> ServedConnection:
    """Return a connection to write through. Raises StoreBusyError."""
    with database.told(path):
        return ServedConnection(path, read_only=False, timeout_s=timeout_s)
