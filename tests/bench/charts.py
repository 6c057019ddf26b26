"""Charts for people: bars as SVG, readable on light and dark ground."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from tests.bench.curves import curves
from tests.bench.figures import OURS, PERCENTILES, Figures, Results, median
from tests.bench.million import Lookups

Figure = Mapping[str, Any]
"""What was found at one size of the store, as JSON has it."""
WIDTH, BAR, GAP, LEFT, TOP = 720, 22, 8, 190, 44
STYLE = (
    "text{font:14px system-ui,sans-serif;fill:#555}"
    ".title{font-weight:600}.ours{fill:#0a7d5a}.other{fill:#9aa5b1}"
    "@media(prefers-color-scheme:dark){text{fill:#ccc}.ours{fill:#3ecf9c}.other{fill:#5f6b77}}"
)
CHARTS = (
    ("S, 20 sessions", "rate", "Messages a second, 3 KB, 20 sessions (more is better)", ".0f"),
    ("S, 20 sessions", "p99_ms", "Slowest of a hundred, ms, 3 KB, 20 sessions", ".0f"),
    ("M, 20 sessions", "rate", "Messages a second, 100 KB, 20 sessions (more is better)", ".0f"),
    ("XL, 1 session", "p50_ms", "A message with a 50 MB attachment, ms", ".0f"),
    ("XL, 4 sessions", "growth", "Memory for four of those at once, MB", ".1f"),
)


def draw(
    results: Results, folder: Path, lookups: Mapping[int, Lookups] | None = None
) -> list[Path]:
    """Write a chart for each figure that was measured; return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn = []
    for plan, figure, title, form in CHARTS:
        found = results.get(plan, {})
        scale = 1e-6 if figure == "growth" else 1.0
        told = {
            name: median(some, figure) * scale
            for name, some in found.items()
            if not (name == "direct" and figure == "growth")
        }
        if OURS in told:
            name = f"{plan.replace(', ', '-').replace(' ', '-')}-{figure}.svg"
            path = folder / name
            path.write_text(bars(title, told, form))
            drawn.append(path)
    for name, chart in _curves(results, lookups or {}):
        path = folder / f"{name}.svg"
        path.write_text(chart)
        drawn.append(path)
    return drawn


def _curves(results: Results, lookups: Mapping[int, Lookups]) -> Iterator[tuple[str, str]]:
    """Yield name and chart of what has a course."""
    ticks = [(float(n), f"{percent:g} %") for n, percent in enumerate(PERCENTILES)]
    waits = {
        name: [(float(n), each) for n, each in enumerate(_medians(some, len(ticks)))]
        for name, some in results.get("S, 20 sessions", {}).items()
    }
    if waits.get(OURS):
        title = "Within how many ms so many of a hundred have their 250, 3 KB, 20 sessions"
        yield "S-20-sessions-percentiles", curves(title, waits, ticks, steep=True)
    memory = {
        name: [(second, octets / 1e6) for second, octets in some[-1].memory]
        for name, some in results.get("XL, 4 sessions", {}).items()
    }
    if memory.get(OURS):
        longest = max(points[-1][0] for points in memory.values() if points)
        seconds = [(longest * n / 5, f"{longest * n / 5:.1f} s") for n in range(6)]
        title = "Memory while four messages with 50 MB attachments pass at once, MB"
        yield "XL-4-sessions-memory", curves(title, memory, seconds)
    if lookups:
        yield (
            "lookup",
            lookup_chart(
                {
                    "ten references": {n: one.references_us.p50 for n, one in lookups.items()},
                    "ten references, p99": {n: one.references_us.p99 for n, one in lookups.items()},
                    "all facts of a reply": {n: one.facts_us.p50 for n, one in lookups.items()},
                }
            ),
        )


def _medians(some: Sequence[Figures], count: int) -> list[float]:
    """Return the median over all rounds at each percentile."""
    return [
        statistics.median(each.spread_ms[n] for each in some)
        for n in range(count)
        if all(each.spread_ms for each in some)
    ]


def lookup_chart(series: Mapping[str, Mapping[int, float]]) -> str:
    """Return what a lookup costs over the size of the store."""
    title = "What a lookup costs over the messages in the store, µs"
    return over_size(title, series)


def draw_growth(figures: Sequence[Figure], folder: Path) -> list[Path]:
    """Write a chart for each thing that grows with the store; return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    asked = (("references_us", "ten references"), ("facts_us", "all facts"))
    made = {
        "growth-lookup": over_size(
            "What is known of a reply, over the messages in the store, µs (p50)",
            {
                f"{engine}: {name}": {one["messages"]: one[figure]["p50"] for one in some}
                for engine, some in _by_engine(figures)
                for figure, name in asked
            },
            steep=True,
        ),
        "growth-message": over_size(
            "CPU of a message from octets to record, over the messages in the store, µs",
            {
                engine: {one["messages"]: one["passed"]["cpu_us"] for one in some}
                for engine, some in _by_engine(figures)
            },
        ),
    }
    for engine, some in _by_engine(figures):
        made[f"growth-pages-{engine}"] = over_size(
            f"What pages take on {engine}, over the messages in the store, ms (p50)",
            {
                name: {one["messages"]: one["pages_ms"][name]["p50"] for one in some}
                for name in some[0]["pages_ms"]
            },
            steep=True,
        )
    for name, chart in made.items():
        (folder / f"{name}.svg").write_text(chart)
    return [folder / f"{name}.svg" for name in made]


def _by_engine(figures: Sequence[Figure]) -> Iterator[tuple[str, list[Figure]]]:
    for engine in dict.fromkeys(one["engine"] for one in figures):
        yield engine, [one for one in figures if one["engine"] == engine]


def over_size(title: str, series: Mapping[str, Mapping[int, float]], *, steep: bool = False) -> str:
    """Return curves over sizes of the store, of which each step stands for the tenfold."""
    sizes = sorted({size for points in series.values() for size in points})
    ticks = [(math.log10(size), f"{size:,}") for size in sizes]
    drawn = {
        name: [(math.log10(size), points[size]) for size in sorted(points)]
        for name, points in series.items()
    }
    return curves(title, drawn, ticks, steep=steep)


def bars(title: str, told: Mapping[str, float], form: str) -> str:
    """Return one bar for each name, ours in colour."""
    most = max((*told.values(), 1e-9))
    height = TOP + len(told) * (BAR + GAP)
    size, said = f"0 0 {WIDTH} {height}", escape(title)
    lines: list[str] = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{size}" role="img" aria-label="{said}">',
        f"<style>{STYLE}</style>",
        f'<text class="title" x="0" y="20">{said}</text>',
    ]
    for place, (name, value) in enumerate(told.items()):
        lines += _bar(TOP + place * (BAR + GAP), name, value, most, format(value, form))
    return "\n".join((*lines, "</svg>\n"))


def _bar(top: int, name: str, value: float, most: float, said: str) -> Sequence[str]:
    length = (WIDTH - LEFT - 90) * value / most
    kind = "ours" if name == OURS else "other"
    base = top + BAR - 6
    return (
        f'<text x="{LEFT - 8}" y="{base}" text-anchor="end">{escape(name)}</text>',
        f'<rect class="{kind}" x="{LEFT}" y="{top}" width="{length:.1f}" height="{BAR}" rx="3"/>',
        f'<text x="{LEFT + length + 6:.1f}" y="{base}">{escape(said)}</text>',
    )
