"""What grows with the store: `python -m tests.bench.scale FOLDER [--messages N,N] [--postgresql]`.

Messages are made in bulk, without octets, in one store that grows from size to size; at each it is
measured in several rounds, of which the median of each figure is kept. Ten millions take 18 GB with
the index of the search (24 GB with PostgreSQL). The folder must not be there, and is removed at the
end. `--out` gets the figures, `--charts` draws them, and `--readme` gets the table of them.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import shutil
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, fields, is_dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from gateway.config.load import parse_config
from gateway.config.settings import Config
from tests.bench import bulk, charts, probes, processes
from tests.bench.charts import Figure
from tests.bench.probes import Passed, Spread
from tests.postgres import PostgresServer, postgres_server, programs

SIZES = (10_000, 100_000, 1_000_000, 3_000_000, 10_000_000)
ROUNDS = 3
ROOM = 3.0
"""Free room to begin with, in kilobytes for each message."""
ENGINES = ("SQLite", "PostgreSQL")
SHOWN = (
    "search: a rare word", "search: two Japanese letters", "search: a person",
    "a reason in a week", "a contact",
)  # fmt: skip
BEGIN, END = "<!-- scale -->", "<!-- end of scale -->"


@dataclass(frozen=True, slots=True)
class Measured:
    """What was found at one size."""

    engine: str
    messages: int
    references_us: Spread
    facts_us: Spread
    passed: Passed
    pages_ms: dict[str, Spread]
    octets: int
    """Of rows and their indexes, for each message."""
    index_octets: int
    """Of the search, for each message."""
    fill_s: float


class Served(NamedTuple):
    """A store that can be filled."""

    config: Config
    octets: Callable[[], int]
    """Of its rows and indexes."""
    server_s: Callable[[], float]
    """The CPU time of its server."""


def config_of(folder: Path, url: str = "") -> Config:
    """Return a configuration with its state there."""
    text = (
        f'[gateway]\nhostname = "gw.corp.example"\nstate = "{folder}"\n'
        f'domains = ["{bulk.DOMAIN}"]\n[next_hop]\naddress = "127.0.0.1:1"\n'
        '[[listener]]\nname = "inbound"\naddress = "127.0.0.1:2"\ndirection = "inbound"\n'
    )
    store = f'[store]\nurl = "{url}"\nblobs = "{folder / "blobs"}"\n' if url else ""
    return parse_config(text + store, folder / "replygate.toml", {})


@contextmanager
def sqlite(folder: Path) -> Iterator[Served]:
    """Give a store in a file."""
    config = config_of(folder)
    yield Served(config, lambda: config.store_path.stat().st_size, lambda: 0.0)


@contextmanager
def postgresql(folder: Path) -> Iterator[Served]:
    """Run a server that is set for much memory, and for no power cut."""
    binaries = programs()
    if binaries is None:
        raise SystemExit("There is no PostgreSQL on this machine.")
    with postgres_server(
        binaries, fsync="off", full_page_writes="off", wal_level="minimal", max_wal_senders="0",
        max_wal_size="2GB", shared_buffers="2GB", work_mem="64MB", maintenance_work_mem="256MB",
    ) as server:  # fmt: skip
        url = server.empty("store")
        cpu_s = partial(processes.cpu_s, server.pid)
        yield Served(config_of(folder, url), partial(size_of, server), cpu_s)


def size_of(server: PostgresServer) -> int:
    """Return the octets of the database."""
    ((octets,),) = server.ask("SELECT pg_database_size('store')")
    return int(str(octets))


def grow(config: Config, first: int, last: int) -> float:
    """Make the store larger; return the seconds that took."""
    began = time.monotonic()
    if first == 0:
        config.gateway.state.mkdir(parents=True)
        bulk.begin(config.store_path)
    bulk.fill(config.store_path, first, last)
    bulk.speak(config.gateway.state, first, last)
    return time.monotonic() - began


def measure(engine: str, count: int, took: float, at: Served) -> Measured:
    """Ask everything of a store of this size."""
    config, octets, server_s = at
    rng, size = random.Random(count), octets() // count
    with closing(probes.opened(config)) as store:
        asked = probes.lookups(store, count, rng)
        found = probes.references(store, config.store_path, asked)
        known = asyncio.run(probes.facts(store, asked))
        passed = asyncio.run(probes.passing(store, count, rng, server_s))
    index = (config.gateway.state / "search.db").stat().st_size
    pages = asyncio.run(probes.pages(config, count, rng))
    return Measured(engine, count, found, known, passed, pages, size, index // count, round(took))


def middle(found: Sequence[Any]) -> Any:
    """Return what the rounds found: of each figure the median, the lower of two."""
    first = found[0]
    if is_dataclass(first):
        names = [field.name for field in fields(first)]
        kind: Callable[..., Any] = type(first)
        return kind(*(middle([getattr(one, name) for one in found]) for name in names))
    if isinstance(first, dict):
        return {name: middle([one[name] for one in found]) for name in first}
    return first if isinstance(first, str) else statistics.median_low(found)


def told(one: Measured) -> str:
    """Return what was found, as people read it."""
    passed = one.passed
    lines = [
        f"{one.engine}, {one.messages:,} messages, {one.fill_s:.0f} s to fill from the size before",
        f"  {one.octets} octets each, and {one.index_octets} for the search",
        f"  ten references {_said(one.references_us)} µs; all facts {_said(one.facts_us)} µs",
        f"  a message {passed.cpu_us} µs of CPU, {passed.server_cpu_us} of the server",
        f"  with twenty at once {_said(passed.wait_ms)} ms each",
        *(f"  {name:<34}{_said(times):>22} ms" for name, times in one.pages_ms.items()),
    ]
    return "\n".join(lines)


def _said(times: Spread) -> str:
    return f"p50 {times.p50:g}, p99 {times.p99:g}"


def main() -> None:
    """Grow, measure and print; leave nothing behind."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.scale", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--messages", default=",".join(map(str, SIZES)), help="sizes, ascending")
    parser.add_argument("--postgresql", action="store_true", help="in place of SQLite")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="of measuring, at each size")
    parser.add_argument("--out", type=Path, help="a JSON file that takes the figures up")
    parser.add_argument("--charts", type=Path, help="a folder for charts of that file")
    parser.add_argument("--readme", type=Path, help="a text with a place for the table")
    asked = parser.parse_args()
    sizes = [int(size) for size in asked.messages.split(",")]
    asked.folder.mkdir(parents=True)
    found: list[Figure] = []
    try:
        free = shutil.disk_usage(asked.folder).free
        if free < ROOM * 1000 * max(sizes):
            raise SystemExit(f"{asked.folder} has {free >> 30} GB free, which is too little.")
        engine = ENGINES[asked.postgresql]
        with (postgresql if asked.postgresql else sqlite)(asked.folder / "state") as at:
            for one in _measured(engine, sizes, at, asked.rounds):
                print(told(one), flush=True)
                found.append(asdict(one))
                _show(asked, found)
    finally:
        shutil.rmtree(asked.folder)


