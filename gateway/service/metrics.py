"""Counts what went through, for Prometheus: names, labels and what each is for.

Labels come from enums, from the names of listeners and sinks, and from the MTAs that bring mail; no
mail address, no subject, no file name. What is a matter of asking (pool, spool, store) is asked
when somebody looks, and never for a message.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from gateway.interfaces import Passage
from gateway.model.handover import Queue

BUCKETS = (
    *(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0),
)
MOST_CLIENTS = 200
"""Trusted clients that are told one by one."""
STAGES = ("decide", "record", "relay", "whole")
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Levels:
    """How things stand at one moment."""

    sessions: dict[str, int]
    """Clients, by listener."""
    busy: dict[str, int]
    """Transactions under way, by next hop."""
    idle: dict[str, int]
    """Connections kept open for the next message, by next hop."""
    queued: dict[str, int]
    """Transactions that wait for a connection, by next hop."""
    spooled: int
    """Messages that wait for their decision."""
    oldest_s: float
    """Age of the oldest of them; 0 when there is none."""
    store_octets: int
    """Of the database with its write-ahead log."""
    store_jobs: int
    """What waits for the writer of the store."""
    queues: Mapping[str, Queue] = field(default_factory=dict)
    """What waits to be handed over, by sink."""
    unreadable: int = 0
    """Messages that were damaged in the spool, and set aside."""


Told = list[tuple[str, str, str, list[tuple[str, dict[str, str], float]]]]
"""The figures of a worker: name, what it is for, type, and samples of each family."""


class _Together(Collector):
    """The figures of several workers, each with its number as a label."""

    def __init__(self, by_worker: Mapping[int, Told], first: int) -> None:
        self._by_worker = by_worker
        self._first = first

    def collect(self) -> Iterable[Metric]:
        """Return the families, with the samples of all workers."""
        families: dict[str, Metric] = {}
        for worker, told in sorted(self._by_worker.items()):
            for name, text, kind, samples in told:
                if name in _COMMON and worker != self._first:
                    continue
                family = families.setdefault(name, Metric(name, text, kind))
                more = {} if name in _COMMON else {"worker": str(worker)}
                for sample, labels, value in samples:
                    family.add_sample(sample, {**labels, **more}, value)
        return families.values()


def together(by_worker: Mapping[int, Told], first: int) -> bytes:
    """Return the figures of all workers in Prometheus' own format.

    What they share, such as the size of the store, is told once, by the first of them.
    """
    registry = CollectorRegistry()
    registry.register(_Together(by_worker, first))
    return generate_latest(registry)


_COMMON = frozenset(
    f"gateway_{name}"
    for name in (
        *("spool_messages", "spool_oldest_seconds", "spool_unreadable_messages", "store_octets"),
        *("outbox_waiting", "outbox_dead", "outbox_oldest_seconds"),
    )
)
"""What all workers would tell alike."""


class Metrics:
    """The figures of one daemon."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self.registry = CollectorRegistry()
        self._messages = self._counted(
            "messages",
            "Messages that went through, by what was decided and how they went onward.",
            *("route", "outcome", "reason", "relay"),
        )
        self._octets = self._counted("octets", "Octets of these messages.", "route")
        self._troubles = self._counted(
            "troubles",
            "Messages at which something went wrong on our side; they went onward all the same.",
            "route",
        )
        stages = Histogram(
            "gateway_stage_seconds",
            "Time from the end of data on: decide, record, relay (the next hop), and whole.",
            ("stage",),
            buckets=BUCKETS,
            registry=self.registry,
        )
        self._stage = {stage: stages.labels(stage) for stage in STAGES}
        self._last = self._told_when(
            "last_message", "When the last message came by a listener.", "route"
        )
        self._last_of = self._told_when(
            "client_last_message",
            "When the last message came from a trusted client, such as an MTA.",
            *("route", "client"),
        )
        self._clients: set[tuple[str, str]] = set()
        # Looked up by what a message tells: making a label each time costs more than counting.
        self._known: dict[tuple[str, ...], Counter] = {}
        self._levels = _levels_in(self.registry)

    def passed(self, passage: Passage) -> None:
        """Count one message."""
        route, decision, took = passage.envelope.route, passage.decision, passage.took
        outcome = str(decision.outcome) if decision else "none"
        reason = str(decision.reason) if decision else "none"
        key = (route, outcome, reason, str(passage.relayed.state))
        if (counter := self._known.get(key)) is None:
            counter = self._known[key] = self._messages.labels(*key)
        counter.inc()
        self._octets.labels(route).inc(passage.envelope.content.size)
        now = self._clock()
        self._last.labels(route).set(now)
        if client := passage.envelope.client.mta:
            self._last_of.labels(*self._label_of(route, client)).set(now)
        if passage.trouble:
            self._troubles.labels(route).inc()
        if took is not None:
            for stage, histogram in self._stage.items():
                histogram.observe(getattr(took, stage))

    def _counted(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"gateway_{name}_total", text, labels, registry=self.registry)

    def _told_when(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"gateway_{name}_timestamp_seconds", text, labels, registry=self.registry)

    def _label_of(self, route: str, client: str) -> tuple[str, str]:
        """Return the labels of a client; those of a large network share one after the first."""
        labels = (route, client)
        if labels not in self._clients:
            if len(self._clients) >= MOST_CLIENTS:
                return route, "others"
            self._clients.add(labels)
        return labels

    def text(self, levels: Levels) -> bytes:
        """Return everything in Prometheus' own format."""
        self._set(levels)
        return generate_latest(self.registry)

    def told(self, levels: Levels) -> Told:
        """Return everything as plain values, which go from process to process."""
        self._set(levels)
        return [
            (
                family.name,
                family.documentation,
                family.type,
                [(each.name, dict(each.labels), each.value) for each in family.samples],
            )
            for family in self.registry.collect()
        ]

    def _set(self, levels: Levels) -> None:
        by_name: tuple[tuple[str, dict[str, int]], ...] = (
            ("sessions", levels.sessions),
            ("next_hop_transactions", levels.busy),
            ("next_hop_idle_connections", levels.idle),
            ("next_hop_waiting", levels.queued),
        )
        for name, counts in by_name:
            self._levels[name].clear()
            for label, count in counts.items():
                self._levels[name].labels(label).set(count)
        for name in ("waiting", "dead", "oldest_seconds"):
            self._levels[f"outbox_{name}"].clear()
        for sink, queue in levels.queues.items():
            self._levels["outbox_waiting"].labels(sink).set(queue.waiting)
            self._levels["outbox_dead"].labels(sink).set(queue.dead)
            self._levels["outbox_oldest_seconds"].labels(sink).set(queue.oldest_s)
        self._levels["spool_messages"].set(levels.spooled)
        self._levels["spool_oldest_seconds"].set(levels.oldest_s)
        self._levels["spool_unreadable_messages"].set(levels.unreadable)
        self._levels["store_octets"].set(levels.store_octets)
        self._levels["store_waiting_jobs"].set(levels.store_jobs)


_LEVELS = (
    ("sessions", "Clients that are connected.", ("route",)),
    ("next_hop_transactions", "Transactions under way with a next hop.", ("next_hop",)),
    ("next_hop_idle_connections", "Connections kept for the next message.", ("next_hop",)),
    ("next_hop_waiting", "Transactions that wait for a connection.", ("next_hop",)),
    ("outbox_waiting", "Events that wait to be handed over.", ("sink",)),
    ("outbox_dead", "Events that a sink refused, for a person to decide.", ("sink",)),
    ("outbox_oldest_seconds", "Age of the oldest event that waits.", ("sink",)),
    ("spool_messages", "Messages that wait undecided.", ()),
    ("spool_oldest_seconds", "Age of the oldest undecided message.", ()),
    ("spool_unreadable_messages", "Messages that were damaged there, and set aside.", ()),
    ("store_octets", "Size of the database with its write-ahead log.", ()),
    ("store_waiting_jobs", "What waits for the writer of the store.", ()),
)


def _levels_in(registry: CollectorRegistry) -> dict[str, Gauge]:
    return {
        name: Gauge(f"gateway_{name}", text, labels, registry=registry)
        for name, text, labels in _LEVELS
    }
