"""Letters beside people who click: when they count as the same."""

from __future__ import annotations

import pytest

from tests.bench.clicking import NOBODY, PACES, READING, Round, Verdict, percentile, report

QUIET = [10.0, 11.0, 12.0, 13.0, 30.0]


@pytest.mark.parametrize(("beside", "holds"), [(15.0, True), (15.1, False)])
def test_a_quarter_more_is_the_same(beside: float, holds: bool) -> None:
    assert Verdict(QUIET, [beside] * 5).holds is holds


def test_what_lies_within_the_upper_quartile_of_a_wide_spread_is_the_same() -> None:
    assert Verdict([10.0, 11.0, 12.0, 20.0, 30.0], [20.0] * 5).holds


def test_one_bad_round_without_people_excuses_nothing() -> None:
    assert not Verdict([*QUIET[:4], 900.0], [40.0] * 5).holds


def test_the_99th_percentile_is_a_time_that_was_measured() -> None:
    assert percentile([1.0, 2.0, 3.0], 99) == 3.0


def told_of(*rounds: Round) -> list[str]:
    """Return the report of these rounds, with one of each company before."""
    return list(report([Round(name, [10.0], [1.0]) for name in (NOBODY, *PACES)] + [*rounds]))


def test_a_round_in_which_the_pages_stood_still_is_left_out_and_told() -> None:
    lines = told_of(Round(READING, [900.0], [9000.0]))
    assert "900" not in " ".join(lines)
    assert lines[-1].startswith("1 rounds left out")


def test_each_pace_is_judged() -> None:
    assert sum(", the same;" in line for line in told_of()) == len(PACES)
