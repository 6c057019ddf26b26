"""What the disk of this minute costs: an fsync, and writing a large message."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PAGE = bytes(4096)
CHUNK = 1 << 20


@dataclass(frozen=True)
class Disk:
    """Medians over all rounds, in milliseconds."""

    fsync_p50_ms: float
    fsync_p99_ms: float
    write_ms: float
    """Writing and syncing a message of the size XL."""


def sync_ms(folder: Path, count: int = 200) -> list[float]:
    """Return how long each of so many appended pages took to be durable."""
    took = []
    path = folder / "fsync"
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    try:
        for _ in range(count):
            os.write(file, PAGE)
            began = time.perf_counter()
            os.fsync(file)
            took.append((time.perf_counter() - began) * 1000)
    finally:
        os.close(file)
        path.unlink()
    return took


def write_ms(folder: Path, message: Path) -> float:
    """Return how long it takes to write the octets of a message and make them durable."""
    octets = memoryview(message.read_bytes())
    path = folder / "written"
    began = time.perf_counter()
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    try:
        for at in range(0, len(octets), CHUNK):
            os.write(file, octets[at : at + CHUNK])
        os.fsync(file)
    finally:
        os.close(file)
    took = (time.perf_counter() - began) * 1000
    path.unlink()
    return took


def summary(syncs: Sequence[float], writes: Sequence[float]) -> Disk:
    """Return the medians of what was measured."""
    ordered = sorted(syncs)
    return Disk(
        statistics.median(ordered),
        ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))],
        statistics.median(writes),
    )
