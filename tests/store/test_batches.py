from __future__ import annotations

import asyncio
import threading
from functools import partial

import pytest

from gateway.interfaces import StoreBusyError
from gateway.store.batches import Batches
from tests.letting_go import nothing_collected


class Turns:
    """Remembers how many jobs each turn had, and can fail."""

    def __init__(self) -> None:
        self.turns = 0
        self.undone = 0
        self.fails = False
        self.held = False
        self.patient = 0
        self.gate = threading.Event()
        self.gate.set()

    def begin(self, *, patient: bool) -> None:
        self.patient += patient
        if self.fails or (self.held and not patient):
            raise StoreBusyError("away")

    def complete(self) -> None:
        pass

    def end(self) -> None:
        assert self.gate.wait(10)
        self.turns += 1

    def undo(self) -> None:
        self.undone += 1

    def explained(self, error: Exception) -> StoreBusyError | None:
        return StoreBusyError("disk") if isinstance(error, OSError) else None


def fail(error: Exception) -> None:
    raise error


async def test_what_waits_is_done_in_one_turn() -> None:
    turns = Turns()
    batches = Batches("writer", turns)
    turns.gate.clear()
    first = batches.ask(lambda: 0)
    await asyncio.sleep(0)
    more = [batches.ask(partial(int, n)) for n in range(1, 9)]
    turns.gate.set()
    assert await asyncio.gather(first, *more) == list(range(9))
    assert turns.turns <= 2
    batches.close()


async def test_among_others_a_turn_begins_when_nobody_else_comes() -> None:
    turns = Turns()
    batches = Batches("writer", turns)
    await asyncio.gather(batches.ask(int), batches.ask(int))
    before = turns.turns
    first = batches.ask(int)
    for _ in range(3):
        await asyncio.sleep(0)
    await asyncio.gather(first, batches.ask(int))
    assert turns.turns == before + 1
    batches.close()


async def test_who_comes_alone_does_not_wait_for_others() -> None:
    turns = Turns()
    batches = Batches("writer", turns)
    await batches.ask(int)
    before = turns.turns
    first = batches.ask(int)
    for _ in range(3):
        await asyncio.sleep(0)
    await asyncio.gather(first, batches.ask(int))
    assert turns.turns == before + 2
    batches.close()


async def test_a_lazy_job_rides_with_another() -> None:
    turns, done = Turns(), []
    batches = Batches("writer", turns, linger_s=60)
    batches.tell(lambda: done.append("lazy"))
    await batches.ask(lambda: done.append("asked"))
    assert done == ["lazy", "asked"]
    assert turns.turns == 1
    batches.close()


async def test_a_lazy_job_goes_by_itself_after_a_while() -> None:
    turns, done = Turns(), threading.Event()
    batches = Batches("writer", turns, linger_s=0.01)
    batches.tell(done.set)
    assert await asyncio.to_thread(done.wait, 10)
    batches.close()


def test_closing_does_what_waits() -> None:
    turns, done = Turns(), []
    batches = Batches("writer", turns, linger_s=60)
    batches.tell(lambda: done.append("lazy"))
    batches.close()
    assert done == ["lazy"]


async def test_a_closed_one_takes_nothing() -> None:
    batches = Batches("writer", Turns())
    batches.close()
    batches.tell(lambda: None)
    with pytest.raises(StoreBusyError, match="writer of the store is closed"):
        await batches.ask(lambda: None)


async def test_a_job_that_fails_takes_no_other_down() -> None:
    turns = Turns()
    batches = Batches("writer", turns)
    turns.gate.clear()
    bad = batches.ask(lambda: fail(TypeError("odd")))
    good = batches.ask(lambda: "good")
    turns.gate.set()
    assert await good == "good"
    with pytest.raises(TypeError, match="odd"):
        await bad
    assert turns.undone >= 1
    batches.close()


async def test_a_store_that_is_away_fails_all_at_once() -> None:
    turns = Turns()
    batches = Batches("writer", turns)
    turns.fails = True
    jobs = [batches.ask(lambda: None) for _ in range(3)]
    results = await asyncio.gather(*jobs, return_exceptions=True)
    assert {str(result) for result in results} == {"away"}
    batches.close()


async def test_a_lazy_job_waits_while_the_store_is_away() -> None:
    turns, done = Turns(), threading.Event()
    batches = Batches("writer", turns, linger_s=0.01)
    turns.fails = True
    batches.tell(done.set)
    with pytest.raises(StoreBusyError):
        await batches.ask(lambda: None)
    turns.fails = False
    assert await asyncio.to_thread(done.wait, 10)
    batches.close()


async def test_an_error_of_the_disk_is_the_stores() -> None:
    batches = Batches("writer", Turns())
    with pytest.raises(StoreBusyError, match="disk"):
        await batches.ask(lambda: fail(OSError("gone")))
    batches.close()


async def test_a_turn_that_cannot_begin_at_once_waits_in_the_thread() -> None:
    turns = Turns()
    batches = Batches("writer", turns)
    turns.held = True
    assert await batches.ask(threading.current_thread) is not threading.main_thread()
    assert turns.patient == 1
    batches.close()


async def test_a_turn_that_begins_at_once_is_done_on_the_loop() -> None:
    turns = Turns()
    batches = Batches("writer", turns)
    assert await batches.ask(threading.current_thread) is threading.main_thread()
    assert turns.patient == 0
    batches.close()


def test_a_loop_that_ended_leaves_nothing_behind() -> None:
    turns, done = Turns(), []
    batches = Batches("writer", turns, linger_s=60)

    async def leave() -> None:
        turns.gate.clear()
        asking = asyncio.ensure_future(batches.ask(lambda: done.append("first")))
        await asyncio.sleep(0)
        asking.cancel()

    async def come() -> None:
        turns.gate.set()
        await batches.ask(lambda: done.append("second"))

    asyncio.run(leave())
    asyncio.run(come())
    batches.close()
    assert done == ["first", "second"]
    assert turns.turns == 2


async def test_closing_in_the_middle_of_a_turn_waits_for_it() -> None:
    turns = Turns()
    batches = Batches("writer", turns)
    turns.gate.clear()
    asked = batches.ask(lambda: "first")
    await asyncio.sleep(0)
    asyncio.get_running_loop().call_later(0, turns.gate.set)
    late = batches.ask(lambda: "late")
    await asyncio.sleep(0)
    turns.gate.set()
    batches.close()
    assert [await asked, await late] == ["first", "late"]


async def test_nobody_is_told_a_result_when_even_the_undoing_fails() -> None:
    class Broken(Turns):
        def end(self) -> None:
            raise OSError

        def undo(self) -> None:
            raise OSError

    batches = Batches("writer", Broken())
    with pytest.raises(StoreBusyError):
        await batches.ask(lambda: 1)
    batches.close()


class Recording:
    """What a job is to write."""


@pytest.mark.parametrize("error", [StoreBusyError("away"), TypeError("odd"), OSError("gone")])
async def test_a_job_that_failed_is_let_go_at_once(error: Exception) -> None:
    with nothing_collected(Recording) as left:
        batches = Batches("writer", Turns())
        asked = [batches.ask(partial(told_of, Recording(), error)) for error in (error, None)]
        batches.tell(partial(told_of, Recording(), error))
        await asyncio.gather(*asked, return_exceptions=True)
        del asked
        # The loop holds what woke us until it runs again.
        await asyncio.sleep(0)
        batches.close()
        assert left.now() == {}


def told_of(recording: Recording, error: Exception | None) -> None:
    """Fail while something is at hand."""
    assert recording
    if error is not None:
        raise type(error)(*error.args)
