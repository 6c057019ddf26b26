"""The store on PostgreSQL: answers, records and settles for the flow, for any number of nodes.

What waits goes into one transaction (group commit), in a thread, in the writers' turn: all nodes
write one after another, as if the database were a file (D-12). Questions are asked by several
threads, each with a connection and a snapshot of its own.
"""

from __future__ import annotations

import asyncio
import queue
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from datetime import datetime
from functools import partial
from typing import NamedTuple, TypeVar

from gateway.interfaces import StoreBusyError
from gateway.model.arrival import Arrival
from gateway.model.case import Case
from gateway.model.decision import Decision
from gateway.model.directory import Directory
from gateway.model.entry import Kept, Revision
from gateway.model.envelope import Relayed, RelayState
from gateway.model.facts import Facts, Lookup
from gateway.model.place import ServedPath
from gateway.store import database
from gateway.store.batches import Batches
from gateway.store.blobs import SMALL_OCTETS
from gateway.store.bulletin import Bulletin
from gateway.store.directory import Configured, read_directory
from gateway.store.entry_rows import Judged
from gateway.store.kept import read_kept, read_waiting
from gateway.store.loops import Loops
from gateway.store.octets import blobs_of
from gateway.store.postgres.nodes import BEAT_S, Hearing, node_of, opened
from gateway.store.postgres.writing import ServedWriting
from gateway.store.recall import Recall
from gateway.store.retention import free, read_files_in_use, read_freed, read_past
from gateway.store.rows import FOREVER, Digester, entry_number, micros
from gateway.store.turns import Presence, Reading

ASKERS = 4
"""How many questions are asked at once."""
_T = TypeVar("_T")


class _Asker(NamedTuple):
    """A connection that questions are asked through."""

    reading: Reading
    recall: Recall


