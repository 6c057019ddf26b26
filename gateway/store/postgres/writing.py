"""One transaction for a batch on PostgreSQL, in the turn of all nodes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from gateway.interfaces import StoreBusyError
from gateway.model.envelope import Relayed, RelayState
from gateway.model.place import ServedPath
from gateway.store import database
from gateway.store.blobs import Blobs
from gateway.store.entry_rows import Judged
from gateway.store.ledger import Ledger
from gateway.store.postgres.driver import ServedConnection
from gateway.store.postgres.nodes import Underway
from gateway.store.retention import Retirement
from gateway.store.rows import Digester, entry_name, entry_number, micros
from gateway.store.turns import roll_back


class ServedWriting:
    """A Turn: octets first, then the rows that name them."""

    def __init__(  # noqa: PLR0917 - what it is made of
        self,
        path: ServedPath,
        connection: ServedConnection,
        blobs: Blobs,
        digester: Digester,
        clock: Callable[[], datetime],
        node: str,
    ) -> None:
        self._path = path
        self._connection = connection
        self._blobs = blobs
        self._clock = clock
        self.ledger = Ledger(connection, digester, blobs, clock)
        self.retirement = Retirement(connection)
        self.underway = Underway(connection, node)
        self.afterwards: list[Callable[[], object]] = []
        """What to do once the batch is durable."""

    def begin(self, *, patient: bool = True) -> None:
        """Take the turn to write. A server may let one wait: it is never done on the loop."""
        if not patient:
            raise StoreBusyError("A batch is written in a thread.")
        self.afterwards.clear()
        with database.told(self._path):
            self._connection.execute("BEGIN IMMEDIATE")
            newest = self._connection.execute("SELECT coalesce(max(entry), 0) FROM entries")
            self.ledger.begin()
            # Whatever the clocks of nodes say, who waits for the next entry misses none.
            self.ledger.follow((newest.fetchone() or (0,))[0])

    def record(self, judged: Judged) -> str:
        """Write one sighting, and that this node relays it; return the id of its entry."""
        name = self.ledger.record(judged)
        sha256_in = judged.case.envelope.content.sha256
        self.underway.begin(entry_number(name) or 0, sha256_in, micros(self._clock()))
        return name

    def arrive(self) -> None:
        """Say that this node begins. Raises StoreVersionError when the store was moved just now."""
        self.underway.seen(micros(self._clock()))
        database.refuse_copied(self._connection, self._path)

    def beat(self) -> None:
        """Say that this node is there, and settle what nodes left that are gone."""
        self.underway.seen(micros(self._clock()))
        self.recover()

    def recover(self, ours_before: int = 0) -> int:
        """Settle as unknown what nobody relays any more; return how many."""
        left = self.underway.left(micros(self._clock()), ours_before)
        for entry, sha256_in in left:
            self.ledger.settle(entry_name(entry), sha256_in, Relayed(RelayState.UNKNOWN))
        return len(left)

    def complete(self) -> None:
        """Write what was gathered."""
        with database.told(self._path):
            self.ledger.flush()

    def end(self) -> None:
        """Make the batch durable."""
        with database.told(self._path):
            self._blobs.flush()
            self._connection.tell("entries")
            self._connection.execute("COMMIT")
        self._blobs.settle()
        for work in self.afterwards:
            work()

    def undo(self) -> None:
        """Take the batch back."""
        self.ledger.forget()
        self._blobs.undo()
        roll_back(self._connection)

    def explained(self, error: Exception) -> StoreBusyError | None:
        """Return what to say when the store itself failed."""
        return database.explained(error, self._path)

    def close(self) -> None:
        """Close the connection and the segment."""
        self._blobs.close()
        self._connection.close()
