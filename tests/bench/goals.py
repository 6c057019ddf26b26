"""What is to be reached, and whether it was: each goal makes one row of bench.json."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from tests.bench.disk import Disk
from tests.bench.figures import DIRECT, FULL, OURS, STOCK, Results, Row, median
from tests.bench.million import FACTS, MILLION, REFERENCES, Lookups

POSTFIX, HARAKA, AMAVIS, SMTP_SINK = "Postfix", "Haraka", "amavisd", "smtp-sink"
SYNCED = "write, fsync and direct"
FEW = 10_000
"""Messages of a small store."""
LIMIT = "the goal"
"""Where there is no peer: the figure that is to be kept to."""


@dataclass(frozen=True)
class Measured:
    """All that a goal may look at."""

    results: Results
    disk: Disk
    sizes: Mapping[str, int]
    """Octets of each message."""
    rounds: int
    lookups: Mapping[int, Lookups] = field(default_factory=dict)
    """By the number of messages that the store held."""

    def of(self, plan: str, who: str, figure: str) -> float | None:
        """Return a median; None when that was not measured."""
        found = self.results.get(plan, {}).get(who)
        return median(found, figure) if found else None


Goal = Callable[[Measured], Row | None]
"""Gives None where the peer was not measured."""


def times_as_fast(plan: str, peer: str, times: float) -> Goal:
    """Messages per second, against a peer."""
    return _against(plan, peer, "rate", "messages/s", f"ratio >= {times:g}", lambda r: r >= times)


def in_time_of(plan: str, peer: str, share: float) -> Goal:
    """The time of one message, against a peer."""
    return _against(plan, peer, "p50_ms", "p50 ms", f"ratio <= {share:g}", lambda r: r <= share)


def within(plan: str, figure: str, unit: str, limit: Callable[[Measured], float]) -> Goal:
    """A figure of our own, against a limit."""

    def goal(measured: Measured) -> Row | None:
        ours = measured.of(plan, OURS, figure)
        if ours is None:
            return None
        most = limit(measured)
        metric = f"{plan}: {unit}, goal"
        return _row(metric, ours, LIMIT, most, "no more", ours <= most, measured)

    return goal


def added(figure: str, unit: str, limit: Callable[[Disk], float], said: str) -> Goal:
    """What we add to a message of a single session over the direct path."""

    def goal(measured: Measured) -> Row | None:
        ours = measured.of("S, 1 session", OURS, figure)
        direct = measured.of("S, 1 session", DIRECT, figure)
        if ours is None or direct is None:
            return None
        more, most = ours - direct, limit(measured.disk)
        metric = f"S, 1 session: {unit} added"
        return _row(metric, more, said, most, "no more", more <= most, measured)

    return goal


def grows(what: str, messages: int, times: float) -> Goal:
    """What a lookup costs among so many messages, over what it costs among ten thousand."""

    def goal(measured: Measured) -> Row | None:
        few, many = (measured.lookups.get(size) for size in (FEW, messages))
        if few is None or many is None:
            return None
        ours, theirs = many.p50_us(what), few.p50_us(what)
        metric = f"{what}, among {messages:,}: p50 µs"
        said, holds = f"ratio <= {times:g}", ours <= times * theirs
        return _row(metric, ours, f"among {FEW:,}", theirs, said, holds, measured)

    return goal


def found_within(messages: int, most_us: float) -> Goal:
    """What a lookup costs among so many messages."""

    def goal(measured: Measured) -> Row | None:
        if (many := measured.lookups.get(messages)) is None:
            return None
        ours = many.p50_us(REFERENCES)
        metric = f"{REFERENCES}, among {messages:,}: p50 µs, goal"
        return _row(metric, ours, LIMIT, most_us, "no more", ours <= most_us, measured)

    return goal


def as_empty(figure: str, unit: str, said: str, holds: Callable[[float], bool]) -> Goal:
    """S on a store of a million, against an empty one."""

    def goal(measured: Measured) -> Row | None:
        plan = "S, 20 sessions"
        full, empty = (measured.of(plan, who, figure) for who in (FULL, OURS))
        if full is None or not empty:
            return None
        metric = f"{plan}, a million kept: {unit}"
        return _row(metric, full, "empty", empty, said, holds(full / empty), measured)

    return goal


def as_the_disk(share: float) -> Goal:
    """XL in the time of writing it durably and sending it directly."""

    def goal(measured: Measured) -> Row | None:
        ours = measured.of("XL, 1 session", OURS, "p50_ms")
        direct = measured.of("XL, 1 session", DIRECT, "p50_ms")
        if ours is None or direct is None:
            return None
        theirs = measured.disk.write_ms + direct
        holds = ours <= share * theirs
        said = f"ratio <= {share:g}"
        return _row("XL, 1 session: p50 ms, disk", ours, SYNCED, theirs, said, holds, measured)

    return goal


def _against(  # noqa: PLR0917 - what is compared, in words and in figures
    plan: str, peer: str, figure: str, unit: str, said: str, holds: Callable[[float], bool]
) -> Goal:
    def goal(measured: Measured) -> Row | None:
        ours, theirs = measured.of(plan, OURS, figure), measured.of(plan, peer, figure)
        if ours is None or not theirs:
            return None
        metric = f"{plan}: {unit}, goal"
        return _row(metric, ours, peer, theirs, said, holds(ours / theirs), measured)

    return goal


def _row(  # noqa: PLR0917 - the fields of a row, in its order
    metric: str, ours: float, peer: str, theirs: float, said: str, holds: bool, measured: Measured
) -> Row:
    ratio = round(ours / theirs, 4) if theirs else 0.0
    return Row(metric, round(ours, 3), peer, round(theirs, 3), ratio, said, holds, measured.rounds)


def _share(message: str, share: float) -> Callable[[Measured], float]:
    return lambda measured: share * measured.sizes[message]


def _fixed(most: float) -> Callable[[Measured], float]:
    return lambda _: most


GOALS: Sequence[Goal] = (
    times_as_fast("S, 20 sessions", STOCK, 1),
    times_as_fast("S, 20 sessions", STOCK, 1.5),
    times_as_fast("M, 20 sessions", STOCK, 5),
    in_time_of("XL, 1 session", STOCK, 0.1),
    in_time_of("XL, 1 session", STOCK, 0.05),
    times_as_fast("S, 20 sessions", POSTFIX, 3),
    times_as_fast("S, 100 sessions", POSTFIX, 4),
    times_as_fast("M, 20 sessions", POSTFIX, 2.4),
    times_as_fast("S, 20 sessions", HARAKA, 4),
    times_as_fast("M, 20 sessions", HARAKA, 4),
    times_as_fast("S, 20 sessions", AMAVIS, 12),
    in_time_of("L, 1 session", SMTP_SINK, 0.6),
    in_time_of("XL, 1 session", SMTP_SINK, 0.6),
    as_the_disk(1.2),
    added("p50_ms", "p50 ms", lambda disk: 1.2 + disk.fsync_p50_ms, "1.2 ms and an fsync"),
    added("p99_ms", "p99 ms", lambda disk: 4 * disk.fsync_p99_ms, "4 fsyncs at p99"),
    within("XL, 1 session", "growth", "peak memory growth", _share("XL", 0.1)),
    within("XL, 4 sessions", "growth", "peak memory growth", _share("XL", 0.2)),
    within("L, 20 sessions", "growth", "peak memory growth", _fixed(40e6)),
    grows(REFERENCES, MILLION, 2),
    grows(REFERENCES, 3 * MILLION, 2.5),
    grows(FACTS, MILLION, 2),
    grows(FACTS, 3 * MILLION, 2.5),
    found_within(MILLION, 50.0),
    as_empty("rate", "messages/s", "ratio >= 0.8", lambda ratio: ratio >= 0.8),
    as_empty("p99_ms", "p99 ms", "ratio <= 3", lambda ratio: ratio <= 3),
    within("S, 20 sessions", "cpu_ms", "CPU ms per message", _fixed(0.5)),
    within("M, 20 sessions", "cpu_ms", "CPU ms per message", _fixed(1.0)),
    within("XL, 1 session", "cpu_ms", "CPU ms per message", _fixed(200.0)),
)
