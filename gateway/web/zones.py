"""Time zones: whose a user may choose, and what the clock says there."""

from __future__ import annotations

from datetime import tzinfo
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from gateway.config.web import known_zone

_PLACES = frozenset(
    {
        *("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe"),
        *("Indian", "Pacific"),
    }
)


@cache
def zone_names() -> tuple[str, ...]:
    """Return the zones that people know themselves by, by name; others have only old names."""
    places = (name for name in available_timezones() if name.partition("/")[0] in _PLACES)
    return ("UTC", *sorted(places))


def zone_of(name: str, otherwise: str) -> tzinfo:
    """Return a zone by its name; the other one where there is none of that name (any more)."""
    return ZoneInfo(name if name and known_zone(name) else otherwise)