class PostgresStore:
    """A Recorder on a PostgreSQL database that other nodes may share."""

    def __init__(
        self,
        path: ServedPath,
        configured: Configured,
        clock: Callable[[], datetime],
        timeout_s: float,
    ) -> None:
        self._path = path
        self._configured = configured
        self._clock = clock
        self._unsettled: dict[tuple[str, bytes], RelayState] = {}
        self._loops = Loops()
        self._closed = False
        self._beaten_at = 0.0
        with ExitStack() as stack:
            with database.told(path):
                self._presence = Presence(path)
                stack.callback(self._presence.leave)
                self._bulletin = Bulletin(path)
                stack.callback(self._bulletin.close)
                node = node_of(path)
                self._blobs = blobs_of(path, node)
            connection = opened(path, timeout_s)
            stack.callback(connection.close)
            database.migrate(connection, path)
            self._askers: queue.SimpleQueue[_Asker] = queue.SimpleQueue()
            self._first = Reading(path, timeout_s, self._unsettled)
            stack.callback(self._first.close)
            self._stamp = self._bulletin.read()
            self._directory = self._read_directory()
            digester = Digester(self._directory.erased_key)
            self._writing = ServedWriting(path, connection, self._blobs, digester, clock, node)
            self._recover()
            self._hearing = Hearing(path, self._bulletin.change)
            stack.pop_all()
        self._open_askers(digester, timeout_s)
        self._writer = Batches("writer", self._writing)
        self._readers = ThreadPoolExecutor(ASKERS, thread_name_prefix="reader")

    def close(self) -> None:
        """Commit what waits and close; calling it again does nothing."""
        if self._closed:
            return
        self._closed = True
        self._writer.close()
        self._readers.shutdown()
        self._hearing.close()
        self._writing.close()
        while not self._askers.empty():
            self._askers.get().reading.close()
        self._first.close()
        self._bulletin.close()
        self._presence.leave()

    @property
    def directory(self) -> Directory:
        """The directory as last read; a change by any node is seen within a second."""
        if not self._closed and (stamp := self._bulletin.read()) != self._stamp:
            # The last known lists hold while the store is away.
            with suppress(StoreBusyError):
                read = self._read_directory()
                self._stamp = stamp
                # Of one change it is heard by the files of this node, and by the server.
                if read.version != self._directory.version:
                    self._directory = read
        return self._directory

    @property
    def jobs(self) -> int:
        """What waits for the writer."""
        return self._writer.waiting

    async def recall(self, lookup: Lookup) -> Facts:
        """Return what is known, from one read snapshot. Raises StoreBusyError."""
        facts = await self._read(lambda asker: asker.recall.facts(lookup))
        return self._loops.counted(facts, lookup, self._clock())

    async def record(self, judged: Arrival | Case, decision: Decision) -> str:
        """Commit entry, sighting, decision and effects in one transaction; return the entry id.

        Raises StoreBusyError when nothing was kept.
        """
        recording = Judged(judged, decision)
        content = judged.envelope.content
        self._loops.note(judged)
        if not recording.content_kept or content.size <= SMALL_OCTETS:
            return await self._writer.ask(lambda: self._writing.record(recording))
        place = await self._beside(lambda: self._blobs.put_large(content.octets))
        recording = Judged(judged, decision, place)
        try:
            return await self._writer.ask(lambda: self._writing.record(recording))
        except StoreBusyError:
            with suppress(StoreBusyError):
                await self._beside(lambda: self._blobs.free(place))
            raise

    async def revise(self, case: Arrival | Case, revision: Revision) -> None:
        """Append a decision to an entry, with its effects; the old ones stay."""
        await self._writer.ask(lambda: self._writing.ledger.revise(case, revision))

    async def kept(self, entry_id: str) -> Kept | None:
        """Return what is kept of an entry, or None when nothing of its content is."""
        return await self._read(lambda asker: self._kept(asker.reading, entry_id))

    async def waiting(self) -> Sequence[str]:
        """Return entries that are to be judged anew because another message came, oldest first."""
        await self._beat()
        now = micros(self._clock())
        return await self._read(lambda asker: read_waiting(asker.reading.connection, now))

    async def dismiss(self, entry_id: str) -> None:
        """Take an entry off that list: its decision stands."""
        await self._writer.ask(lambda: self._writing.ledger.dismiss(entry_id))

    def settle(self, entry_id: str, sha256_in: bytes, relayed: Relayed) -> None:
        """Note how the relay ended; rides in a later commit, never raises, never waits."""
        key = (entry_id, sha256_in)
        self._unsettled[key] = relayed.state

        def work() -> None:
            self._writing.ledger.settle(entry_id, sha256_in, relayed)
            self._writing.underway.end(entry_number(entry_id) or 0, sha256_in)
            self._writing.afterwards.append(lambda: self._unsettled.pop(key, None))

        self._writer.tell(work)

    async def recover(self, before: datetime) -> int:
        """Settle as `unknown` what a worker left that ended for certain; return how many."""
        at = micros(before)
        return await self._writer.ask(lambda: self._writing.recover(at))

    async def purge(self, now: datetime) -> int:
        """Free the content whose time is over; return of how many messages.

        Raises StoreBusyError; what was not freed then is freed next time.
        """
        writing = self._writing
        count = await self._writer.ask(lambda: writing.retirement.retire(micros(now)))
        freed = await self._read(lambda asker: read_freed(asker.reading.connection))
        used = await self._read(lambda asker: read_files_in_use(asker.reading.connection))
        gone = await self._beside(lambda: free(self._blobs, freed, used))
        if gone:
            await self._writer.ask(lambda: writing.retirement.forget(gone))
        return count

    async def prune(self, history: datetime, outbox: datetime) -> int:
        """Forget decisions and events of before; return of how many. Raises StoreBusyError."""
        count, times = 0, (micros(history), micros(outbox))
        while past := await self._read(lambda asker: read_past(asker.reading.connection, *times)):
            await self._writer.ask(partial(self._writing.retirement.prune, past))
            count += len(past)
        return count

    async def _beat(self) -> None:
        """Say now and then that this node is there, and settle what gone nodes left."""
        now = self._clock().timestamp()
        if abs(now - self._beaten_at) >= BEAT_S:
            self._beaten_at = now
            await self._writer.ask(self._writing.beat)

    async def _read(self, question: Callable[[_Asker], _T]) -> _T:
        """Return what a question gives, asked beside the event loop. Raises StoreBusyError."""
        if self._closed:
            raise StoreBusyError(f"The store {self._path.shown} is closed.")

        def ask() -> _T:
            asker = self._askers.get()
            try:
                return asker.reading.answer(lambda: question(asker))
            finally:
                self._askers.put(asker)

        return await asyncio.get_running_loop().run_in_executor(self._readers, ask)

    async def _beside(self, work: Callable[[], _T]) -> _T:
        """Do something to the octets, beside the event loop. Raises StoreBusyError."""

        def do() -> _T:
            with database.told(self._path):
                return work()

        return await asyncio.to_thread(do)

    def _open_askers(self, digester: Digester, timeout_s: float) -> None:
        for _ in range(ASKERS):
            reading = Reading(self._path, timeout_s, self._unsettled)
            self._askers.put(
                _Asker(reading, Recall(reading.connection, digester, reading.state_of))
            )

    def _recover(self) -> None:
        """Settle what this node was relaying when it ended, unless another process has it open."""
        ours_before = FOREVER if self._presence.alone() else 0
        self._writing.begin()
        self._writing.arrive()
        self._writing.recover(ours_before)
        self._writing.complete()
        self._writing.end()
        self._presence.stay()

    def _read_directory(self) -> Directory:
        connection = self._first.connection
        return self._first.answer(lambda: read_directory(connection, self._configured))

    def _kept(self, reading: Reading, entry_id: str) -> Kept | None:
        now = micros(self._clock())
        return read_kept(reading.connection, self._blobs, entry_id, now, reading.state_of)
