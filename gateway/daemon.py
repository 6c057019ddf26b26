"""The wiring: the one place that knows all parts; signals, systemd, what runs behind the mail.

Standards: sd_notify(3). SIGTERM and SIGINT drain and stop, SIGHUP reads the configuration again.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from gateway import maillog
from gateway.config import settings
from gateway.config.faults import ConfigError
from gateway.config.load import load_config
from gateway.config.scanners import all_signatures
from gateway.doors import House, Lead, OpenDoor, hop_of, longest_answer, open_door
from gateway.duties import SWITCHES_S, Duties, take_up_switches
from gateway.filetypes import FileTypes, reader
from gateway.handover import Handover
from gateway.inboxes import Inboxes
from gateway.intake.flight import Flight
from gateway.interfaces import Passage, StoreBusyError
from gateway.model.envelope import RelayState
from gateway.model.trust import Trust
from gateway.notices.compose import Sender
from gateway.notices.filing import Filing
from gateway.notices.postman import Postman
from gateway.pipeline import Pipeline, Settings
from gateway.relay.delivery import Relay
from gateway.service import heap
from gateway.service import systemd as service
from gateway.service.crew import Work
from gateway.service.line import Line
from gateway.service.metrics import Metrics, Told
from gateway.service.standing import Standing
from gateway.service.watch import Watch
from gateway.standby import AGAIN_S, Standby, open_or_await
from gateway.store.notices import NoticeBox
from gateway.store.spool import FolderSpool
from gateway.trust.keys import Keys, make_resolver
from gateway.trust.verifier import Verifier
from gateway.understand import Read

NEEDS_RESTART = (
    "[gateway], [store], [addresses], [metrics] and listeners that stay change with a restart"
)
GRACE_S = 640.0
"""How long a message past DATA may take when the daemon stops: the next hop has 600 s to answer
the final dot, and the unit gives us 660."""


def run(config: settings.Config) -> None:
    """Serve mail until a signal says stop. Raises OSError and StoreVersionError.

    With several workers this process becomes their parent, and returns in each of them too.
    """
    work = None
    if config.gateway.processes > 1:
        lead = Lead(config, _log_of(config))
        if (work := lead.crew.lead()) is None:
            return
        config = lead.config
    try:
        import uvloop  # optional: tests pass without it
    except ImportError:
        factory = None
    else:
        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(_serve(config, work))


async def _serve(config: settings.Config, work: Work | None) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    daemon = Daemon(config, _log_of(config), work, orphaned=stop.set)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    # A worker hears of a reload from its parent, which opens the sockets.
    heed = daemon.reload if work is None else _nothing
    loop.add_signal_handler(signal.SIGHUP, lambda: daemon.behind(heed()))
    await daemon.start()
    heap.settle()
    service.ready(f"Taking mail on {', '.join(daemon.listening)}")
    if (interval_s := service.watchdog_interval_s()) is not None:
        daemon.behind(service.feed_watchdog(lambda: not stop.is_set(), interval_s))
    await stop.wait()
    service.stopping("Finishing what is under way")
    await daemon.stop()


async def _nothing() -> None:
    """Do nothing."""


def _log_of(config: settings.Config) -> structlog.stdlib.BoundLogger:
    return maillog.configure(config.gateway.log_format, config.gateway.log_level)


class Daemon:
    """A running gateway, or one worker of it."""

    def __init__(
        self,
        config: settings.Config,
        log: structlog.stdlib.BoundLogger,
        work: Work | None = None,
        orphaned: Callable[[], None] = lambda: None,
    ) -> None:
        self.config = config
        self.log = log
        self.work = work
        self._orphaned = orphaned
        self.line: Line | None = None
        self.servers: dict[str, OpenDoor] = {}
        self.relays: dict[settings.NextHop, Relay] = {}
        self._behind: set[asyncio.Task[None]] = set()
        self.filing = Filing(lambda why: log.warning("no notice was written", trouble=why))
        self._closing = AsyncExitStack()
        self.file_types = FileTypes()
        self.metrics = Metrics()
        self.flight = Flight(config.gateway.octets_in_flight)
        self.watch: Watch | None = None

    @property
    def listening(self) -> list[str]:
        """The names of the open listeners."""
        return sorted(self.servers)

    async def start(self) -> None:
        """Open the store, then the doors. Raises OSError and StoreVersionError."""
        config = self.config
        config.gateway.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._open_store()
        self.pipeline = self._new_pipeline()
        self.behind(self.standby.again(self._take_up_switches, SWITCHES_S))
        self.notice_box = NoticeBox(config.store_path)
        self._closing.push_async_callback(self.filing.finish)
        self._closing.push_async_callback(self._close_doors)
        self.standing = self._standing()
        if self.work is not None:
            self.line = Line(self.work, self.reload, self._figures, self._orphaned)
            self._closing.callback(self.line.close)
        inherited = self._inherited()
        for listener in config.listeners:
            await self._open(listener, inherited)
        inherited.close()
        self._stand_beside()
        if self._is_first:
            await self._begin_what_one_does_for_all()
        self.log.info("started", listeners=",".join(self.listening), **self._worker)
        if self.line is not None:
            self.line.ready(self.listening)

    async def stop(self) -> None:
        """Close the doors, finish what is under way, close the store."""
        for task in tuple(self._behind):
            task.cancel()
        await asyncio.gather(*self._behind, return_exceptions=True)
        await self._closing.aclose()
        self.log.info("stopped", **self._worker)

    async def reload(self) -> None:
        """Read the configuration again; one with a fault changes nothing (D-3).

        Policy, limits of reading and listeners that came or went take effect at once, with no
        connection lost. A change of a listener that stays, of the store or of the addresses needs
        a restart, and is said.
        """
        service.reloading(time.monotonic_ns() // 1000)
        try:
            config = load_config(self.config.file)
        except ConfigError as error:
            self.log.warning("reload refused", fault=str(error))
        else:
            await self._change_to(config)
        service.ready(f"Taking mail on {', '.join(self.listening)}")
        if self.line is not None:
            self.line.ready(self.listening)

    def behind(self, work: Awaitable[None]) -> None:
        """Run something beside the mail until it ends or the daemon stops."""
        task = asyncio.ensure_future(work)
        self._behind.add(task)
        task.add_done_callback(self._behind.discard)

    def _open_store(self) -> None:
        """Open the record, or await it while mail waits in the spool (D-38)."""
        self.store = open_or_await(self.config, shared=self.work is not None)
        self._closing.callback(self.store.close)
        self.standby = Standby(self.store, self.config.store_path, self.log)
        self.behind(self.standby.until_there())
        self.spool = FolderSpool(self.config.gateway.state / "spool", complain=self.log.error)

    def _new_pipeline(self) -> Pipeline:
        self.verifier = new_verifier(self.config.trust)
        return Pipeline(
            self.store,
            self.spool,
            self.verifier,
            _flow_settings(self.config),
            observe=self._observe,
            decided_late=self._tell_sender,
            read=self._reader(self.config),
        )

    def _stand_beside(self) -> None:
        """Make what runs beside the listeners: sinks, inboxes, duties."""
        self.handover = Handover(self.store, self.pipeline, self.log, self.standby.again)
        self._closing.push_async_callback(self.handover.close)
        self.inboxes = Inboxes(self.pipeline, self.config.gateway.state, self.log)
        self._closing.push_async_callback(self.inboxes.close)
        self.duties = Duties(
            self.store, self.pipeline, self.config, lambda: self._postman, self.log
        )
        if self.work is not None:
            self.duties.left_after = timedelta(seconds=GRACE_S + longest_answer(self.config))

    async def _begin_what_one_does_for_all(self) -> None:
        await self._be_watched()
        await self._hand_over()
        for work, every_s in (*self.duties.all, (self.standby.keep_lists, AGAIN_S)):
            self.behind(self.standby.again(work, every_s))
        self.behind(self._look_at_file_types())

    async def _change_to(self, config: settings.Config) -> None:
        staying = {listener.name: listener for listener in config.listeners}
        before = {listener.name: listener for listener in self.config.listeners}
        fixed = (config.gateway, config.store, config.addresses, config.metrics) == (
            self.config.gateway,
            self.config.store,
            self.config.addresses,
            self.config.metrics,
        )
        same = all(before[name] == staying[name] for name in before.keys() & staying.keys())
        if not (fixed and same) and self._is_first:
            self.log.warning("reload", note=NEEDS_RESTART)
        self.pipeline.settings = _flow_settings(config)
        take_up_switches(self.store, self.pipeline, config.policy, self.log)
        self.pipeline.read = self._reader(config)
        if config.trust != self.config.trust:
            self.verifier = self.pipeline.verifier = new_verifier(config.trust)
        if self._is_first:
            await self.inboxes.change(config)
        for name in before.keys() - staying.keys():
            await self.servers.pop(name).stop(GRACE_S)
        self.config = config
        if self._is_first:
            await self._hand_over()
        inherited = self._inherited()
        for name in staying.keys() - before.keys():
            await self._open(staying[name], inherited)
        self.log.info("reloaded", listeners=",".join(self.listening), **self._worker)

    @property
    def _is_first(self) -> bool:
        """Whether it does what one worker does for all."""
        return self.work is None or self.work.is_first

    @property
    def _worker(self) -> dict[str, int]:
        """The number of the worker, for the log."""
        return {} if self.work is None else {"worker": self.work.number}

    def _inherited(self) -> service.Inherited:
        """Return the sockets that somebody else has opened: systemd, or our parent."""
        if self.work is None:
            return service.inherit()
        fresh = {n: s for n, s in self.work.sockets.items() if n not in self.servers}
        return service.Inherited(fresh.items())

    async def _figures(self) -> Told:
        return self.metrics.told(await self.standing.levels())

    async def _open(self, listener: settings.Listener, inherited: service.Inherited) -> None:
        """Open one door."""
        house = House(
            config=self.config,
            hostname=self._hostname,
            pipeline=self.pipeline,
            directory=lambda: self.store.directory,
            arriving=self._arriving,
            inherited=inherited,
            flight=self.flight,
            share=lambda name: self.line.seat(name) if self.line else None,
        )
        self.servers[listener.name] = await open_door(listener, house, self._relay)

    async def _be_watched(self) -> None:
        """Answer whoever asks how the gateway does, where the configuration says so."""
        place = self.config.metrics.address
        if place is None:
            return
        self.watch = Watch(self.standing, self.metrics, self.line.figures if self.line else None)
        await self.watch.open(place.host, place.port)
        self._closing.push_async_callback(self.watch.close)

    def _standing(self) -> Standing:
        return Standing(
            doors=self.servers,
            ways=lambda: {str(hop.address): relay.pool for hop, relay in self.relays.items()},
            spool=self.config.gateway.state / "spool",
            database=self.config.store_path,
            store_jobs=lambda: self.store.jobs,
            ask_store=self.store.waiting,
            ask_queues=lambda: self.handover.queues() if self._is_first else {},
        )

    def _relay(self, hop: settings.NextHop) -> Relay:
        """Return the way to a next hop; listeners share it."""
        if hop not in self.relays:
            workers = 1 if self.work is None else self.work.of
            self.relays[hop] = Relay(hop_of(hop, self._hostname, workers))
        return self.relays[hop]

    async def _close_doors(self) -> None:
        await asyncio.gather(*(server.stop(GRACE_S) for server in self.servers.values()))
        await asyncio.gather(*(relay.close() for relay in self.relays.values()))

    @property
    def _hostname(self) -> str:
        return self.config.gateway.hostname or socket.getfqdn()

    @property
    def _arriving(self) -> Path:
        """The folder of large messages that are still coming in; its files have no name."""
        folder = self.config.gateway.state / "arriving"
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    async def _hand_over(self) -> None:
        """Serve the sinks of the configuration, at once or when the store is there."""
        try:
            await self.handover.change(self.config)
        except StoreBusyError:
            self.behind(self.standby.until_done(lambda: self.handover.change(self.config)))
        await self.inboxes.change(self.config)

    async def _take_up_switches(self) -> None:
        take_up_switches(self.store, self.pipeline, self.config.policy, self.log)

    def _reader(self, config: settings.Config) -> Read:
        """Return what reads a message, with all that it knows of scanners and files."""
        return reader(all_signatures(config.signatures), self.file_types)

    async def _look_at_file_types(self) -> None:
        """Say once, beside the mail, that files cannot be checked; mail flows all the same."""
        if trouble := await asyncio.to_thread(self.file_types.trouble):
            self.log.warning("files are not checked against their names", trouble=trouble)

    def _observe(self, passage: Passage) -> None:
        """Write the line of a message, and tell its sender what he has to know."""
        maillog.passed(self.log, passage)
        if self.config.metrics.address is not None:
            self.metrics.passed(passage)
        self._tell_sender(passage)

    def _tell_sender(self, passage: Passage) -> None:
        if passage.relayed.state is RelayState.CONSUMED and (postman := self._postman) is not None:
            self.filing.begin(postman, passage, datetime.now(UTC))

    @property
    def _postman(self) -> Postman | None:
        """Who sends notices; None where none are to be sent."""
        notices = self.config.notices
        hop = notices.way_out(self.config.listeners)
        if notices.address is None or hop is None:
            return None
        key = self.store.directory.notice_key
        sender = Sender(str(notices.address), notices.language, key)
        return Postman(self.notice_box, sender, self._relay(hop), lambda: self.store.directory)


def new_verifier(trust: Trust) -> Verifier:
    """Return what finds out who really sent a message; one per event loop."""
    return Verifier(trust, Keys(make_resolver()))


def _flow_settings(config: settings.Config) -> Settings:
    return Settings(
        policy=config.policy,
        defer_on_store_failure=config.store.on_store_failure == "defer",
        inspection_budget_s=config.reading.inspection_budget_s,
    )
