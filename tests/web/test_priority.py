"""What the process of the pages asks of the scheduler, in a thread that ends with the test."""

from __future__ import annotations

import os
import platform
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import pytest

from gateway.web.priority import NICE, SLICE_NS, give_way

T = TypeVar("T")


def after_giving_way(asked: Callable[[], T]) -> T:
    """Return what is answered in a thread that gave way."""
    with ThreadPoolExecutor(1, initializer=give_way) as pool:
        return pool.submit(asked).result()


def niceness() -> int:
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


def slice_ns() -> int:
    """Return the slice of this thread; 0 where the kernel does not tell."""
    told = Path(f"/proc/self/task/{threading.get_native_id()}/sched")
    rows = told.read_text().splitlines() if told.exists() else []
    return next((int(row.split()[-1]) for row in rows if row.startswith("se.slice")), 0)


def test_it_is_nice() -> None:
    assert after_giving_way(niceness) == max(niceness(), NICE)


def test_it_does_not_become_nicer_when_asked_twice() -> None:
    def twice() -> int:
        give_way()
        return niceness()

    assert after_giving_way(twice) == max(niceness(), NICE)


def test_it_interrupts_nobody() -> None:
    assert after_giving_way(lambda: os.sched_getscheduler(0)) == os.SCHED_BATCH


def test_it_is_interrupted_by_others() -> None:
    release = tuple(map(int, platform.release().split(".")[:2]))
    if release < (6, 12) or not slice_ns():
        pytest.skip(f"Linux {platform.release()} lets no thread choose its slice, or tells none")
    assert after_giving_way(slice_ns) == SLICE_NS > slice_ns()


def test_threads_that_begin_afterwards_give_way_too() -> None:
    def child() -> int:
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(os.sched_getscheduler, 0).result()

    assert after_giving_way(child) == os.SCHED_BATCH


def test_pages_are_served_where_the_system_does_not_allow_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "setpriority", refuse)
    monkeypatch.setattr(os, "sched_setscheduler", refuse)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(give_way).result()
