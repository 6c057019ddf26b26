"""The parent of several workers: forks them, watches them, starts anew the one that ended.

It opens the listeners once and keeps them open, so that no client is turned away while a worker
starts; it has no event loop and no threads, so that it can fork at any time; and it touches no
mail. Signals come to it alone, and it passes on what they mean.

Design notes: a line of packets joins it to each worker. When the line ends, one of both has
ended: the parent starts another worker, a worker without its parent finishes and goes.

Limits: a worker that hangs is killed after a while; what it had under way is `unknown` later. A
host that is named, and not an address, is opened at its first IPv4 address.
"""

from __future__ import annotations

import errno
import gc
import os
import selectors
import signal
import socket
import stat
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec
import structlog

from gateway.service import systemd as service
from gateway.service.seats import Seats, rows_of

FIRST: Final = 0
"""The worker that does what one does for all."""
PATIENCE_S: Final = 30.0
"""How long a worker that has begun may be silent."""
STARTING_S: Final = 120.0
BREATH_S: Final = 5.0
"""How often a worker says that it lives."""
SHORTEST_S, LONGEST_S = 0.1, 30.0
"""Pauses before a worker that keeps ending is started anew."""
STEADY_S: Final = 60.0
"""Who lived that long did not end because of how it starts."""
ORPHANS_S: Final = 2.0
"""How long the workers of a parent that was killed may take to leave their doors."""
PACKET_OCTETS: Final = 1 << 18
SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)


@dataclass(frozen=True, slots=True)
class Opening:
    """A listener, as far as its socket goes."""

    name: str
    host: str
    port: int
    path: Path | None = None
    """A unix socket, in place of host and port."""

    def open(self) -> socket.socket:
        """Return a socket that listens there. Raises OSError."""
        if self.path is None:
            family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
            until = time.monotonic() + ORPHANS_S
            while True:
                try:
                    return socket.create_server((self.host, self.port), family=family, backlog=1024)
                except OSError as error:
                    if error.errno != errno.EADDRINUSE or time.monotonic() > until:
                        raise
                time.sleep(0.02)
        with suppress(FileNotFoundError):
            if stat.S_ISSOCK(self.path.lstat().st_mode):
                self.path.unlink()
        opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            opened.bind(str(self.path))
            self.path.chmod(0o660)
            opened.listen(1024)
        except OSError:
            opened.close()
            raise
        return opened


@dataclass
class Work:
    """What a worker is given: its number, the sockets, and the line to its parent."""

    number: int
    of: int
    line: socket.socket
    sockets: dict[str, socket.socket]
    seats: Seats
    rows: dict[str, int]

    @property
    def is_first(self) -> bool:
        """Whether it does what one does for all."""
        return self.number == FIRST


@dataclass
class _Worker:
    """A worker, as the parent sees it."""

    number: int
    pid: int
    line: socket.socket
    began_at: float
    heard_at: float
    listening: list[str] = field(default_factory=list)
    """What it said that it listens at; empty while it starts."""
    changing: bool = False
    """It has not said yet that it has reloaded."""


