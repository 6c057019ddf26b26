"""Memory and descriptors of a process, as the kernel tells them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

_PAGE = os.sysconf("SC_PAGE_SIZE")


class Sample(NamedTuple):
    """How a process stood at one moment."""

    letters: int
    """Brought so far."""
    octets: int
    """Of memory that is resident, shared pages too."""
    descriptors: int


def sample(pid: int, letters: int) -> Sample:
    """Look at a process now."""
    resident = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
    descriptors = len(os.listdir(f"/proc/{pid}/fd"))  # noqa: PTH208 - only counted
    return Sample(letters, resident, descriptors)


def slope(samples: Sequence[Sample]) -> int:
    """Return octets for 10,000 letters, over the last half: the slope of a straight line."""
    half = samples[len(samples) // 2 :]
    mean_x = sum(one.letters for one in half) / len(half)
    mean_y = sum(one.octets for one in half) / len(half)
    spread = sum((one.letters - mean_x) ** 2 for one in half) or 1.0
    rise = sum((one.letters - mean_x) * (one.octets - mean_y) for one in half)
    return round(rise / spread * 10_000)
