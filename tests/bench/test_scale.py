"""The table of what grows: what was measured again takes the place of what was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.bench.probes import Passed, Spread
from tests.bench.scale import BEGIN, END, SHOWN, Measured, middle, put, table, taken_up


def found(engine: str, messages: int, p50: float = 10.0) -> dict[str, Any]:
    """Return what was found at one size."""
    times = {"p50": p50, "p99": 2 * p50}
    return {
        "engine": engine, "messages": messages, "octets": 1200, "index_octets": 500,
        "references_us": times, "facts_us": times, "passed": {"cpu_us": 900, "server_cpu_us": 0},
        "pages_ms": dict.fromkeys(SHOWN, times),
    }  # fmt: skip


def test_figures_of_an_engine_take_the_place_of_its_old_ones(tmp_path: Path) -> None:
    file = tmp_path / "scale.json"
    file.write_text(json.dumps([found("SQLite", 10), found("PostgreSQL", 10)]))
    kept = taken_up(file, [found("SQLite", 20)])
    assert [(one["engine"], one["messages"]) for one in kept] == [
        ("PostgreSQL", 10),
        ("SQLite", 20),
    ]


def test_of_several_rounds_each_figure_is_the_median() -> None:
    rounds = [
        Measured(
            "SQLite", 10, Spread(p50, 9), Spread(1, p99), Passed(5, 0, Spread(1, 1)), {}, 1, 1, 1
        )
        for p50, p99 in ((3.0, 1.0), (1.0, 2.0), (2.0, 3.0))
    ]
    found = middle(rounds)
    assert (found.engine, found.references_us, found.facts_us) == (
        "SQLite", Spread(2.0, 9), Spread(1, 2.0),
    )  # fmt: skip


def test_the_table_stands_in_place_of_the_old_one(tmp_path: Path) -> None:
    text = tmp_path / "README.md"
    text.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    put(text, table([found("SQLite", 1_000_000, 31.4)]))
    written = text.read_text()
    assert "| SQLite | 1,000,000 | 1200 | 500 | 31 | 31 |" in written
    assert "old" not in written
    assert written.startswith("before\n")
    assert written.endswith("after\n")


def test_a_text_without_a_place_is_left_alone(tmp_path: Path) -> None:
    text = tmp_path / "README.md"
    text.write_text("nothing here\n")
    with pytest.raises(SystemExit, match="no place for the table"):
        put(text, "| |")
    assert text.read_text() == "nothing here\n"
