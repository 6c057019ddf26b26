"""Stands in for a store that cannot be opened yet, and hands over to it once it can (D-3).

Until then each question is refused, as by a store that went away under way: mail flows, its octets
wait in the spool, and the lists are those that were last known.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from gateway.interfaces import StoreBusyError
from gateway.model.arrival import Arrival
from gateway.model.case import Case
from gateway.model.decision import Decision
from gateway.model.directory import Directory
from gateway.model.entry import Kept, Revision
from gateway.model.envelope import Relayed
from gateway.model.facts import Facts, Lookup
from gateway.store.sqlite import SqliteStore

if TYPE_CHECKING:
    from gateway.store.postgres.store import PostgresStore


class AwaitedStore:
    """A Recorder that is one as soon as its store can be opened."""

    def __init__(
        self,
        opening: Callable[[], SqliteStore | PostgresStore],
        lists: Directory,
        trouble: StoreBusyError,
    ) -> None:
        self._opening = opening
        self._lists = lists
        self._store: SqliteStore | PostgresStore | None = None
        self.trouble = str(trouble)
        """Why it could not be opened the last time; empty once it is."""

    def try_again(self) -> None:
        """Open it, in whatever thread; raises what `open_store` does, and may be called again."""
        try:
            self._store = self._opening()
        except StoreBusyError as error:
            self.trouble = str(error)
            raise
        self.trouble = ""

    def close(self) -> None:
        """Close what could be opened."""
        if self._store is not None:
            self._store.close()

    @property
    def directory(self) -> Directory:
        """The directory; as it was last known while the store is away."""
        return self._lists if self._store is None else self._store.directory

    @property
    def jobs(self) -> int:
        """What waits for the writer."""
        return 0 if self._store is None else self._store.jobs

    async def recall(self, lookup: Lookup) -> Facts:
        """As the store; raises StoreBusyError while it is away, as all of these."""
        return await self._there.recall(lookup)

    async def record(self, judged: Arrival | Case, decision: Decision) -> str:
        """As the store."""
        return await self._there.record(judged, decision)

    async def revise(self, case: Arrival | Case, revision: Revision) -> None:
        """As the store."""
        await self._there.revise(case, revision)

    async def kept(self, entry_id: str) -> Kept | None:
        """As the store."""
        return await self._there.kept(entry_id)

    async def waiting(self) -> Sequence[str]:
        """As the store."""
        return await self._there.waiting()

    async def dismiss(self, entry_id: str) -> None:
        """As the store."""
        await self._there.dismiss(entry_id)

    def settle(self, entry_id: str, sha256_in: bytes, relayed: Relayed) -> None:
        """As the store, which is there: it gave the entry its id."""
        self._there.settle(entry_id, sha256_in, relayed)

    async def purge(self, now: datetime) -> int:
        """As the store."""
        return await self._there.purge(now)

    async def prune(self, history: datetime, outbox: datetime) -> int:
        """As the store."""
        return await self._there.prune(history, outbox)

    async def recover(self, before: datetime) -> int:
        """As the store; a server sees to that by itself."""
        there = self._there
        return await there.recover(before) if isinstance(there, SqliteStore) else 0

    @property
    def _there(self) -> SqliteStore | PostgresStore:
        if self._store is None:
            raise StoreBusyError(self.trouble)
        return self._store
