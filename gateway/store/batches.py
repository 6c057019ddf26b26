"""Does what waits in one turn, so that many callers share one commit.

Design notes: D-11. A turn takes every job that waits at that moment. What cannot wait is done on
the event loop: a thread would have to ask for the interpreter at each statement, and a busy loop
is slow to give it away. What may wait is done in a thread: making a turn durable, and the whole
of a turn that cannot begin at once. Lazy jobs ride with others, or go by themselves after a short
while; while the store is away they wait for it.

A turn costs as much as half a message. Where several waited for the last one, the next begins when
nobody has come for a moment, or after a few milliseconds: the loop is busy with the others then,
and who waits a little is done no later. Who comes alone never waits for others.

When a job fails, the turn is undone and each job is done again in a turn of its own: a message
that cannot be stored takes no other down.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, TypeVar

from gateway.interfaces import StoreBusyError

_T = TypeVar("_T")
GATHER_S = 0.010
"""How long a turn waits at most for others to come."""
LOOK_S = 0.001
"""How often it is looked whether they do."""


class Turn(Protocol):
    """What surrounds the jobs of one turn, such as a transaction."""

    def begin(self, *, patient: bool) -> None:
        """Start; raises StoreBusyError when that is impossible now.

        Without patience it is impossible at once when somebody else has the store.
        """
        ...

    def complete(self) -> None:
        """Do what the jobs left to the last one."""
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
    """None for a lazy job."""
    result: Any = None
    error: Exception | None = None
    durable: bool = False
    """Whether its turn ended well; nobody is told a result before that."""

    @property
    def waits_for_the_store(self) -> bool:
        """Whether it is to be done again: a lazy one that met a store which was away."""
        return self.future is None and isinstance(self.error, StoreBusyError)


class Batches:
    """The turns of one event loop at a time, one after another."""

    def __init__(
        self,
        name: str,
        turn: Turn,
        *,
        linger_s: float = 0.1,
        most: int = 128,
        wait: Callable[[], object] | None = None,
    ) -> None:
        """`wait` waits a while until `begin` is possible: where others take turns all the time."""
        self._turn = turn
        self._wait = wait
        self._name = name
        self._linger_s = linger_s
        self._most = most
        self._jobs: list[_Job] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        """Whose turn is planned or under way; None when none is."""
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False
        self._company = 0
        """How many waited for the last turn."""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)

    @property
    def waiting(self) -> int:
        """How many jobs wait for a turn."""
        return len(self._jobs)

    def ask(self, work: Callable[[], _T]) -> asyncio.Future[_T]:
        """Return a future of the running loop for what the work returns in the next turn."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[_T] = loop.create_future()
        if self._closed:
            future.set_exception(StoreBusyError(f"The {self._name} of the store is closed."))
            return future
        self._jobs.append(_Job(work, future))
        self._plan(loop)
        return future

    def tell(self, work: Callable[[], object]) -> None:
        """Have something done in a later turn; nobody waits, nothing is raised."""
        if self._closed:
            return
        self._jobs.append(_Job(work, None))
        with suppress(RuntimeError):
            self._linger(asyncio.get_running_loop())

    def close(self) -> None:
        """Do what still waits, and end the thread."""
        self._closed = True
        self._thread.shutdown()
        if self._timer is not None:
            self._timer.cancel()
        jobs, self._jobs = self._jobs, []
        if jobs:
            self._do(jobs)
            _resolve(jobs)

    def _linger(self, loop: asyncio.AbstractEventLoop) -> None:
        """Plan a turn for lazy jobs, unless there will be one anyway."""
        if self._loop is None and self._timer is None:
            self._timer = loop.call_later(self._linger_s, self._plan, loop)

    def _plan(self, loop: asyncio.AbstractEventLoop) -> None:
        """Plan a turn, unless there will be one anyway; whatever comes until then is in it."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._loop is not None and self._loop.is_closed():
            # Its last turn may still be ending; nobody waits for that one any more.
            self._thread.submit(int).result()
            self._loop = None
        if self._loop is None:
            self._loop = loop
            loop.call_soon(self._start, loop)

    def _start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin a turn: at once for one who is alone, else when nobody else comes."""
        if self._company > 1:
            self._await_more(0, loop.time() + GATHER_S, loop)
        else:
            self._go(loop)

    def _await_more(self, seen: int, until: float, loop: asyncio.AbstractEventLoop) -> None:
        waiting = len(self._jobs)
        if seen < waiting < self._most and loop.time() < until:
            loop.call_later(LOOK_S, self._await_more, waiting, until, loop)
        else:
            self._go(loop)

    def _go(self, loop: asyncio.AbstractEventLoop, *, waited: bool = False) -> None:
        """Do what waits, as far as it cannot wait itself; the thread does the rest."""
        if self._closed:
            return
        rest = self._end
        try:
            self._turn.begin(patient=False)
        except StoreBusyError:
            if self._wait is not None and not waited:
                # Others are quick: the thread waits for them, and the jobs are done here.
                waiting = self._thread.submit(self._wait)
                go = partial(self._go, waited=True)
                waiting.add_done_callback(lambda _: _call(loop, go))
                return
            rest = self._do
            jobs = self._take()
        else:
            jobs = self._take()
            try:
                self._work(jobs)
            except Exception:  # noqa: BLE001 - in `_do` it finds the caller whose mail it is
                self._turn.undo()
                rest = self._do
        ending = self._thread.submit(rest, jobs)
        done = partial(self._done, jobs)
        ending.add_done_callback(lambda _: _call(loop, done))

    def _take(self) -> list[_Job]:
        """Return the jobs of a turn."""
        jobs, self._jobs = self._jobs[: self._most], self._jobs[self._most :]
        self._company = sum(job.future is not None for job in jobs)
        return jobs

    def _done(self, jobs: list[_Job], loop: asyncio.AbstractEventLoop) -> None:
        """Hand the results over, and go on with what came meanwhile."""
        again = [_Job(job.work, None) for job in jobs if job.waits_for_the_store]
        self._loop = None
        if not self._closed:
            self._jobs[:0] = again
            if any(job.future is not None for job in self._jobs):
                self._loop = loop
                self._start(loop)
            elif self._jobs:
                self._linger(loop)
        _resolve(jobs)

    def _do(self, jobs: Sequence[_Job]) -> None:
        """Do a whole turn, with patience."""
        try:
            self._turn.begin(patient=True)
            self._work(jobs)
        # Whatever odd mail makes our code raise must reach the one caller whose mail it is.
        except Exception as error:  # noqa: BLE001 - nor may it end the turns that all wait for
            self._fail(jobs, error)
        else:
            self._end(jobs)

    def _work(self, jobs: Sequence[_Job]) -> None:
        for job in jobs:
            job.result = job.work()
        self._turn.complete()

    def _end(self, jobs: Sequence[_Job]) -> None:
        """Make a turn durable."""
        try:
            self._turn.end()
        except Exception as error:  # noqa: BLE001 - as in `_do`
            self._fail(jobs, error)
        else:
            for job in jobs:
                job.durable = True

    def _fail(self, jobs: Sequence[_Job], error: Exception) -> None:
        """Undo a turn; when one of its jobs is the cause, find out which."""
        self._turn.undo()
        busy = error if isinstance(error, StoreBusyError) else self._turn.explained(error)
        if busy is None and len(jobs) > 1:
            for job in jobs:
                self._do([job])
            return
        for job in jobs:
            job.error = busy or error


def _call(
    loop: asyncio.AbstractEventLoop, work: Callable[[asyncio.AbstractEventLoop], object]
) -> None:
    """Have something done on a loop; one that was closed has nobody left who waits."""
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(work, loop)


def _resolve(jobs: Sequence[_Job]) -> None:
    for job in jobs:
        future, error = job.future, job.error
        if error is not None:
            # It leads to the frames that had this job: with it, letters would go in a circle.
            job.future = job.error = None
        if future is None or future.done() or future.get_loop().is_closed():
            continue
        if job.durable:
            future.set_result(job.result)
        else:
            unknown = StoreBusyError("The store did not say whether it kept this.")
            future.set_exception(error or unknown)
