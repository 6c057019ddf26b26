"""People who open pages and search, each at his own pace, in a process of their own.

They sit at machines of their own, and what they cost must not be measured: they speak plain HTTP,
and their process runs only where the others leave a processor idle.

How long they look at a page: TPC-W, which emulates people at the pages of a shop, has them think
for 7 s and more in the mean, most of them shorter (an exponential distribution). Ours are
quicker, so that what holds here holds for more of them.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from multiprocessing.connection import Connection
from random import Random

PAGES = ("/", "/decisions", "/contacts", "/contacts/1", "/held", "/search?q=offer+number")
TIMEOUT_S = 60


@dataclass(frozen=True)
class Crowd:
    """So many people, at one pace."""

    port: int
    cookies: Sequence[str]
    """Whose sessions they have, in turn."""
    count: int
    thought_s: float
    """How long they look at a page in the mean; 0 is not at all."""


def look(port: int, cookie: str, page: str) -> float:
    """Open a page; return how many milliseconds it took."""
    begun = time.perf_counter()
    # A browser has to connect anew when its person thought for long.
    connection = HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
    connection.request("GET", page, headers={"Cookie": f"replygate={cookie}"})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    if answer.status != 200:
        raise ConnectionError(f"{page} answers {answer.status} {answer.reason}")
    return (time.perf_counter() - begun) * 1e3


@contextmanager
def clicking(crowd: Crowd) -> Iterator[list[float]]:
    """Let people click meanwhile; what each page took is in the list afterwards."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=_click_all, args=(crowd, theirs))
    process.start()
    theirs.close()
    ours.recv()
    took: list[float] = []
    try:
        yield took
    finally:
        ours.send("over")
        took += ours.recv()
        process.join()


def _click_all(crowd: Crowd, said: Connection) -> None:
    """Click until something is said."""
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    over, took = threading.Event(), []

    def click(number: int) -> None:
        """Be one of them."""
        chance = Random(number)
        cookie = crowd.cookies[number % len(crowd.cookies)]
        while not over.wait(chance.expovariate(1 / crowd.thought_s) if crowd.thought_s else 0):
            took.append(look(crowd.port, cookie, chance.choice(PAGES)))

    threads = [threading.Thread(target=click, args=(number,)) for number in range(crowd.count)]
    for thread in threads:
        thread.start()
    said.send("begun")
    said.recv()
    over.set()
    for thread in threads:
        thread.join()
    said.send(took)
