"""Finds the client that keeps its content coming for ever, an octet now and then.

It would hold a session here and a connection to the next hop for as long as it likes.
"""

from __future__ import annotations

from typing import Final, Protocol

LEAST_A_SECOND: Final = 500
"""Octets on average; what Postfix asks for by `smtpd_min_data_rate`."""


class Coming(Protocol):
    """Content that comes in."""

    @property
    def size(self) -> int:
        """Octets so far."""
        ...

    @property
    def is_held_back(self) -> bool:
        """Whether the client waits for us."""
        ...


class Pace:
    """Asked now and then, and not for each piece: a message that is fast costs nothing."""

    def __init__(self, patience_s: float) -> None:
        self._patience_s = patience_s
        self._coming: Coming | None = None
        self._began_at = 0.0

    def is_too_slow(self, coming: Coming | None, now: float) -> bool:
        """Whether this content came in too slowly since it was first asked for."""
        if coming is None or coming is not self._coming or coming.is_held_back:
            self._coming, self._began_at = coming, now
            return False
        return now - self._began_at > self._patience_s + coming.size / LEAST_A_SECOND