def _show(asked: argparse.Namespace, found: list[Figure]) -> None:
    """Bring what was found so far to where it was asked for."""
    if asked.out is None:
        return
    everything = taken_up(asked.out, found)
    asked.out.write_text(json.dumps(everything, indent=1) + "\n")
    if asked.charts:
        charts.draw_growth(everything, asked.charts)
    if asked.readme:
        put(asked.readme, table(everything))


def table(figures: Sequence[Figure]) -> str:
    """Return a line of Markdown for each size and engine."""
    lines = [
        (
            "| | messages | octets each | of the search | ten references, p50 µs | all facts |"
            " CPU of a message, µs | of the database | a rare word, ms | two letters of Japanese |"
            " a person | a reason in a week | a contact |"
        ),
        "|---" * 13 + "|",
    ]
    for one in figures:
        passed, pages = one["passed"], one["pages_ms"]
        cells = (
            one["engine"], f"{one['messages']:,}", one["octets"], one["index_octets"],
            round(one["references_us"]["p50"]), round(one["facts_us"]["p50"]),
            passed["cpu_us"], passed["server_cpu_us"] or "",
            *(round(pages[name]["p50"]) for name in SHOWN),
        )  # fmt: skip
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


def put(file: Path, table: str) -> None:
    """Put the table in place of the one that stands in a text."""
    before, begin, rest = file.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise SystemExit(f"{file} has no place for the table: {BEGIN} … {END}")
    file.write_text(f"{before}{begin}\n{table}\n{end}{after}")


def _measured(engine: str, sizes: list[int], at: Served, rounds: int) -> Iterator[Measured]:
    for first, last in zip((0, *sizes), sizes, strict=False):
        took = grow(at.config, first, last)
        yield middle([measure(engine, last, took, at) for _ in range(rounds)])


def taken_up(file: Path, found: list[Figure]) -> list[Figure]:
    """Return the figures of a file with those of an engine in place of its old ones."""
    known = json.loads(file.read_text()) if file.exists() else []
    engines = {one["engine"] for one in found}
    return [*(one for one in known if one["engine"] not in engines), *found]


if __name__ == "__main__":
    main()
