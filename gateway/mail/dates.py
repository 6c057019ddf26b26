"""Reads the Date field, and the dates that people's programs write instead.

Standards: RFC 5322 §3.3 and §4.3 (obsolete zones and two-digit years).

Limits: dates before 1990 are taken for broken clocks; the upper bound is the caller's, who
knows the time.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

_DATE: Final = re.compile(
    rb"\s*(?:[A-Za-z]{3,9}\.?,?)?\s*(\d{1,2})[\s-]+([A-Za-z]{3})[a-z]*\.?,?[\s-]+(\d{2,4}),?\s+"
    rb"(\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?(?:[.,]\d+)?\s*([+-]\s?\d{2}:?\d{2}|[A-Za-z]+)?"
)
_ASCTIME: Final = re.compile(
    rb"\s*(?:[A-Za-z]{3,9},?\s+)?([A-Za-z]{3})[a-z]*\.?\s+(\d{1,2}),?\s+"
    rb"(?:(\d{4}),?\s+)?(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\s*([+-]\d{4}|[A-Za-z]{3,4}))?(?:\s+(\d{4}))?"
)
_ISO: Final = re.compile(
    rb"\s*(\d{4})[-/](\d{1,2})[-/](\d{1,2})[T\s]+(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\.\d+)?"
    rb"\s*(Z|[+-]\d{2}:?\d{2})?"
)
_MONTHS: Final = {
    name: number
    for number, name in enumerate(
        b"jan feb mar apr may jun jul aug sep oct nov dec".split(), start=1
    )
}
_ZONES: Final = {
    b"EST": -300, b"EDT": -240, b"CST": -360, b"CDT": -300, b"MST": -420, b"MDT": -360,
    b"PST": -480, b"PDT": -420, b"CET": 60, b"CEST": 120, b"MET": 60, b"MEST": 120,
    b"EET": 120, b"EEST": 180, b"BST": 60, b"MSK": 180, b"JST": 540, b"KST": 540, b"HKT": 480,
    b"IST": 330, b"AEST": 600, b"AEDT": 660, b"NZST": 720, b"NZDT": 780, b"WET": 0, b"WEST": 60,
}  # fmt: skip
_PLAIN_MONTHS: Final = {name.title().decode(): f"{number:02}" for name, number in _MONTHS.items()}
_PLAIN_WORDS: Final = 6
_CLOCK: Final = len("09:01:00")
_OFFSET: Final = len("+0100")
_EARLIEST_YEAR: Final = 1990


def parse_date(value: bytes) -> datetime | None:
    """Return the moment in UTC, or None when it is unreadable or out of range."""
    return _parse_plain(value) or _parse_odd(value)


def _parse_plain(value: bytes) -> datetime | None:
    """Return the moment of a date as RFC 5322 §3.3 has it, or None when it is written otherwise."""
    words = value.decode("ascii", "replace").split(None, _PLAIN_WORDS)[:_PLAIN_WORDS]
    if len(words) < _PLAIN_WORDS or len(words[4]) != _CLOCK or len(words[5]) != _OFFSET:
        return None
    _, day, name, year, clock, zone = words
    try:
        moment = datetime.fromisoformat(f"{year}-{_PLAIN_MONTHS[name]}-{day:0>2}T{clock}{zone}")
        # In its own zone until here: the year is that of its writer.
        return moment.astimezone(UTC) if moment.tzinfo and moment.year >= _EARLIEST_YEAR else None
    except (ValueError, KeyError, OverflowError):
        return None


def _parse_odd(value: bytes) -> datetime | None:
    """Return the moment of a date in any form that is known, or None."""
    found = _DATE.match(value)
    if found is not None:
        day, name, year, hour, minute, second, zone = found.groups()
        month = _MONTHS.get(name.lower(), 0)
        return _moment(_full_year(year), month, day, (hour, minute, second), zone)
    found = _ISO.match(value)
    if found is not None:
        year, number, day, hour, minute, second, zone = found.groups()
        return _moment(int(year), int(number), day, (hour, minute, second), zone)
    found = _ASCTIME.match(value)
    if found is not None:
        name, day, early, hour, minute, second, zone, late = found.groups()
        month = _MONTHS.get(name.lower(), 0)
        return _moment(int(early or late or 0), month, day, (hour, minute, second), zone)
    return None


def _full_year(digits: bytes) -> int:
    """Return the year; two and three digits as RFC 5322 §4.3 reads them."""
    year = int(digits)
    if len(digits) == 4:
        return year
    return year + (2000 if year < 50 and len(digits) == 2 else 1900)


def _moment(
    year: int, month: int, day: bytes, clock: tuple[bytes, bytes, bytes | None], zone: bytes | None
) -> datetime | None:
    """Return the moment in UTC, or None when the numbers make none."""
    hour, minute, second = clock
    if year < _EARLIEST_YEAR:
        return None
    try:
        local = datetime(
            year, month, int(day), int(hour), int(minute), min(int(second or 0), 59), tzinfo=UTC
        )
        offset = _offset_minutes(zone) if zone else 0
        return local - timedelta(minutes=offset) if offset else local
    except (ValueError, OverflowError):
        return None


def _offset_minutes(zone: bytes) -> int:
    """Return the offset from UTC; unknown names count as UTC (RFC 5322 §4.3)."""
    if zone[0] in b"+-":
        digits = zone[1:].replace(b":", b"").strip()
        minutes = int(digits[:2]) * 60 + int(digits[2:])
        return -minutes if zone[0] == ord("-") else minutes
    return _ZONES.get(zone.upper(), 0)
