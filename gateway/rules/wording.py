"""How evidence is worded, so that a remedy reads as a sentence."""

from __future__ import annotations

from datetime import datetime


def day(moment: datetime) -> str:
    """Return the date, such as `2026-11-23`."""
    return moment.date().isoformat()


def minute(moment: datetime) -> str:
    """Return date and time, such as `2026-11-23 09:30 UTC`."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def size(octets: int) -> str:
    """Return a size in the largest unit that it fills: MB is 10^6 octets.

    An amount that its unit would round is told in octets, so that what is just over a limit
    does not read like the limit.
    """
    for unit, name in ((10**6, "MB"), (10**3, "kB")):
        if octets >= unit and octets % (unit // 10) == 0:
            return f"{octets / unit:g} {name}"
    return f"{octets:,} octets".replace(",", " ")
