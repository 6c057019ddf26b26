"""Charts: one bar for each who was measured."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.bench.charts import bars, draw, draw_growth
from tests.bench.curves import curves
from tests.bench.figures import DIRECT, OURS, Figures
from tests.bench.million import Lookups
from tests.bench.probes import Spread


def test_the_longest_bar_is_the_highest_figure() -> None:
    drawn = bars("Rates", {OURS: 10.0, "Other": 5.0}, ".0f")
    ours, other = map(float, re.findall(r'<rect [^>]*width="([0-9.]+)"', drawn))
    assert ours == 2 * other


def test_a_name_is_escaped() -> None:
    assert "A &lt; B" in bars("A < B", {OURS: 1.0}, ".0f")


def test_only_what_was_measured_is_drawn(tmp_path: Path) -> None:
    found = {"S, 20 sessions": {OURS: [Figures(1, 1, 1, 1, 1)], DIRECT: [Figures(2, 1, 1, 0, 0)]}}
    names = {path.name for path in draw(found, tmp_path)}
    assert names == {"S-20-sessions-rate.svg", "S-20-sessions-p99_ms.svg"}


def heights(drawn: str) -> list[float]:
    """Return how far down each point of our curve is."""
    (path,) = re.findall(r'class="ours" d="M([^"h]*)"', drawn)
    return [float(point.split()[1]) for point in path.split("L")]


@pytest.mark.parametrize(
    ("steep", "shares"), [(False, (0.2133, 0.4267, 0.8533)), (True, (0.75, 0.875, 1.0))]
)
def test_a_curve_stands_as_high_as_its_figures(steep: bool, shares: tuple[float, ...]) -> None:
    points = [(0.0, 64.0), (1.0, 128.0), (2.0, 256.0)]
    drawn = curves("Times", {OURS: points}, [(0.0, "a"), (2.0, "b")], steep=steep)
    lines = [float(y) for y in re.findall(r'class="grid" d="M\d+ ([0-9.]+)H', drawn)]
    bottom, top = max(lines), min(lines)
    found = [(bottom - y) / (bottom - top) for y in heights(drawn)]
    assert found == pytest.approx(shares, abs=0.01)


def test_percentiles_memory_and_lookups_are_drawn_where_they_were_measured(tmp_path: Path) -> None:
    each = Figures(1, 1, 1, 1, 1, (1, 2, 3, 4, 5, 6), ((0.1, 1_000_000), (0.2, 3_000_000)))
    found = {"S, 20 sessions": {OURS: [each]}, "XL, 4 sessions": {OURS: [each]}}
    lookups = {n: Lookups(n, Spread(20, 40), Spread(60, 90)) for n in (10_000, 1_000_000)}
    names = {path.name for path in draw(found, tmp_path, lookups)}
    assert names >= {"S-20-sessions-percentiles.svg", "XL-4-sessions-memory.svg", "lookup.svg"}


def test_growth_is_drawn_for_each_engine(tmp_path: Path) -> None:
    times = {"p50": 10.0, "p99": 20.0}
    figures = [
        {
            "engine": engine, "messages": size, "references_us": times, "facts_us": times,
            "passed": {"cpu_us": 900}, "pages_ms": {"a person": times},
        }
        for engine in ("SQLite", "PostgreSQL")
        for size in (10_000, 1_000_000)
    ]  # fmt: skip
    drawn = {path.name: path.read_text() for path in draw_growth(figures, tmp_path)}
    assert {"growth-pages-SQLite.svg", "growth-pages-PostgreSQL.svg"} <= drawn.keys()
    assert "PostgreSQL: ten references" in drawn["growth-lookup.svg"]
