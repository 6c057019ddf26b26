"""Goals: what counts as reached."""

from __future__ import annotations

import pytest

from tests.bench.disk import Disk
from tests.bench.figures import DIRECT, FULL, OURS, STOCK, Figures
from tests.bench.goals import (
    FEW,
    Measured,
    added,
    as_empty,
    as_the_disk,
    found_within,
    grows,
    in_time_of,
    times_as_fast,
    within,
)
from tests.bench.million import FACTS, MILLION, REFERENCES, Lookups
from tests.bench.probes import Spread


def figures(rate: float = 1.0, p50_ms: float = 1.0, growth: int = 0) -> list[Figures]:
    """Return one round."""
    return [Figures(rate, p50_ms, p50_ms, 0.0, growth)]


def measured(ours: list[Figures], peer: str, theirs: list[Figures], plan: str) -> Measured:
    """Return what a goal looks at."""
    return Measured({plan: {OURS: ours, peer: theirs}}, Disk(2.0, 4.0, 100.0), {"XL": 1000}, 1)


@pytest.mark.parametrize(("rate", "holds"), [(150.0, True), (149.0, False)])
def test_a_rate_holds_from_its_ratio_on(rate: float, holds: bool) -> None:
    found = measured(figures(rate), STOCK, figures(100.0), "S, 20 sessions")
    row = times_as_fast("S, 20 sessions", STOCK, 1.5)(found)
    assert row is not None
    assert row.holds is holds


def test_a_time_holds_below_its_share() -> None:
    found = measured(figures(p50_ms=11), STOCK, figures(p50_ms=100), "XL, 1 session")
    row = in_time_of("XL, 1 session", STOCK, 0.1)(found)
    assert row is not None
    assert row.holds is False


def test_a_peer_that_was_not_measured_makes_no_row() -> None:
    found = measured(figures(), STOCK, figures(), "S, 20 sessions")
    assert times_as_fast("S, 20 sessions", "Haraka", 4)(found) is None


def test_memory_is_held_to_the_size_of_the_message() -> None:
    found = measured(figures(growth=101), STOCK, figures(), "XL, 1 session")
    row = within("XL, 1 session", "growth", "octets", lambda m: 0.1 * m.sizes["XL"])(found)
    assert row is not None
    assert row.holds is False


def test_what_we_add_is_held_to_the_disk_of_the_same_minute() -> None:
    found = measured(figures(p50_ms=4.1), DIRECT, figures(p50_ms=1.0), "S, 1 session")
    row = added("p50_ms", "p50 ms", lambda disk: 1.2 + disk.fsync_p50_ms, "an fsync")(found)
    assert row is not None
    assert (row.ours, row.holds) == (3.1, True)


def test_a_large_message_is_held_to_writing_it_and_sending_it_directly() -> None:
    found = measured(figures(p50_ms=181), DIRECT, figures(p50_ms=50), "XL, 1 session")
    row = as_the_disk(1.2)(found)
    assert row is not None
    assert (row.peer_figure, row.holds) == (150.0, False)


def looked_up(few: float, many: float) -> Measured:
    """Return what lookups took in a small and in a large store."""
    took = {FEW: few, MILLION: many}
    lookups = {n: Lookups(n, Spread(p50, 99.0), Spread(99.0, 99.0)) for n, p50 in took.items()}
    return Measured({}, Disk(2.0, 4.0, 100.0), {}, 1, lookups)


@pytest.mark.parametrize(("many", "holds"), [(40.0, True), (41.0, False)])
def test_a_lookup_is_held_to_what_it_takes_in_a_small_store(many: float, holds: bool) -> None:
    row = grows(REFERENCES, MILLION, 2)(looked_up(20.0, many))
    assert row is not None
    assert row.holds is holds


def test_a_lookup_is_held_to_a_time() -> None:
    row = found_within(MILLION, 50.0)(looked_up(20.0, 51.0))
    assert row is not None
    assert row.holds is False


def test_lookups_that_were_not_measured_make_no_row() -> None:
    assert grows(FACTS, 3 * MILLION, 2.5)(looked_up(20.0, 40.0)) is None


@pytest.mark.parametrize(("rate", "holds"), [(80.0, True), (79.0, False)])
def test_a_full_store_is_held_to_an_empty_one(rate: float, holds: bool) -> None:
    found = measured(figures(100.0), FULL, figures(rate), "S, 20 sessions")
    row = as_empty("rate", "messages/s", "ratio >= 0.8", lambda ratio: ratio >= 0.8)(found)
    assert row is not None
    assert row.holds is holds
