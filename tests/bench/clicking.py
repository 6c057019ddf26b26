"""How long a letter takes with and without ten people clicking: `python -m tests.bench.clicking`.

A real gateway and real pages, each in a process of its own, on one store. Letters come at a steady
pace, each in a session of its own; ten people open pages and search, with a second's thought in
between. Rounds with and without them alternate.
"""

from __future__ import annotations

import argparse
import multiprocessing
import smtplib
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random

import httpx

from gateway.config.load import load_config
from gateway.demo import next_hop
from gateway.demo.stage import ENTRY_POINT
from gateway.web.vault import Vault
from tests.bench.contestants import gateway
from tests.bench.ends.tools import ROOT, free_port

ANNA = "anna@corp.example"
PAGES = ("/", "/decisions", "/contacts", "/contacts/1", "/held", "/search?q=offer+number")
THOUGHT_S = 1.0


def send(port: int, number: int) -> float:
    """Send a reply of some kilobytes; return how long its session took."""
    text = (
        f"From: Joe <joe@customer.example>\r\nTo: {ANNA}\r\nSubject: Offer number {number}\r\n"
        f"Message-ID: <{number}.{time.monotonic_ns()}@customer.example>\r\n"
        f"Date: Mon, 23 Nov 2026 10:00:00 +0000\r\n\r\n"
    ) + "Thank you for the offer, we will look at it.\r\n" * 60
    begun = time.perf_counter()
    with smtplib.SMTP("127.0.0.1", port) as caller:
        caller.sendmail("joe@customer.example", [ANNA], text)
    return (time.perf_counter() - begun) * 1e3


def load(port: int, per_s: float, seconds: float) -> list[float]:
    """Send at that pace; return what each letter took, from when it was due."""
    count = int(per_s * seconds)
    begun = time.perf_counter() + 0.1

    def one(number: int) -> float:
        """Wait for its turn, then send."""
        due = begun + number / per_s
        time.sleep(max(due - time.perf_counter(), 0))
        late = (time.perf_counter() - due) * 1e3
        return late + send(port, number)

    with ThreadPoolExecutor(16) as pool:
        return list(pool.map(one, range(count)))


def click_all(address: str, cookie: str, count: int, said: Connection) -> None:
    """Let people click until something is said; a process of its own, and not the letters'."""
    over, pages = threading.Event(), []

    def click(number: int) -> None:
        """Be one of them."""
        chance = Random(number)
        with httpx.Client(base_url=address, cookies={"replygate": cookie}, timeout=60) as client:
            while not over.wait(THOUGHT_S * chance.random() * 2):
                begun = time.perf_counter()
                client.get(chance.choice(PAGES)).raise_for_status()
                pages.append((time.perf_counter() - begun) * 1e3)

    threads = [threading.Thread(target=click, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    said.send("begun")
    said.recv()
    over.set()
    for thread in threads:
        thread.join()
    said.send(pages)


@contextmanager
def clicking(address: str, cookie: str, count: int, pages: list[float]) -> Iterator[None]:
    """Let people click meanwhile; adds what each page took."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    people = spawn.Process(target=click_all, args=(address, cookie, count, theirs))
    people.start()
    ours.recv()
    try:
        yield
    finally:
        ours.send("over")
        pages += ours.recv()
        people.join()


def told(name: str, times: list[float]) -> str:
    """Return a line of figures."""
    cuts = statistics.quantiles(times, n=100)
    return f"{name:28} p50 {cuts[49]:6.1f}  p95 {cuts[94]:6.1f}  p99 {cuts[98]:6.1f} ms"


def main() -> None:
    """Measure, and print the figures."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--seconds", type=float, default=10)
    options.add_argument("--per-second", type=float, default=20)
    options.add_argument("--people", type=int, default=10)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        hop = next_hop.start(folder / "delivered")
        try:
            measure(folder, hop.port, chosen)
        finally:
            hop.stop()


def measure(folder: Path, hop: int, chosen: argparse.Namespace) -> None:
    """Measure on a gateway and its pages, which are started for it."""
    with gateway(hop, folder) as running:
        config_file, port = folder / "replygate.toml", free_port()
        text = config_file.read_text() + f'\n[web]\naddress = "127.0.0.1:{port}"\n'
        web_file = folder / "web.toml"
        web_file.write_text(text)
        config = load_config(web_file)
        with Vault(config.gateway.state) as vault:
            cookie = vault.begin(ANNA, 1)
        command = [sys.executable, "-c", ENTRY_POINT, "web", "--config", str(web_file)]
        pages = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
        try:
            address = f"http://127.0.0.1:{port}"
            await_pages(address)
            load(running.port, chosen.per_second, 3)
            alone: list[float] = []
            beside: list[float] = []
            shown: list[float] = []
            for _ in range(chosen.rounds):
                alone += load(running.port, chosen.per_second, chosen.seconds)
                with clicking(address, cookie, chosen.people, shown):
                    beside += load(running.port, chosen.per_second, chosen.seconds)
        finally:
            pages.terminate()
            pages.wait()
    print(told("a letter, nobody clicking", alone))
    print(told(f"a letter, {chosen.people} people clicking", beside))
    print(told("a page meanwhile", shown), f" {len(shown)} pages")


def await_pages(address: str) -> None:
    """Wait until the pages answer."""
    for _ in range(200):
        try:
            httpx.get(f"{address}/sign-in")
        except httpx.ConnectError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(f"the pages at {address} do not answer")


if __name__ == "__main__":
    main()
