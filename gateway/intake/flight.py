"""How many octets of large messages are under way, and whether more may be.

Counted are those that lie in files, from their arrival on until the reply to them. Small messages
are limited by the number of sessions.
"""

from __future__ import annotations


class Flight:
    """The octets under way in one process, of all its listeners."""

    def __init__(self, limit: int = 0) -> None:
        """Limit them to so many; 0 is no limit."""
        self._limit = limit
        self.octets = 0

    def has_room(self, octets: int = 1) -> bool:
        """Whether so many more may come."""
        return not self._limit or self.octets + octets <= self._limit

    def take(self, octets: int) -> bool:
        """Count octets in; return whether there was room for them."""
        self.octets += octets
        return not self._limit or self.octets <= self._limit

    def give_back(self, octets: int) -> None:
        """Count octets out."""
        self.octets -= octets
