"""How long a letter takes with and without ten people clicking: `python -m tests.bench.clicking`.

A real gateway and real pages, each in a process of its own, on one store. Letters come at a steady
pace, each in a session of its own. Rounds without people, and with people of each pace, take turns
in any order. The goal is that the 99th percentile is the same: the median of the rounds with
people who read what they open is at most 1.25 times the median of those without, or within their
upper quartile. The other paces are judged in the same way, for comparison.

`--keep` adds the rounds to a file and judges all that are there, so that they can be measured
piece by piece in quiet moments; TMPDIR on a disk of memory takes away the noise of a disk that
others use. A round in which a page took five seconds is left out, and that is said: somebody had
stopped the pages, and the letters had it easy.
"""

from __future__ import annotations

import argparse
import json
import smtplib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from random import sample

from gateway.config.load import load_config
from gateway.demo import next_hop
from gateway.demo.stage import ENTRY_POINT
from gateway.web.vault import Vault
from tests.bench.clickers import PAGES, Crowd, clicking, look
from tests.bench.contestants import gateway
from tests.bench.ends.tools import ROOT, free_port

ANNA = "anna@corp.example"
NOBODY = "nobody clicking"
READING = "people reading, 2.5 s a page"
PACES = {READING: 2.5, "people in haste, 1 s a page": 1.0, "people without a pause": 0.0}
SAME = 1.25
STOOD_STILL_MS = 5000.0


@dataclass(frozen=True)
class Round:
    """What was measured at a stretch, in milliseconds."""

    company: str
    letters: Sequence[float]
    pages: Sequence[float]

    @property
    def p99(self) -> float:
        """The 99th percentile of the letters."""
        return percentile(self.letters, 99)

    @property
    def counts(self) -> bool:
        """Whether the pages were served meanwhile."""
        return max(self.pages, default=0) < STOOD_STILL_MS


@dataclass(frozen=True)
class Verdict:
    """The rounds beside some company, against those without."""

    alone: Sequence[float]
    beside: Sequence[float]

    @property
    def ratio(self) -> float:
        """Of the medians."""
        return statistics.median(self.beside) / statistics.median(self.alone)

    @property
    def holds(self) -> bool:
        """Whether they are the same, as far as their spread lets us see."""
        return self.ratio <= SAME or statistics.median(self.beside) <= percentile(self.alone, 75)


def percentile(times: Sequence[float], percent: int) -> float:
    """Return what so many of a hundred stay below."""
    return sorted(times)[len(times) * percent // 100]


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


@contextmanager
def pages(folder: Path) -> Iterator[tuple[int, str]]:
    """Serve the pages of the gateway there; give their port and a session."""
    port = free_port()
    text = (folder / "replygate.toml").read_text() + f'\n[web]\naddress = "127.0.0.1:{port}"\n'
    web_file = folder / "web.toml"
    web_file.write_text(text)
    with Vault(load_config(web_file).gateway.state) as vault:
        cookie = vault.begin(ANNA, 1)
    command = [sys.executable, "-c", ENTRY_POINT, "web", "--config", str(web_file)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        await_pages(port, cookie)
        yield port, cookie
    finally:
        process.terminate()
        process.wait()


def await_pages(port: int, cookie: str) -> None:
    """Wait until the pages answer, and have opened each once, as on any other day."""
    for _ in range(200):
        try:
            for page in (*PAGES, *PAGES):
                look(port, cookie, page)
        except ConnectionRefusedError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(f"the pages at port {port} do not answer")


def measure(folder: Path, hop: int, chosen: argparse.Namespace) -> Iterator[Round]:
    """Yield rounds on a gateway and its pages, which are started for it."""
    with ExitStack() as open_:
        running = open_.enter_context(gateway(hop, folder))
        load(running.port, chosen.per_second, 2)
        port, cookie = open_.enter_context(pages(folder))
        for _ in range(chosen.rounds):
            for company in sample((NOBODY, *PACES), 1 + len(PACES)):
                with joined_by(company, port, cookie, chosen.people) as shown:
                    letters = load(running.port, chosen.per_second, chosen.seconds)
                yield Round(company, letters, shown)


def joined_by(
    company: str, port: int, cookie: str, people: int
) -> AbstractContextManager[list[float]]:
    """Let so many people click meanwhile, or nobody."""
    if company == NOBODY:
        return nullcontext([])
    return clicking(Crowd(port, [cookie], people, PACES[company]))


def report(rounds: Iterable[Round]) -> Iterator[str]:
    """Yield the figures, and whether the goal holds."""
    counted = [one for one in rounds if one.counts]
    alone = [one.p99 for one in counted if one.company == NOBODY]
    for company in (NOBODY, *PACES):
        found = [one for one in counted if one.company == company]
        times = [time for one in found for time in one.letters]
        p99s = [one.p99 for one in found]
        p50, p95, p99 = (percentile(times, percent) for percent in (50, 95, 99))
        yield (
            f"{company:29} letters p50 {p50:5.1f}  p95 {p95:5.1f}  p99 {p99:5.1f} ms; p99 of"
            f" {len(p99s)} rounds: {min(p99s):.1f} to {max(p99s):.1f},"
            f" median {statistics.median(p99s):.1f}"
        )
        if company != NOBODY:
            yield told(Verdict(alone, p99s), [time for one in found for time in one.pages])
    if left_out := sum(1 for one in rounds if not one.counts):
        yield f"{left_out} rounds left out: somebody had stopped the pages"


def told(verdict: Verdict, shown: Sequence[float]) -> str:
    """Return a line of what became of the letters, and of the pages."""
    return (
        f"    {verdict.ratio:.2f} times, {'the same' if verdict.holds else 'NOT the same'};"
        f" {len(shown)} pages p50 {percentile(shown, 50):.0f}  p95 {percentile(shown, 95):.0f} ms"
    )


def main() -> None:
    """Measure, and print the figures."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=float, default=10)
    options.add_argument("--per-second", type=float, default=20)
    options.add_argument("--people", type=int, default=10)
    options.add_argument("--keep", type=Path, help="a file to add the rounds to; all are judged")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        hop = next_hop.start(folder / "delivered")
        try:
            rounds = list(measure(folder, hop.port, chosen))
        finally:
            hop.stop()
    if chosen.keep:
        with chosen.keep.open("a") as kept:
            kept.writelines(f"{json.dumps(asdict(one))}\n" for one in rounds)
        lines = chosen.keep.read_text().splitlines()
        rounds = [Round(**json.loads(line)) for line in lines]
    print(*report(rounds), sep="\n")


if __name__ == "__main__":
    main()