class Crew:
    """All workers of a gateway."""

    def __init__(
        self,
        count: int,
        openings: Sequence[Opening],
        reload: Callable[[], Sequence[Opening] | None],
        log: structlog.stdlib.BoundLogger,
    ) -> None:
        self._count = count
        self._reload = reload
        self._log = log
        self._seats = Seats(count)
        self._rows: dict[str, int] = {}
        self._sockets: dict[str, socket.socket] = {}
        self._paths: dict[str, Path] = {}
        self._workers: dict[int, _Worker] = {}
        self._due = dict.fromkeys(range(count), 0.0)
        """When to start which worker."""
        self._pauses: dict[int, float] = {}
        self._begun = False
        """All were ready once."""
        self._stopping = False
        self._failed = 0
        self._reloading = False
        self._selector = selectors.DefaultSelector()
        self._before: dict[int, Any] = {}
        inherited = service.inherit()
        self._open(openings, inherited)
        inherited.close()

    def lead(self) -> Work | None:
        """Fork the workers and watch them; returns in each worker, and None in the end.

        Raises SystemExit when one cannot start at all.
        """
        self._heed_signals()
        # What was imported is shared by all, and looked through by no collector.
        gc.freeze()
        interval_s, fed_at = service.watchdog_interval_s(), 0.0
        while self._workers or not self._stopping:
            now = time.monotonic()
            if interval_s is not None and now - fed_at >= interval_s:
                service.notify("WATCHDOG=1")
                fed_at = now
            for number in [n for n, at in self._due.items() if at <= now]:
                if (work := self._start(number)) is not None:
                    return work
            for key, _ in self._selector.select(min(interval_s or BREATH_S, self._wait_s())):
                key.data(key.fileobj)
            self._end_the_silent()
        self._selector.close()
        if self._failed:
            raise SystemExit(self._failed)
        return None

    def _open(self, openings: Sequence[Opening], inherited: service.Inherited) -> list[str]:
        """Open what is not open yet; return the names. Raises OSError, ValueError."""
        rows = rows_of([opening.name for opening in openings], self._rows)
        fresh: dict[str, socket.socket] = {}
        try:
            for opening in openings:
                if opening.name not in self._sockets:
                    claimed = inherited.claim(opening.name, opening.host, opening.port)
                    fresh[opening.name] = claimed or opening.open()
                    if claimed is None and opening.path is not None:
                        self._paths[opening.name] = opening.path
        except OSError:
            for opened in fresh.values():
                opened.close()
            raise
        for name in self._sockets.keys() - rows.keys():
            self._sockets.pop(name).close()
            if (path := self._paths.pop(name, None)) is not None:
                path.unlink(missing_ok=True)
        self._sockets |= fresh
        self._rows = rows
        return list(fresh)

    def _heed_signals(self) -> None:
        told, tell = socket.socketpair()
        for end in (told, tell):
            end.setblocking(False)
        self._before = {n: signal.signal(n, lambda *_: None) for n in SIGNALS}
        self._wakes = tell, told
        signal.set_wakeup_fd(tell.fileno(), warn_on_full_buffer=False)
        self._selector.register(told, selectors.EVENT_READ, self._signalled)

    def _signalled(self, told: socket.socket) -> None:
        with suppress(BlockingIOError):
            for number in told.recv(4096):
                if number in {signal.SIGTERM, signal.SIGINT}:
                    self._stop()
                elif number == signal.SIGHUP:
                    self._change()

    def _start(self, number: int) -> Work | None:
        """Fork a worker; return what it is given when this is the worker."""
        del self._due[number]
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        pid = os.fork()
        if pid == 0:
            ours.close()
            return self._become(number, theirs)
        theirs.close()
        ours.setblocking(False)
        now = time.monotonic()
        worker = self._workers[number] = _Worker(number, pid, ours, now, now)
        self._selector.register(ours, selectors.EVENT_READ, lambda _: self._hear(worker))
        return None

    def _become(self, number: int, line: socket.socket) -> Work:
        """Let go of what is the parent's."""
        self._selector.close()
        signal.set_wakeup_fd(-1)
        for known, before in self._before.items():
            signal.signal(known, before)
        for end in (*self._wakes, *(other.line for other in self._workers.values())):
            end.close()
        line.setblocking(False)
        # The manager watches the parent, which alone speaks to it.
        for name in ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"):
            os.environ.pop(name, None)
        return Work(number, self._count, line, self._sockets, self._seats, self._rows)

    def _hear(self, worker: _Worker) -> None:
        """Take what a worker says; nothing at all is its end."""
        try:
            packet = worker.line.recv(PACKET_OCTETS)
        except BlockingIOError:
            return
        except ConnectionError:
            packet = b""
        if not packet:
            self._bury(worker)
            return
        worker.heard_at = time.monotonic()
        said = msgspec.json.decode(packet)
        if "listening" in said:
            worker.listening, worker.changing = said["listening"], False
            self._tell_manager()
        elif "figures" in said or "ask" in said:
            self._pass_round(worker, said)

    def _pass_round(self, worker: _Worker, said: dict[str, Any]) -> None:
        """Pass a question for figures to all others, and their answers to the first."""
        answers = "figures" in said
        for other in tuple(self._workers.values()):
            if other is not worker and (not answers or other.number == FIRST):
                self._say(other, said)
        if not answers:
            self._say(worker, {"asked": said["ask"], "of": len(self._workers) - 1})

    def _say(self, worker: _Worker, said: dict[str, Any], sockets: Sequence[int] = ()) -> None:
        with suppress(OSError):
            # A worker whose line is full is about to be found silent.
            socket.send_fds(worker.line, [msgspec.json.encode(said)], list(sockets))

    def _bury(self, worker: _Worker) -> None:
        """Take note of a worker's end, and plan its successor."""
        self._selector.unregister(worker.line)
        worker.line.close()
        if not self._stopping:
            os.kill(worker.pid, signal.SIGKILL)
        _, status = os.waitpid(worker.pid, 0)
        del self._workers[worker.number]
        self._seats.clear(worker.number)
        if self._stopping:
            return
        code = os.waitstatus_to_exitcode(status)
        if not self._begun and not worker.listening:
            # It has said why. What cannot start does not become better by trying.
            self._failed = code if code > 0 else 1
            self._stop()
            return
        now = time.monotonic()
        short = now - worker.began_at < STEADY_S
        pause = min(LONGEST_S, self._pauses.get(worker.number, 0.0) * 2) if short else 0.0
        self._pauses[worker.number] = pause or SHORTEST_S
        self._due[worker.number] = now + pause
        self._log.error(
            "a worker ended", worker=worker.number, code=code, again_in_s=round(pause, 1)
        )
        self._tell_manager()

    def _end_the_silent(self) -> None:
        now = time.monotonic()
        for worker in self._workers.values():
            patience_s = PATIENCE_S if worker.listening else STARTING_S
            if now - worker.heard_at > patience_s and not self._stopping:
                self._log.error("a worker hangs", worker=worker.number)
                worker.heard_at = now
                os.kill(worker.pid, signal.SIGKILL)

    def _change(self) -> None:
        """Read the configuration again, and have all workers do so."""
        if self._stopping:
            return
        service.reloading(time.monotonic_ns() // 1000)
        self._reloading = True
        openings = self._reload()
        try:
            fresh = None if openings is None else self._open(openings, service.Inherited())
        except (OSError, ValueError) as error:
            self._log.warning("reload refused", fault=str(error))
            fresh = None
        if fresh is not None:
            told = {"reload": fresh, "rows": self._rows}
            for worker in self._workers.values():
                worker.changing = True
                self._say(worker, told, [self._sockets[name].fileno() for name in fresh])
        self._tell_manager()

    def _tell_manager(self) -> None:
        """Say that the gateway is ready, once all workers are."""
        waiting = [w for w in self._workers.values() if not w.listening or w.changing]
        if self._stopping or waiting or len(self._workers) < self._count:
            return
        if self._begun and not self._reloading:
            return
        self._begun, self._reloading = True, False
        names = ", ".join(sorted(self._sockets))
        service.ready(f"Taking mail on {names}, with {self._count} workers")

    def _stop(self) -> None:
        """Close the doors and have all workers finish."""
        if self._stopping:
            return
        self._stopping = True
        self._due.clear()
        service.stopping("Finishing what is under way")
        for opened in self._sockets.values():
            opened.close()
        for path in self._paths.values():
            path.unlink(missing_ok=True)
        for worker in self._workers.values():
            with suppress(ProcessLookupError):
                os.kill(worker.pid, signal.SIGTERM)

    def _wait_s(self) -> float:
        """Return how long nothing is to be done."""
        now = time.monotonic()
        return max(0.0, min((at - now for at in self._due.values()), default=BREATH_S))
