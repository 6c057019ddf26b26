"""The registry's part about threads that a person makes one of."""

from __future__ import annotations

from datetime import datetime

from gateway.store.book import Book
from gateway.store.faults import AlreadyKnownError, UnknownEntryError
from gateway.store.rows import Digester, entry_number
from gateway.store.threads import Threads


class Linker(Book):
    """Makes one thread of two, since nothing in the messages says that they belong together."""

    def link(self, entry_id: str, other_id: str, *, at: datetime | None = None) -> None:
        """Put the thread of an entry into that of another; what is kept of it waits to be judged.

        Raises AlreadyKnownError where they are one thread.
        """
        key = self._one("SELECT value FROM settings WHERE name = 'key'")
        thread, home = self._thread(entry_id), self._thread(other_id)
        if thread == home:
            raise AlreadyKnownError(f"{entry_id} and {other_id} are of one thread already.")
        with self._change() as change:
            threads = Threads(change, Digester(key[0] if key else b""))
            tied = threads.link(home, thread)
            threads.save(tied)
            threads.stir(tied, entry_number(other_id) or 0, self._at(at))

    def _thread(self, entry_id: str) -> int:
        row = self._one("SELECT thread FROM entries WHERE entry = ?", entry_number(entry_id))
        if row is None:
            raise UnknownEntryError(entry_id)
        return int(row[0])
