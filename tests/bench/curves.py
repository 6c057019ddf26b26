"""Curves as SVG, readable on light and dark ground; ours in colour, and first in the legend."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

from tests.bench.figures import OURS

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 300, 56, 24, 40, 34
LEGEND = 22
COLOURS = ("#d9822b", "#5b7fb9", "#9aa5b1", "#a05195", "#7a8b3a", "#c4574f", "#2a9d8f")
STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#555}.title{font-weight:600}"
    ".grid{stroke:#ccc;stroke-width:1}.ours{stroke:#0a7d5a}"
    "path{fill:none;stroke-width:2.5;stroke-linejoin:round}"
    "@media(prefers-color-scheme:dark){text{fill:#ccc}.grid{stroke:#444}.ours{stroke:#3ecf9c}}"
)
Points = Sequence[tuple[float, float]]
Ticks = Sequence[tuple[float, str]]


def curves(title: str, series: Mapping[str, Points], across: Ticks, *, steep: bool = False) -> str:
    """Return a curve for each name; with `steep` each step up stands for the double.

    `across` are the places along the bottom, in the measure of the points, with what to say.
    """
    drawn = {name: points for name, points in series.items() if points}
    least = min(x for x, _ in across)
    span = max(x for x, _ in across) - least or 1.0
    up = _Height(max(y for points in drawn.values() for _, y in points), steep=steep)
    top = TOP + math.ceil(len(drawn) / 3) * LEGEND
    size, said = f"0 0 {WIDTH} {top + HEIGHT + BOTTOM}", escape(title)

    def x_of(x: float) -> str:
        return f"{LEFT + (WIDTH - LEFT - RIGHT) * (x - least) / span:.1f}"

    def y_of(y: float) -> float:
        return top + HEIGHT * (1 - up.share(y))

    lines: list[str] = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{size}" role="img" aria-label="{said}">',
        f"<style>{STYLE}</style>",
        f'<text class="title" x="0" y="20">{said}</text>',
    ]
    for y in up.ticks:
        lines += _line_across(y_of(y), f"{y:g}")
    for x, words in across:
        place = f'x="{x_of(x)}" y="{top + HEIGHT + 22}"'
        lines.append(f'<text {place} text-anchor="middle">{escape(words)}</text>')
    for number, (name, points) in enumerate(drawn.items()):
        path = "L".join(f"{x_of(x)} {y_of(y):.1f}" for x, y in points)
        lines.append(f'<path {_look(name, number)} d="M{path}"/>')
        lines += _legend(name, number)
    return "\n".join((*lines, "</svg>\n"))


def _line_across(y: float, said: str) -> Sequence[str]:
    return (
        f'<path class="grid" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>',
        f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{said}</text>',
    )


def _legend(name: str, number: int) -> Sequence[str]:
    x, y = number % 3 * WIDTH // 3, TOP + number // 3 * LEGEND
    return (
        f'<path {_look(name, number)} d="M{x} {y}h24"/>',
        f'<text x="{x + 30}" y="{y + 5}">{escape(name)}</text>',
    )


class _Height:
    """How high a figure stands."""

    def __init__(self, most: float, *, steep: bool) -> None:
        self.steep = steep
        self.ticks = _doubles(most) if steep else _evenly(most)

    def share(self, y: float) -> float:
        least, most = self.ticks[0], self.ticks[-1]
        if self.steep:
            return math.log(max(y, least) / least) / math.log(most / least)
        return y / most


def _doubles(most: float) -> list[float]:
    top = 2.0 ** math.ceil(math.log2(max(most, 2.0)))
    return [top / 2**step for step in range(8, -1, -1) if top / 2**step >= 1 or step < 2]


def _evenly(most: float) -> list[float]:
    """Return round figures from nothing to what is at least the most."""
    rough = max(most, 1e-9) / 5
    ten = 10.0 ** math.floor(math.log10(rough))
    step = next(ten * times for times in (1, 2, 5, 10) if ten * times >= rough)
    return [round(step * n, 9) for n in range(math.ceil(most / step) + 1)]


def _look(name: str, number: int) -> str:
    if name == OURS or name.startswith(f"{OURS}:"):
        return 'class="ours"' if name == OURS else 'class="ours" stroke-dasharray="5 3"'
    return f'stroke="{COLOURS[number % len(COLOURS)]}"'
