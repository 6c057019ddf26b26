"""How many clients each worker has, at each listener: a page of memory that all of them share.

Made before the workers are forked. A worker writes its own counts only, and reads those of the
others, so that nothing needs a lock; the parent clears the counts of a worker that ended.
"""

from __future__ import annotations

import mmap
from collections.abc import Mapping
from typing import Final

MOST_LISTENERS: Final = 64
CLOSED: Final = -1
"""Stands where a worker takes nobody in at a listener."""
_OCTETS: Final = 4


class Seats:
    """The counts of all workers."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._page = mmap.mmap(-1, workers * MOST_LISTENERS * _OCTETS)
        self._counts = memoryview(self._page).cast("i")
        for worker in range(workers):
            self.clear(worker)

    def clear(self, worker: int) -> None:
        """Let a worker count as one that takes nobody in."""
        for row in range(MOST_LISTENERS):
            self._counts[worker * MOST_LISTENERS + row] = CLOSED

    def count(self, worker: int, row: int) -> int:
        """Return how many clients a worker has at a listener, or CLOSED."""
        return self._counts[worker * MOST_LISTENERS + row]

    def put(self, worker: int, row: int, count: int) -> None:
        """Write that down."""
        self._counts[worker * MOST_LISTENERS + row] = count


class Seat:
    """The count of one worker at one listener."""

    def __init__(self, seats: Seats, worker: int, row: int) -> None:
        self._seats = seats
        self._worker = worker
        self._row = row
        seats.put(worker, row, 0)

    @property
    def here(self) -> int:
        """Clients of this worker."""
        return self._seats.count(self._worker, self._row)

    @property
    def everywhere(self) -> int:
        """Clients of all workers."""
        return self.here + sum(self._others)

    @property
    def ahead(self) -> int:
        """How many clients more than the least busy other worker this one has."""
        others = self._others
        return self.here - min(others) if others else 0

    def enter(self) -> None:
        """Count a client in."""
        self._seats.put(self._worker, self._row, self.here + 1)

    def leave(self) -> None:
        """Count a client out."""
        self._seats.put(self._worker, self._row, self.here - 1)

    @property
    def _others(self) -> list[int]:
        counts = (
            self._seats.count(worker, self._row)
            for worker in range(self._seats.workers)
            if worker != self._worker
        )
        return [count for count in counts if count != CLOSED]


def rows_of(names: list[str], known: Mapping[str, int]) -> dict[str, int]:
    """Return a row for each listener; one that stays keeps its own. Raises ValueError."""
    rows = {name: known[name] for name in names if name in known}
    free = iter(sorted(set(range(MOST_LISTENERS)) - set(rows.values())))
    for name in names:
        if name not in rows:
            row = next(free, None)
            if row is None:
                raise ValueError(f"Workers share {MOST_LISTENERS} listeners at most.")
            rows[name] = row
    return rows
