"""Stores that are full before they are measured: lookups as one grows, and a gateway on one."""

from __future__ import annotations

import asyncio
import random
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from gateway.store.sqlite import SqliteStore
from tests.bench import bulk, contestants, probes
from tests.bench.contestants import Contestant
from tests.bench.figures import FULL
from tests.bench.probes import Spread

MILLION = 1_000_000
REFERENCES, FACTS = "ten references", "all facts of a reply that cites ten"
PLAN = "S, 20 sessions"
"""What a gateway on a full store is measured by."""
SIZES = (10_000, 100_000, MILLION, 3_000_000)
ROOM_OCTETS = 8_000_000_000
"""Free room to ask for: three million and a copy of a million take 5 GB, and the index none."""


@dataclass(frozen=True, slots=True)
class Lookups:
    """What is known about a reply that cites ten messages costs, in a store of so many."""

    messages: int
    references_us: Spread
    """To find the ten and their threads."""
    facts_us: Spread
    """To know all that the rules may ask: contacts, parent, original."""

    def p50_us(self, what: str) -> float:
        """Return the median of one of the two."""
        return {REFERENCES: self.references_us, FACTS: self.facts_us}[what].p50


def why_not(folder: Path) -> str:
    """Return why there can be no such store here; empty when there can."""
    free = shutil.disk_usage(folder).free
    return "" if free >= ROOM_OCTETS else f"{folder} has {free >> 20} MB free"


def grown(folder: Path, kept: Path, sizes: Sequence[int] = SIZES) -> dict[int, Lookups]:
    """Measure a store as it grows from size to size; leave a copy of a million at `kept`."""
    path, found = folder / "replygate.db", {}
    folder.mkdir()
    bulk.begin(path)
    began = time.monotonic()
    for first, last in zip((0, *sizes), sizes, strict=False):
        bulk.fill(path, first, last)
        if last == MILLION:
            shutil.copy(path, kept)
        found[last] = lookups(path, last)
    shutil.rmtree(folder)
    print(f"{max(sizes):,} messages were made and measured in {time.monotonic() - began:.0f} s.")
    return found


def lookups(path: Path, count: int) -> Lookups:
    """Measure lookups in a store of this size."""
    rng = random.Random(count)
    with closing(SqliteStore.open(path, domains=frozenset({bulk.DOMAIN}))) as store:
        asked = probes.lookups(store, count, rng)
        found = probes.references(store, path, asked)
        return Lookups(count, found, asyncio.run(probes.facts(store, asked)))


@contextmanager
def gateway(sink: int, folder: Path) -> Iterator[Contestant]:
    """Run a gateway on the store that lies in its folder."""
    last = bulk.entry_at(MILLION)
    with contestants.gateway(sink, folder, name=FULL, only=PLAN, after=last) as contestant:
        yield contestant
