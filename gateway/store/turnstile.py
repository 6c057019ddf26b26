"""Lets the writers of several workers in one after another, in the order in which they came.

SQLite makes whoever finds the store locked sleep and ask again, ever more seldom, while the one
who has it takes it again at once: of two busy workers one waits for half a second. Here who waits
stands at the queue, which the other has to join before it may have its next turn.

Limits: it only keeps workers out of each other's way; that one writes at a time is SQLite's doing.
"""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from typing import Final

GLANCE_S: Final = 0.0003
"""How often the one at the head of the queue looks whether its turn has come."""


class Turnstile:
    """Two locks beside a store: one to queue at, one to have the turn."""

    def __init__(self, path: Path) -> None:
        """Open both. Raises OSError."""
        self._queue = _open(path.with_name(f"{path.name}-queue"))
        self._turn = _open(path.with_name(f"{path.name}-turn"))
        self._held = False

    def enter(self, timeout_s: float = 0.0) -> bool:
        """Take the turn; return whether it could be had in time. To have it already is well."""
        if self._held:
            return True
        until = time.monotonic() + timeout_s
        if not _lock(self._queue, until):
            return False
        self._held = _lock(self._turn, until)
        fcntl.flock(self._queue, fcntl.LOCK_UN)
        return self._held

    def leave(self) -> None:
        """Let the next one in."""
        if self._held:
            self._held = False
            fcntl.flock(self._turn, fcntl.LOCK_UN)

    def close(self) -> None:
        """Let go of both."""
        os.close(self._queue)
        os.close(self._turn)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _lock(file: int, until: float) -> bool:
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                return False
            time.sleep(GLANCE_S)
        else:
            return True
