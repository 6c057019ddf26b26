"""Whether the clock may be believed: what is over by it is deleted, and does not come back.

A clock that jumps ahead makes everything old. So its time is held against one that nobody sets,
and after a restart against the moment of the last look, which lies in a file. A machine that was
away is ahead, too: time that goes on for a day without another jump is believed.

Limits: less than `JUMP` is not seen, nor is less than `AWAY` across a restart. A jump back deletes
nothing early, and is not looked for.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec

JUMP: Final = timedelta(hours=1)
AWAY: Final = timedelta(days=1)
"""How long a machine may have been off that is not asked why."""
BELIEVED_AFTER: Final = timedelta(days=1)
FILE: Final = "clock.json"
"""In the state folder."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """A clock that is not believed."""

    by: timedelta
    believed_in: timedelta
    """How long it still has to go on without a jump."""


class _Seen(msgspec.Struct, frozen=True):
    """What the last look found."""

    right: datetime
    """The time, as far as it is believed."""
    told: datetime
    """The time that the clock told."""
    doubted_at: datetime | None = None
    """When the doubt began, by the clock."""

    @property
    def ahead(self) -> Ahead | None:
        """How far the clock is ahead; None when it may be believed."""
        if self.doubted_at is None:
            return None
        return Ahead(self.told - self.right, BELIEVED_AFTER - (self.told - self.doubted_at))


def running_s() -> float:
    """Return the seconds of a clock that nobody sets; it goes on while the machine sleeps."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class Watched:
    """The clock of the machine, looked at now and then; what was seen lies in a file."""

    def __init__(
        self,
        file: Path,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        running_s: Callable[[], float] = running_s,
    ) -> None:
        self._file = file
        self._clock = clock
        self._running_s = running_s
        self._looked_s: float | None = None
        self._seen: _Seen | None = None

    def look(self) -> Ahead | None:
        """Return how far the clock is ahead, or None when it may be believed; never raises."""
        now, running_s = self._clock(), self._running_s()
        before = self._seen or _recalled(self._file)
        passed, may_be = timedelta(), AWAY
        if self._looked_s is not None:
            passed, may_be = timedelta(seconds=running_s - self._looked_s), JUMP
        self._looked_s = running_s
        self._seen = _after(before, now, passed, may_be)
        self._remember()
        return self._seen.ahead

    def _remember(self) -> None:
        fresh = self._file.with_suffix(".new")
        with suppress(OSError):
            fresh.write_bytes(msgspec.json.encode(self._seen))
            fresh.replace(self._file)


def last_look(file: Path) -> Ahead | None:
    """Return what the last look found; None when the clock was believed, or never looked at."""
    seen = _recalled(file)
    return None if seen is None else seen.ahead


def _recalled(file: Path) -> _Seen | None:
    try:
        return msgspec.json.decode(file.read_bytes(), type=_Seen)
    except (OSError, msgspec.MsgspecError):
        return None


def _after(before: _Seen | None, now: datetime, passed: timedelta, may_be: timedelta) -> _Seen:
    """Return what is seen now, so long after the look before."""
    if before is None or now <= before.right + passed + may_be:
        return _Seen(now, now)
    doubted_at = before.doubted_at
    if doubted_at is None or not doubted_at <= now <= before.told + passed + may_be:
        doubted_at = now
    if now - doubted_at >= BELIEVED_AFTER:
        return _Seen(now, now)
    return _Seen(before.right + passed, now, doubted_at)
