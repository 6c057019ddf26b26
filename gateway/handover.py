"""Opens the sinks of a configuration, and drains the outbox into each, in a loop of its own.

Design notes: a sink that is slow or away holds up no other one, and never a letter: the mail path
only writes an event into the transaction that it makes anyway.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import structlog

from gateway.config import settings
from gateway.interfaces import Sink
from gateway.model.envelope import Octets
from gateway.model.handover import USUAL, Kind, Queue
from gateway.model.message import Heading, Message
from gateway.outbox import Drain, Manner
from gateway.pipeline import Pipeline
from gateway.sinks.crm import CrmSettings
from gateway.sinks.espocrm import EspoSink
from gateway.sinks.hubspot import HubspotSink
from gateway.sinks.hubspot_api import PUBLIC
from gateway.sinks.jsonl import JsonlSink
from gateway.sinks.odoo import OdooSink
from gateway.sinks.salesforce import SalesforceSink
from gateway.sinks.webhook import WebhookSink
from gateway.store.opening import Store
from gateway.store.outbox import SqliteOutbox
from gateway.store.queues import queue_lengths

LOOK_S = 1.0
"""How often a sink looks for what is new."""

CRMS: Mapping[str, Callable[..., Sink]] = {
    "hubspot": HubspotSink,
    "espocrm": EspoSink,
    "odoo": OdooSink,
    "salesforce": SalesforceSink,
}

Again = Callable[[Callable[[], Awaitable[None]], float], Awaitable[None]]
"""Does some work again and again, whatever goes wrong in it."""


class Handover:
    """The sinks of a running gateway."""

    def __init__(
        self,
        store: Store,
        pipeline: Pipeline,
        log: structlog.stdlib.BoundLogger,
        again: Again,
    ) -> None:
        self._store = store
        self._pipeline = pipeline
        self._log = log
        self._again = again
        self._sinks: tuple[settings.Sink, ...] | None = None
        self._path: Path | None = None
        self._open: list[Sink] = []
        self._loops: list[asyncio.Future[None]] = []

    async def change(self, config: settings.Config) -> None:
        """Serve the sinks of this configuration from now on. Raises StoreBusyError."""
        if config.sinks == self._sinks:
            return
        outbox, self._path = SqliteOutbox(config.store_path), config.store_path
        queues = {sink.name: sink.history for sink in config.sinks}
        wants = {sink.name: kinds_of(sink) for sink in config.sinks}
        await asyncio.to_thread(outbox.register, queues, wants)
        await self.close()
        self._sinks = config.sinks
        for sink in config.sinks:
            opened = open_sink(sink, config)
            drain = Drain(
                outbox,
                opened,
                manner_of(sink),
                clock=_now,
                chance=random.random,
                directory=lambda: self._store.directory,
                policy=lambda: self._pipeline.settings.policy,
                read=self._read,
            )
            self._open.append(opened)
            work = partial(self._serve, sink.name, drain)
            self._loops.append(asyncio.ensure_future(self._again(work, LOOK_S)))

    async def close(self) -> None:
        """End what is under way, and close the sinks; what was not settled is told again."""
        for loop in self._loops:
            loop.cancel()
        for loop in self._loops:
            with suppress(asyncio.CancelledError):
                await loop
        for sink in self._open:
            await sink.close()
        self._loops.clear()
        self._open.clear()

    def queues(self) -> Mapping[str, Queue]:
        """Return how long each queue is; may block. Raises StoreBusyError."""
        return queue_lengths(self._path, _now()) if self._path else {}

    async def _serve(self, name: str, drain: Drain) -> None:
        """Drain one queue until nothing more goes."""
        while True:
            done = await drain.drain()
            if done.alarm:
                self._log.warning("a sink takes nothing", sink=name, trouble=done.alarm)
            if done.refused:
                remedy = f"replygate outbox list --sink {name}"
                self._log.warning("a sink refused", sink=name, pushes=done.refused, remedy=remedy)
            if done.taken:
                self._log.info("handed over", sink=name, pushes=done.taken)
            if not done.taken + done.refused + done.dropped:
                return

    def _read(self, octets: Octets, heading: Heading) -> Message:
        """Read as the mail path does at this moment: a reload may change how."""
        return self._pipeline.read(octets, heading)


def kinds_of(sink: settings.Sink) -> frozenset[Kind]:
    """Return what a sink of the configuration is told of."""
    named = frozenset(kind for kind in Kind if kind.word in sink.events)
    # Whatever a file or a webhook wants: what is erased here is to be erased there.
    return named | {Kind.ERASED} if named else USUAL


def manner_of(sink: settings.Sink) -> Manner:
    """Return how a sink of the configuration is to be served."""
    return Manner(
        past_dead=sink.on_refused == "skip",
        at_once=sink.at_once,
        give_up_after=timedelta(days=sink.give_up_days),
    )


def open_sink(sink: settings.Sink, config: settings.Config) -> Sink:
    """Return a sink of the configuration, ready to be told."""
    secret = sink.secret.reveal() if sink.secret else ""
    blind = sink.tells_blind
    if sink.kind == "webhook":
        timeout_s = sink.timeout_s
        return WebhookSink(
            sink.name, sink.url, secret, clock=_now, timeout_s=timeout_s, blind=blind
        )
    if sink.kind == "jsonl":
        file = config.gateway.state / (sink.path or f"{sink.name}.jsonl")
        return JsonlSink(sink.name, file, blind=blind)
    return CRMS[sink.kind](sink.name, secret, crm_settings(sink), clock=_now)


def crm_settings(sink: settings.Sink) -> CrmSettings:
    """Return what an admin chose of a CRM."""
    return CrmSettings(
        url=sink.url or PUBLIC,
        timeout_s=sink.timeout_s,
        create_contacts=sink.create_contacts,
        attachments=sink.attachments,
        attachment_limit=sink.attachment_limit,
        folder=sink.folder,
        deals=sink.deals,
        requests_per_second=sink.requests_per_second,
        blind=sink.tells_blind,
        database=sink.database,
        login=sink.login,
    )


def _now() -> datetime:
    return datetime.now(UTC)
