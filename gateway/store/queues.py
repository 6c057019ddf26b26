"""How long the queue of each sink is: for whoever watches the gateway."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from gateway.model.handover import Queue
from gateway.store.rows import micros
from gateway.store.turns import opened


def queue_lengths(path: Path, now: datetime, *, timeout_s: float = 2.0) -> Mapping[str, Queue]:
    """Return the queue of each sink that is served. Raises StoreBusyError."""
    with opened(path, timeout_s) as connection:
        names = connection.execute("SELECT sink FROM sinks WHERE active = 1").fetchall()
        rows = connection.execute(_OPEN).fetchall()
    told = {(sink, state): (count, oldest) for sink, state, count, oldest in rows}
    found = {}
    for (sink,) in names:
        waiting, oldest = told.get((sink, "waiting"), (0, None))
        dead, _ = told.get((sink, "dead"), (0, None))
        age_s = 0.0 if oldest is None else max(0.0, (micros(now) - oldest) / 1_000_000)
        found[sink] = Queue(waiting, dead, age_s)
    return found


_OPEN = (
    "SELECT p.sink, p.state, count(*), min(o.made_at) FROM pushes p"
    " JOIN outbox o ON o.event = p.event WHERE p.state IN ('waiting', 'dead')"
    " GROUP BY p.sink, p.state"
)
