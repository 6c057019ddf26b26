"""`python -m tests.bench.nodes`: SQLite, and one and two nodes on one PostgreSQL, in one run.

Everything shares this machine: the load, the sink, the database and all gateways. So two nodes
show what sharing a record costs; what they add, two machines would have to show.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from gateway.demo.stage import ENTRY_POINT
from tests.bench import messages, processes
from tests.bench.contestants import CONFIG, FACTS
from tests.bench.ends.tools import ROOT, Sink, Tools, enter, free_port, send, tools
from tests.postgres import PostgresServer, postgres_server, programs

SESSIONS = (1, 16, 64)


@dataclass
class Way:
    """Some gateways that share a record."""

    name: str
    nodes: Sequence[tuple[int, int]]
    """Port and process of each gateway."""
    server: int = 0
    """The process of the database; 0 without one."""
    rates: dict[int, list[float]] = field(default_factory=dict)
    waits_ms: dict[int, list[float]] = field(default_factory=dict)
    cpu_ms: dict[int, list[tuple[float, float]]] = field(default_factory=dict)
    """For each message: of all gateways, and of the database."""

    @property
    def ports(self) -> list[int]:
        """Where they take mail."""
        return [port for port, _ in self.nodes]

    def cpu_s(self) -> tuple[float, float]:
        """Return the CPU time used so far, by gateways and by the database."""
        ours = sum(processes.cpu_s(process) for _, process in self.nodes)
        return ours, processes.cpu_s(self.server) if self.server else 0.0


@contextmanager
def gateways(folder: Path, sink: int, nodes: int, store: str) -> Iterator[list[tuple[int, int]]]:
    """Run so many gateways on one record; give the port and process of each."""
    with ExitStack() as stack:
        found = []
        for number in range(nodes):
            place = folder / f"node-{number}"
            place.mkdir(parents=True)
            port = free_port()
            state = f'"{place / "state"}"'
            text = CONFIG.format(state=state, next_hop=sink, port=port)
            config = place / "replygate.toml"
            config.write_text(f"{text}\n{store}")
            for words in FACTS if number == 0 else ():
                subprocess.run(_command(config, *words), cwd=ROOT, check=True, capture_output=True)
            process = stack.enter_context(_serving(config))
            enter(port).close()
            found.append((port, process))
        yield found


@contextmanager
def _serving(config: Path) -> Iterator[int]:
    with config.with_suffix(".log").open("wb") as log:
        process = subprocess.Popen(_command(config, "serve"), cwd=ROOT, stdout=log, stderr=log)
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait(60)


def _command(config: Path, *words: str) -> list[str]:
    return [sys.executable, "-c", ENTRY_POINT, *words, "--config", str(config)]


def measure(way: Way, ends: Tools, message: Path, count: int) -> None:
    """Send messages by all ports at once, with each number of sessions."""
    for sessions in SESSIONS:
        share, each = max(1, sessions // len(way.ports)), count // len(way.ports)
        each = max(share, each // 4 if sessions == 1 else each)
        before = way.cpu_s()
        with ThreadPoolExecutor(len(way.ports)) as pool:
            calls = [
                pool.submit(send, ends, port, message, share, each)
                for port in way.ports[: min(sessions, len(way.ports))]
            ]
            sent = [call.result() for call in calls]
        seconds = max(one.seconds for one in sent)
        total = sum(one.sent for one in sent)
        ours, theirs = (
            (after - used) * 1000 / total for after, used in zip(way.cpu_s(), before, strict=True)
        )
        way.cpu_ms.setdefault(sessions, []).append((ours, theirs))
        way.rates.setdefault(sessions, []).append(total / seconds)
        way.waits_ms.setdefault(sessions, []).append(max(one.p99_ms for one in sent))


def table(ways: Sequence[Way]) -> str:
    """Return the medians as people read them."""
    lines = []
    for sessions in SESSIONS:
        lines.append(
            f"{f'{sessions} sessions':<22}{'messages/s':>12}{'p99 ms':>9}"
            f"{'CPU ms each':>13}{'of the database':>17}"
        )
        for way in ways:
            ours, theirs = (
                statistics.median(each) for each in zip(*way.cpu_ms[sessions], strict=True)
            )
            rate, wait = (statistics.median(found[sessions]) for found in (way.rates, way.waits_ms))
            lines.append(f"  {way.name:<20}{rate:>12.0f}{wait:>9.0f}{ours:>13.2f}{theirs:>17.2f}")
    return "\n".join(lines)


def _ways(stack: ExitStack, folder: Path, sink: int, server: PostgresServer) -> Iterator[Way]:
    plans = (
        ("SQLite, 1 node", 1, ""),
        ("PostgreSQL, 1 node", 1, "one"),
        ("PostgreSQL, 2 nodes", 2, "two"),
    )
    for name, nodes, database in plans:
        store = ""
        if database:
            blobs = folder / f"{database}-blobs"
            store = f'[store]\nurl = "{server.database(database)}"\nblobs = "{blobs}"\n'
        place = folder / name.replace(" ", "-")
        running = stack.enter_context(gateways(place, sink, nodes, store))
        yield Way(name, running, server.pid if database else 0)


def main() -> None:
    """Measure in rounds, and print the medians."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.nodes", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--count", type=int, default=600, help="messages of each measurement")
    asked = parser.parse_args()
    binaries = programs()
    if binaries is None:
        raise SystemExit("There is no PostgreSQL on this machine.")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="replygate-nodes-")))
        ends, message = tools(folder), messages.write(folder)["S"]
        sink = stack.enter_context(Sink(ends))
        server = stack.enter_context(postgres_server(binaries))
        ways = list(_ways(stack, folder, sink.port, server))
        for _ in range(asked.rounds):
            for way in ways:
                measure(way, ends, message, asked.count)
    load = os.getloadavg()[2]
    print(f"Medians of {asked.rounds} rounds, rate and p99; load of the machine {load:.1f}.")
    print(table(ways))


if __name__ == "__main__":
    main()
