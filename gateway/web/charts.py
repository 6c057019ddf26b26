"""Charts as plain numbers for SVG: bars by day stacked by outcome, and bars by reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from gateway.model.decision import Outcome
from gateway.store.views import Tally

WIDTH, HEIGHT = 1040, 150
MOST_DAYS = 92


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle that opens the messages behind it."""

    x: float
    y: float
    width: float
    height: float
    outcome: Outcome
    label: str
    messages: int


@dataclass(frozen=True, slots=True)
class Days:
    """The chart of days."""

    bars: tuple[Bar, ...]
    first: str
    last: str
    top: int
    """Messages of the highest day."""


@dataclass(frozen=True, slots=True)
class Row:
    """A reason with how often it decided."""

    label: str
    outcome: Outcome
    messages: int
    percent: float
    """Of the longest row."""


def by_day(tallies: Sequence[Tally]) -> Days | None:
    """Return the chart of days, every day between the first and the last with its place."""
    known = {tally.label for tally in tallies}
    if not known:
        return None
    last = date.fromisoformat(max(known))
    first = max(date.fromisoformat(min(known)), last - timedelta(days=MOST_DAYS - 1))
    days = [(first + timedelta(days=n)).isoformat() for n in range((last - first).days + 1)]
    of_day: dict[str, dict[Outcome, int]] = {day: {} for day in days}
    for tally in tallies:
        if tally.label in of_day:
            of_day[tally.label][tally.outcome] = tally.messages
    top = max(sum(counts.values()) for counts in of_day.values())
    step = min(WIDTH / len(days), 60.0)
    bars = [
        bar
        for place, day in enumerate(days)
        for bar in _stack(place * step, step, day, of_day[day], top)
    ]
    return Days(tuple(bars), days[0], days[-1], top)


def by_label(tallies: Sequence[Tally], count: int = 12) -> list[Row]:
    """Return the longest rows; the same label with another outcome is a row of its own."""
    top = max((tally.messages for tally in tallies), default=1)
    return [
        Row(tally.label, tally.outcome, tally.messages, round(100 * tally.messages / top, 1))
        for tally in tallies[:count]
    ]


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a row: the messages of one outcome."""

    outcome: Outcome
    messages: int
    start: float
    width: float
    """Both in percent of the longest row."""


@dataclass(frozen=True, slots=True)
class Stacked:
    """What came by of somebody, by outcome."""

    label: str
    messages: int
    pieces: tuple[Piece, ...]


def stacked(tallies: Sequence[Tally], count: int = 12) -> list[Stacked]:
    """Return a row for each label, the longest first, in pieces by outcome."""
    of_label: dict[str, dict[Outcome, int]] = {}
    for tally in tallies:
        of_label.setdefault(tally.label, {})[tally.outcome] = tally.messages
    longest = sorted(of_label.items(), key=lambda one: -sum(one[1].values()))[:count]
    top = max((sum(counts.values()) for _, counts in longest), default=1)
    rows: list[Stacked] = []
    for label, counts in longest:
        pieces: list[Piece] = []
        start = 0.0
        for outcome in Outcome:
            if messages := counts.get(outcome, 0):
                width = round(100 * messages / top, 1)
                pieces.append(Piece(outcome, messages, round(start, 1), width))
                start += width
        rows.append(Stacked(label, sum(counts.values()), tuple(pieces)))
    return rows


def _stack(x: float, step: float, day: str, counts: dict[Outcome, int], top: int) -> list[Bar]:
    bars: list[Bar] = []
    y = float(HEIGHT)
    for outcome in Outcome:
        if messages := counts.get(outcome, 0):
            height = max(messages / top * HEIGHT, 1.0)
            y -= height
            width = max(step - 2, 1.0)
            bars.append(Bar(round(x, 1), round(y, 1), round(width, 1), round(height, 1),
                            outcome, day, messages))  # fmt: skip
    return bars
