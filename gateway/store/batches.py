"""A thread that does what waits in one turn, so that many callers share one commit.

Design notes: D-11. A turn takes every job that waits at that moment. When one of them fails, the
turn is undone and each job is done again in a turn of its own: a message that cannot be stored
takes no other down. Lazy jobs ride with others, or go by themselves after a short while; while
the store is away they wait for it.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from gateway.interfaces import StoreBusyError

_T = TypeVar("_T")


class Turn(Protocol):
    """What surrounds the jobs of one turn, such as a transaction."""

    def begin(self) -> None:
        """Start; raises StoreBusyError when that is impossible now."""
        ...

    def end(self) -> None:
        """Make what was done durable; raises StoreBusyError when it is not."""
        ...

    def undo(self) -> None:
        """Take back what was done; never raises."""
        ...

    def explained(self, error: Exception) -> StoreBusyError | None:
        """Return what to say when the store itself failed; None when one job did."""
        ...


@dataclass(slots=True)
class _Job:
    work: Callable[[], Any]
    future: asyncio.Future[Any] | None
    loop: asyncio.AbstractEventLoop | None
    result: Any = None
    error: Exception | None = None
    since: float = field(default_factory=time.monotonic)


class Batches:
    """One thread, one turn at a time."""

    def __init__(self, name: str, turn: Turn, *, linger_s: float = 0.1, most: int = 128) -> None:
        self._turn = turn
        self._name = name
        self._linger_s = linger_s
        self._most = most
        self._ready = threading.Condition()
        self._jobs: list[_Job] = []
        self._urgent = 0
        self._closing = False
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)
        self._thread.start()

    def ask(self, work: Callable[[], _T]) -> asyncio.Future[_T]:
        """Return a future of the running loop for what the work returns in the next turn."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[_T] = loop.create_future()
        self._put(_Job(work, future, loop), urgent=True)
        return future

    def tell(self, work: Callable[[], object]) -> None:
        """Have something done in a later turn; nobody waits, nothing is raised."""
        self._put(_Job(work, None, None), urgent=False)

    def close(self) -> None:
        """Do what still waits, and end the thread."""
        with self._ready:
            self._closing = True
            self._ready.notify()
        self._thread.join()

    def _put(self, job: _Job, *, urgent: bool) -> None:
        with self._ready:
            if not self._closing:
                self._jobs.append(job)
                self._urgent += urgent
                if urgent or len(self._jobs) == 1:
                    self._ready.notify()
                return
        if job.future is not None:
            job.future.set_exception(StoreBusyError(f"The {self._name} of the store is closed."))

    def _serve(self) -> None:
        while (jobs := self._take()) is not None:
            self._do(jobs)
            _deliver(jobs)
            self._put_back(jobs)

    def _put_back(self, jobs: list[_Job]) -> None:
        """Let lazy jobs wait for another turn when the store was away; nobody else would."""
        again = [job for job in jobs if job.loop is None and isinstance(job.error, StoreBusyError)]
        with self._ready:
            if again and not self._closing:
                for job in again:
                    job.error, job.since = None, time.monotonic()
                self._jobs[:0] = again

    def _take(self) -> list[_Job] | None:
        """Wait for jobs; None ends the thread."""
        with self._ready:
            while not self._urgent and not self._closing:
                if not self._jobs:
                    self._ready.wait()
                    continue
                left = self._jobs[0].since + self._linger_s - time.monotonic()
                if left <= 0:
                    break
                self._ready.wait(left)
            taken, self._jobs = self._jobs[: self._most], self._jobs[self._most :]
            self._urgent = sum(job.future is not None for job in self._jobs)
        return taken or None

    def _do(self, jobs: list[_Job]) -> None:
        try:
            self._turn.begin()
            for job in jobs:
                job.result = job.work()
            self._turn.end()
        # Whatever odd mail makes our code raise must reach the one caller whose mail it is, and
        # must not end the thread that all others wait for.
        except Exception as error:  # noqa: BLE001
            self._turn.undo()
            busy = error if isinstance(error, StoreBusyError) else self._turn.explained(error)
            if busy is None and len(jobs) > 1:
                for job in jobs:
                    self._do([job])
                return
            for job in jobs:
                job.error = busy or error


def _deliver(jobs: list[_Job]) -> None:
    """Hand the results over, with one wake-up for each loop that waits."""
    by_loop: dict[asyncio.AbstractEventLoop, list[_Job]] = {}
    for job in jobs:
        if job.loop is not None:
            by_loop.setdefault(job.loop, []).append(job)
    for loop, done in by_loop.items():
        # A loop that was closed meanwhile has nobody left who waits.
        if not loop.is_closed():
            loop.call_soon_threadsafe(_resolve, done)


def _resolve(jobs: list[_Job]) -> None:
    for job in jobs:
        future = job.future
        if future is None or future.done():
            continue
        if job.error is None:
            future.set_result(job.result)
        else:
            future.set_exception(job.error)
