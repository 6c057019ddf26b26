"""Limits what strangers may bring to our own addresses: so many an hour, of client and of sender.

Limits: counted in memory, in hours from the first copy on; a restart forgets the count.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

HOUR_S: Final = 3600.0
_MOST_NAMES: Final = 10_000


@dataclass(slots=True)
class _Hour:
    """What somebody brought since then."""

    begun: float
    count: int = 0


class Floods:
    """Who brought how much within the hour."""

    def __init__(self, per_hour: int, clock: Callable[[], float]) -> None:
        self._per_hour = per_hour
        self._clock = clock
        self._hours: OrderedDict[tuple[str, str], _Hour] = OrderedDict()

    @property
    def none_came(self) -> bool:
        """Whether nothing was counted yet."""
        return not self._hours

    def admits(self, client: str, sender: str) -> bool:
        """Count one copy, and return whether client and sender are within their limits.

        An empty name is nobody's and has no limit: a null sender may be anybody.
        """
        if not self._per_hour:
            return True
        named = [("client", client), ("sender", sender)]
        hours = [self._hour(name) for name in named if name[1]]
        if any(hour.count >= self._per_hour for hour in hours):
            return False
        for hour in hours:
            hour.count += 1
        return True

    def give_back(self, client: str, sender: str) -> None:
        """Take one copy from the counts of client and sender."""
        for name in (("client", client), ("sender", sender)):
            hour = self._hours.get(name)
            if hour is not None and name[1]:
                hour.count = max(0, hour.count - 1)

    def _hour(self, name: tuple[str, str]) -> _Hour:
        now = self._clock()
        hour = self._hours.get(name)
        if hour is None or now - hour.begun >= HOUR_S:
            hour = self._hours[name] = _Hour(now)
        self._hours.move_to_end(name)
        while len(self._hours) > _MOST_NAMES:
            self._hours.popitem(last=False)
        return hour
