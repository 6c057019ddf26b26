"""Counts copies that come again and again (reason `mail-loop`): in memory, for 120 minutes.

Limits: a restart forgets the count, so a loop may take another twenty copies to be stopped.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import replace
from datetime import datetime, timedelta

from gateway.model.arrival import Arrival
from gateway.model.case import Case
from gateway.model.facts import Facts, Lookup

WINDOW = timedelta(minutes=120)
_MOST_KEYS = 10_000
_MOST_TIMES = 64


class Loops:
    """When each content digest, and each robot, last sent copies."""

    def __init__(self) -> None:
        self._times: OrderedDict[bytes | str, list[datetime]] = OrderedDict()
        self._lock = threading.Lock()

    def note(self, judged: Arrival | Case) -> None:
        """Count a copy under its content digest, and under its author when it is automatic."""
        if not judged.is_copy or not isinstance(judged, Case):
            return
        keys: list[bytes | str] = [judged.message.digest]
        if judged.robot:
            keys.append(judged.robot)
        with self._lock:
            for key in keys:
                # Nearly all have one time: a deque would hold room for 64 of each.
                times = self._times.setdefault(key, [])
                times.append(judged.envelope.received_at)
                del times[:-_MOST_TIMES]
                self._times.move_to_end(key)
            while len(self._times) > _MOST_KEYS:
                self._times.popitem(last=False)

    def counted(self, facts: Facts, lookup: Lookup, now: datetime) -> Facts:
        """Return the facts with the number of recent copies, of a copy that has just come.

        What is judged again was no loop when it came, however many copies followed it.
        """
        if not self._times or not lookup.copied or lookup.entry_id:
            return facts
        with self._lock:
            most = max(self._count(key, now) for key in (lookup.digest, lookup.robot))
        return replace(facts, recent_copies=most) if most else facts

    def _count(self, key: bytes | str, now: datetime) -> int:
        return sum(at > now - WINDOW for at in self._times.get(key, ())) if key else 0
