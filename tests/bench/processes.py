"""What a program costs: CPU time and peak memory of its process and all below it (Linux)."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
RESET_PEAK = "5"
"""Written to clear_refs: the peak counts from now (proc(5))."""
SAMPLE_S = 0.02


def cpu_s(root: int) -> float:
    """Return the CPU seconds used so far, those of ended children included."""
    total = 0
    for process in _tree(root):
        fields = _read(process, "stat").rpartition(")")[2].split()
        total += sum(int(ticks) for ticks in fields[11:15])
    return total / TICKS


def memory(root: int) -> int:
    """Return the octets of memory in use."""
    return sum(_status(process, "VmRSS") for process in _tree(root))


def peak_memory(root: int) -> int:
    """Return the most that each process used since `reset_peak`, added up."""
    return sum(_status(process, "VmHWM") for process in _tree(root))


def reset_peak(root: int) -> None:
    """Let the peak count from now."""
    for process in _tree(root):
        try:
            Path(f"/proc/{process}/clear_refs").write_text(RESET_PEAK)
        except (ProcessLookupError, FileNotFoundError):
            continue


@contextmanager
def watched(root: int) -> Iterator[list[tuple[float, int]]]:
    """Give a list that fills with seconds and octets of memory over what was used before."""
    samples: list[tuple[float, int]] = []
    ended = threading.Event()
    before, began = memory(root), time.monotonic()

    def look() -> None:
        while not ended.wait(SAMPLE_S):
            samples.append((time.monotonic() - began, memory(root) - before))

    looking = threading.Thread(target=look, name="memory")
    looking.start()
    try:
        yield samples
    finally:
        ended.set()
        looking.join()


def _tree(root: int) -> Iterator[int]:
    yield root
    for task in _children(root):
        yield from _tree(task)


def _children(process: int) -> list[int]:
    try:
        tasks = list(Path(f"/proc/{process}/task").iterdir())
        found = [(task / "children").read_text().split() for task in tasks]
    except (ProcessLookupError, FileNotFoundError):
        return []
    return [int(child) for children in found for child in children]


def _status(process: int, name: str) -> int:
    lines = _read(process, "status").splitlines()
    kilobytes = [line.split()[1] for line in lines if line.startswith(f"{name}:")]
    return 1024 * int(kilobytes[0]) if kilobytes else 0


def _read(process: int, name: str) -> str:
    try:
        return Path(f"/proc/{process}/{name}").read_text()
    except (ProcessLookupError, FileNotFoundError):
        return ""
