"""The store on SQLite: answers, records and settles for the flow (D-2, D-11, D-12).

What costs some tens of microseconds is done on the event loop: recall, and the statements of a
record. What may wait is done in a thread: commits, which take whatever waits (group commit), the
store being locked by somebody else, and all other reading.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Self, TypeVar

from gateway.interfaces import StoreBusyError
from gateway.model.arrival import Arrival
from gateway.model.case import Case
from gateway.model.decision import Decision
from gateway.model.directory import Directory, LoggingAddress
from gateway.model.entry import Kept, Revision
from gateway.model.envelope import Octets, Relayed, RelayState
from gateway.model.facts import Facts, Lookup
from gateway.store import database
from gateway.store.batches import Batches
from gateway.store.blobs import SMALL_OCTETS, Blobs, Place
from gateway.store.bulletin import Bulletin
from gateway.store.checkpoints import Checkpoints
from gateway.store.directory import Configured, read_directory
from gateway.store.entry_rows import Judged
from gateway.store.kept import read_kept, read_waiting
from gateway.store.loops import Loops
from gateway.store.recall import Recall
from gateway.store.retention import free, read_files_in_use, read_freed, read_past
from gateway.store.rows import Digester, micros
from gateway.store.turns import Presence, Reading, Writing
from gateway.store.turnstile import Turnstile

_T = TypeVar("_T")


def _now() -> datetime:
    return datetime.now(UTC)


class SqliteStore:
    """A Recorder on one SQLite file, with a folder of kept octets beside it."""

    _writing: Writing
    _reading: Reading
    _stamp: bytes
    """What the bulletin said when the directory was read."""

    def __init__(
        self,
        path: Path,
        configured: Configured,
        clock: Callable[[], datetime],
        timeout_s: float,
        *,
        shared: bool = False,
    ) -> None:
        self._path = path
        self._configured = configured
        self._clock = clock
        self._unsettled: dict[tuple[str, bytes], RelayState] = {}
        self._loops = Loops()
        self._closed = False
        self._blobs = Blobs(path.with_name(f"{path.name}-blobs"))
        with ExitStack() as opened:
            digester = self._open(opened, timeout_s, shared=shared)
            opened.pop_all()
        self._recall = Recall(self._asking.connection, digester, self._asking.state_of)
        self._patient_recall = Recall(self._reading.connection, digester, self._reading.state_of)
        self._checkpoints = Checkpoints(path)
        self._writing.committed = self._checkpoints.due
        wait = self._writing.wait if shared else None
        self._writer = Batches("writer", self._writing, wait=wait)
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="reader")

    @classmethod
    def open(
        cls,
        path: Path | str,
        *,
        domains: frozenset[str] = frozenset(),
        logging_addresses: Sequence[LoggingAddress] = (),
        crm_logins: frozenset[str] = frozenset(),
        clock: Callable[[], datetime] = _now,
        timeout_s: float = 3.0,
        shared: bool = False,
    ) -> Self:
        """Open the store, made new or brought up to date as needed.

        What was still being relayed when the last process ended becomes `unknown` (D-2), unless
        another process has the store open. `shared` is for one of several workers. Raises
        StoreVersionError and StoreBusyError.
        """
        configured = Configured(domains, tuple(logging_addresses), crm_logins)
        return cls(Path(path), configured, clock, timeout_s, shared=shared)

    def close(self) -> None:
        """Commit what waits and close; calling it again does nothing."""
        if self._closed:
            return
        self._closed = True
        self._writer.close()
        self._reader.shutdown()
        self._checkpoints.close()
        self._writing.close()
        self._reading.close()
        self._asking.close()
        self._bulletin.close()
        self._presence.leave()

    @property
    def directory(self) -> Directory:
        """The directory as last read; a change by any process is seen at once."""
        if not self._closed and (stamp := self._bulletin.read()) != self._stamp:
            # The last known lists hold while the store is away.
            with suppress(StoreBusyError):
                self._directory = self._read_directory()
                self._stamp = stamp
        return self._directory

    @property
    def jobs(self) -> int:
        """What waits for the writer."""
        return self._writer.waiting

    async def recall(self, lookup: Lookup) -> Facts:
        """Return what is known, from one read snapshot. Raises StoreBusyError."""
        try:
            facts = self._asking.answer(lambda: self._recall.facts(lookup))
        except StoreBusyError:
            facts = await self._read(lambda: self._patient_recall.facts(lookup))
        return self._loops.counted(facts, lookup, self._clock())

    async def record(self, judged: Arrival | Case, decision: Decision) -> str:
        """Commit entry, sighting, decision and effects in one transaction; return the entry id.

        Large content is written beside the queue of the writer, so that no small message waits
        for it. Raises StoreBusyError when nothing was kept.
        """
        recording = Judged(judged, decision)
        content = judged.envelope.content
        self._loops.note(judged)
        if not recording.content_kept or content.size <= SMALL_OCTETS:
            return await self._writer.ask(lambda: self._writing.ledger.record(recording))
        place = await asyncio.to_thread(self._put_large, content.octets)
        recording = Judged(judged, decision, place)
        try:
            return await self._writer.ask(lambda: self._writing.ledger.record(recording))
        except StoreBusyError:
            await asyncio.to_thread(self._drop_large, place)
            raise

    async def revise(self, case: Arrival | Case, revision: Revision) -> None:
        """Append a decision to an entry, with its effects; the old ones stay."""
        await self._writer.ask(lambda: self._writing.ledger.revise(case, revision))

    async def kept(self, entry_id: str) -> Kept | None:
        """Return what is kept of an entry, or None when nothing of its content is."""
        return await self._read(lambda: self._kept(entry_id))

    async def waiting(self) -> Sequence[str]:
        """Return entries that are to be judged anew because another message came, oldest first."""
        return await self._read(self._waiting)

    async def dismiss(self, entry_id: str) -> None:
        """Take an entry off that list: its decision stands."""
        await self._writer.ask(lambda: self._writing.ledger.dismiss(entry_id))

    def settle(self, entry_id: str, sha256_in: bytes, relayed: Relayed) -> None:
        """Note how the relay ended; rides in a later commit, never raises, never waits."""
        key = (entry_id, sha256_in)
        self._unsettled[key] = relayed.state

        def work() -> None:
            self._writing.ledger.settle(entry_id, sha256_in, relayed)
            self._writing.afterwards.append(lambda: self._unsettled.pop(key, None))

        self._writer.tell(work)

    async def recover(self, before: datetime) -> int:
        """Mark as `unknown` what a worker left that ended, by now for certain; return how many."""
        at = micros(before)
        return await self._writer.ask(lambda: self._writing.ledger.recover(at))

    async def purge(self, now: datetime) -> int:
        """Free the content whose time is over; return of how many messages.

        Raises StoreBusyError; what was not freed then is freed next time.
        """
        writing, reading = self._writing, self._reading.connection
        count = await self._writer.ask(lambda: writing.retirement.retire(micros(now)))
        freed = await self._read(lambda: read_freed(reading))
        used = await self._read(lambda: read_files_in_use(reading))
        gone = await asyncio.to_thread(self._free, freed, used)
        if gone:
            await self._writer.ask(lambda: writing.retirement.forget(gone))
        return count

    async def prune(self, history: datetime, outbox: datetime) -> int:
        """Forget decisions and events of before; return of how many. Raises StoreBusyError."""
        writing, connection = self._writing, self._reading.connection
        count, times = 0, (micros(history), micros(outbox))
        while past := await self._read(lambda: read_past(connection, *times)):
            await self._writer.ask(partial(writing.retirement.prune, past))
            count += len(past)
        return count

    async def _read(self, question: Callable[[], _T]) -> _T:
        """Return what a question gives, asked beside the event loop. Raises StoreBusyError."""
        if self._closed:
            raise StoreBusyError(f"The store {self._path} is closed.")
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._reader, self._reading.answer, question)

    def _open(self, opened: ExitStack, timeout_s: float, *, shared: bool) -> Digester:
        """Open what the store is made of, each closed again when what follows fails."""
        path = self._path
        with database.told(path):
            self._presence = Presence(path)
        opened.callback(self._presence.leave)
        with database.told(path):
            self._bulletin = Bulletin(path)
        opened.callback(self._bulletin.close)
        connection = database.connect(path, timeout_s=timeout_s)
        opened.callback(connection.close)
        database.migrate(connection, path)
        connection.execute("PRAGMA busy_timeout = 0")
        self._asking = Reading(path, 0.05, self._unsettled)
        opened.callback(self._asking.close)
        self._stamp = self._bulletin.read()
        self._directory = self._read_directory()
        digester = Digester(self._directory.erased_key)
        with database.told(path):
            turnstile = Turnstile(path) if shared else None
        self._writing = Writing(
            path, connection, self._blobs, digester, self._clock, timeout_s, turnstile
        )
        self._recover()
        self._reading = Reading(path, timeout_s, self._unsettled)
        return digester

    def _recover(self) -> None:
        if self._presence.alone():
            self._writing.begin()
            self._writing.ledger.recover()
            self._writing.complete()
            self._writing.end()
        self._presence.stay()

    def _read_directory(self) -> Directory:
        connection = self._asking.connection
        return self._asking.answer(lambda: read_directory(connection, self._configured))

    def _kept(self, entry_id: str) -> Kept | None:
        now = micros(self._clock())
        reading = self._reading
        return read_kept(reading.connection, self._blobs, entry_id, now, reading.state_of)

    def _waiting(self) -> tuple[str, ...]:
        return read_waiting(self._reading.connection, micros(self._clock()))

    def _free(self, freed: Sequence[tuple[int, Place]], used: frozenset[str]) -> Sequence[int]:
        with database.told(self._path):
            return free(self._blobs, freed, used)

    def _put_large(self, octets: Octets) -> Place:
        with database.told(self._path):
            return self._blobs.put_large(octets)

    def _drop_large(self, place: Place) -> None:
        with suppress(OSError):
            self._blobs.free(place)
