"""Charts: one bar for each who was measured."""

from __future__ import annotations

import re
from pathlib import Path

from tests.bench.charts import bars, draw
from tests.bench.figures import DIRECT, OURS, Figures


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
