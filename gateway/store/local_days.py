"""Which day it was somewhere: as an expression of SQL that both engines take."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo

from gateway.store.rows import micros

_DAY = timedelta(days=1)
_DAY_MICROS = 86_400_000_000
_FIRST = date(1970, 1, 1).toordinal()


def day_of(column: str, zone: tzinfo, since: datetime, until: datetime) -> str:
    """Return the expression for the number of the day on which a time is in this zone.

    Right between the two moments, which may be years apart: it names each change of the clocks.
    """
    *changes, (_, last) = _offsets(zone, since.astimezone(UTC), until.astimezone(UTC))
    shift = str(last)
    if changes:
        cases = "".join(f" WHEN {column} < {end} THEN {offset}" for end, offset in changes)
        shift = f"CASE{cases} ELSE {last} END"
    return f"({column} + {shift}) / {_DAY_MICROS}"


def iso_day(number: int) -> str:
    """Return the day of this number, as ISO 8601 writes it."""
    return date.fromordinal(_FIRST + number).isoformat()


def _offsets(zone: tzinfo, since: datetime, until: datetime) -> Iterator[tuple[int, int]]:
    """Yield until when each distance from UTC holds, oldest first; both in microseconds."""
    at, offset = since, _offset(zone, since)
    while zone is not UTC and at < until:
        after = at + _DAY
        if (changed := _offset(zone, after)) != offset:
            yield micros(_change(zone, at, after)), offset
            offset = changed
        at = after
    yield micros(until), offset


def _change(zone: tzinfo, before: datetime, after: datetime) -> datetime:
    """Return the first second that has the distance of the later moment."""
    offset = _offset(zone, after)
    while after - before > timedelta(seconds=1):
        between = before + (after - before) / 2
        if _offset(zone, between) == offset:
            after = between
        else:
            before = between
    # Clocks change at a full second: the last half of one is between the two.
    return after.replace(microsecond=0)


def _offset(zone: tzinfo, at: datetime) -> int:
    shift = at.astimezone(zone).utcoffset() or timedelta(0)
    return shift // timedelta(microseconds=1)
