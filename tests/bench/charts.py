"""Charts for people: bars as SVG, readable on light and dark ground."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

from tests.bench.figures import OURS, Results, median

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


def draw(results: Results, folder: Path) -> list[Path]:
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
    return drawn


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
