"""What is sent in a measurement, and what one gave."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

OURS = "replygate"
DIRECT = "direct"
STOCK = "aiosmtpd+aiosmtplib"
FULL = "replygate: a million kept"
PERCENTILES = (50, 75, 90, 95, 99, 99.9)


@dataclass(frozen=True)
class Plan:
    """What is sent in one measurement."""

    message: str
    sessions: int
    count: int
    quick: int
    """The count of a quick run."""

    @property
    def title(self) -> str:
        return f"{self.message}, {self.sessions} session{'s' if self.sessions > 1 else ''}"


@dataclass(frozen=True)
class Figures:
    """What one measurement gave."""

    rate: float
    """Messages per second, until the last one is at the sink."""
    p50_ms: float
    p99_ms: float
    cpu_ms: float
    """Per message."""
    growth: int
    """Octets of memory at the peak, over what it used before."""
    spread_ms: Sequence[float] = ()
    """At each of PERCENTILES."""
    memory: Sequence[tuple[float, int]] = ()
    """Seconds since it began, and octets over what was used before."""


Results = Mapping[str, Mapping[str, Sequence[Figures]]]
"""By plan title, then by contestant."""


@dataclass(frozen=True)
class Row:
    """One comparison, as bench.json has it."""

    metric: str
    ours: float
    peer: str
    peer_figure: float
    ratio: float
    goal: str | None
    holds: bool | None
    rounds: int


def median(results: Sequence[Figures], name: str) -> float:
    """Return the median of one figure."""
    return float(statistics.median(getattr(figures, name) for figures in results))
