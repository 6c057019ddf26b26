"""Days as the clocks of a place say them, in SQL."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.store.database import driver
from gateway.store.local_days import day_of, iso_day
from gateway.store.rows import micros

FIRST, LAST = datetime(2024, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
PLACES = ("UTC", "Asia/Tokyo", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe",
          "Asia/Kathmandu", "Pacific/Apia")  # fmt: skip


def days(place: str, *moments: datetime) -> list[str]:
    """Return the days of moments, as SQLite reckons them."""
    zone = UTC if place == "UTC" else ZoneInfo(place)
    expression = day_of("at", zone, FIRST, LAST)
    with closing(driver.connect(":memory:")) as connection:
        sql = f"SELECT {expression} FROM (SELECT ? AS at)"
        found = [connection.execute(sql, (micros(at),)).fetchone()[0] for at in moments]
    return [iso_day(number) for number in found]


@given(
    place=st.sampled_from(PLACES),
    at=st.datetimes(FIRST.replace(tzinfo=None), LAST.replace(tzinfo=None)),
)
def test_day_is_that_of_the_clock_there(place: str, at: datetime) -> None:
    moment = at.replace(tzinfo=UTC)
    assert days(place, moment) == [moment.astimezone(ZoneInfo(place)).date().isoformat()]


@pytest.mark.parametrize("place", PLACES)
def test_day_is_right_around_every_change_of_the_clocks(place: str) -> None:
    zone = ZoneInfo(place)
    hours = [FIRST + timedelta(hours=n) for n in range(365 * 24)]
    edges = [
        edge
        for at in hours
        if at.astimezone(zone).utcoffset() != (at + timedelta(hours=1)).astimezone(zone).utcoffset()
        for edge in (at, at + timedelta(hours=1), at - timedelta(microseconds=1))
    ]
    assert days(place, *edges) == [at.astimezone(zone).date().isoformat() for at in edges]
