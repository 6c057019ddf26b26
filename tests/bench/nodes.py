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
from tests.bench import messages
from tests.bench.contestants import CONFIG, FACTS
from tests.bench.ends.tools import ROOT, Sink, Tools, enter, free_port, send, tools
from tests.postgres import PostgresServer, postgres_server, programs

SESSIONS = (1, 16, 64)


@dataclass
class Way:
    """Some gateways that share a record."""

    name: str
    ports: Sequence[int]
    rates: dict[int, list[float]] = field(default_factory=dict)
    waits_ms: dict[int, list[float]] = field(default_factory=dict)


@contextmanager
def gateways(folder: Path, sink: int, nodes: int, store: str) -> Iterator[list[int]]:
    """Run so many gateways on one record; give their ports."""
    with ExitStack() as stack:
        ports = []
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
            stack.enter_context(_serving(config))
            enter(port).close()
            ports.append(port)
        yield ports


@contextmanager
def _serving(config: Path) -> Iterator[None]:
    with config.with_suffix(".log").open("wb") as log:
        process = subprocess.Popen(_command(config, "serve"), cwd=ROOT, stdout=log, stderr=log)
    try:
        yield
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
        with ThreadPoolExecutor(len(way.ports)) as pool:
            calls = [
                pool.submit(send, ends, port, message, share, each)
                for port in way.ports[: min(sessions, len(way.ports))]
            ]
            sent = [call.result() for call in calls]
        seconds = max(one.seconds for one in sent)
        way.rates.setdefault(sessions, []).append(sum(one.sent for one in sent) / seconds)
        way.waits_ms.setdefault(sessions, []).append(max(one.p99_ms for one in sent))


def table(ways: Sequence[Way]) -> str:
    """Return the medians as people read them."""
    lines = [f"{'':<22}" + "".join(f"{n:>12} sessions" for n in SESSIONS)]
    for way in ways:
        median = statistics.median
        told = (
            f"{median(way.rates[n]):>9.0f}/s{median(way.waits_ms[n]):>7.0f} ms" for n in SESSIONS
        )
        lines.append(f"{way.name:<22}" + "".join(f"{one:>21}" for one in told))
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
        yield Way(name, stack.enter_context(gateways(place, sink, nodes, store)))


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
