"""An index of the words of the record, in a file of its own: no letter ever waits for it.

It holds terms, no text, and can be made anew from the record at any time. Documents are numbered
by the time of receipt, so that the newest come first and a stretch of time is a stretch of
numbers. What is taken out goes with `forget`: then nothing of it is left in the file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

from gateway.store import database
from gateway.store.book import now
from gateway.store.rows import FOREVER, micros
from gateway.store.side_file import SideFile
from gateway.store.terms import terms_of

FILE: Final = "search.db"
VERSION: Final = 2
"""Of what is indexed: another one is made anew."""
_SCHEMA: Final = (
    (
        "CREATE TABLE IF NOT EXISTS documents (document INTEGER PRIMARY KEY, entry INTEGER NOT NULL"
        " UNIQUE, holds INTEGER NOT NULL, kept_until INTEGER NOT NULL) STRICT"
    ),
    "CREATE INDEX IF NOT EXISTS documents_kept ON documents (kept_until) WHERE kept_until > 0",
    (
        "CREATE VIRTUAL TABLE IF NOT EXISTS terms USING fts5(said, known, may, content='',"
        " contentless_delete=1, detail=column, tokenize='ascii', prefix='3 4')"
    ),
)


class Spoken(NamedTuple):
    """What is indexed of an entry."""

    entry: int
    holds: int
    """The number of the decision that holds: another one is another reason."""
    received_at: int
    kept_until: int
    said: tuple[str, ...]
    """What everybody finds who may see it: subject, words, author, user, reason."""
    known: tuple[str, ...]
    """What only its sender and admins find: whom it went to."""
    may: tuple[str, ...]
    """Whose it is: see `of_user`, `of_mailbox`, `of_contact`."""


@dataclass(frozen=True, slots=True)
class Finders:
    """Who looks, where that is no admin."""

    own: str
    """The mark of the user's own mail."""
    others: tuple[str, ...] = ()
    """Marks of further mail that he may see."""


def of_user(key: str) -> str:
    """Return the mark of a user's mail."""
    return _mark("u", key)


def of_mailbox(address: str) -> str:
    """Return the mark of mail that reached a mailbox."""
    return _mark("m", address)


def of_domain(domain: str) -> str:
    """Return the mark of mail that somebody at a domain wrote or got."""
    return _mark("d", domain.lower())


def of_contact(number: int) -> str:
    """Return the mark of mail that is tied to a contact."""
    return f"c{number}"


class SearchIndex(SideFile):
    """The index in this folder; made when it is not there."""

    def __init__(self, folder: Path, *, clock: Callable[[], datetime] = now) -> None:
        super().__init__(folder / FILE, _SCHEMA, clock=clock, timeout_s=30.0)
        if self._rows("PRAGMA user_version") != [(VERSION,)]:
            self._begin_anew()

    def put(self, read: Callable[[], Iterable[Spoken]]) -> int:
        """Index what `read` gives, in place of what is known of it; return how many.

        It is read under the lock, so that what is erased meanwhile is taken out after it.
        """
        with self._change() as change:
            count = 0
            for one in read():
                self._take_out(change, [one.entry])
                self._add(change, one)
                count += 1
            return count

    def forget(self, entries: Iterable[int]) -> None:
        """Take entries out, and leave nothing of them in the file."""
        with self._change() as change:
            self._take_out(change, entries)
        self._clean()

    def expire(self) -> int:
        """Take out what is kept no longer; return how many."""
        with self._change() as change:
            due = change.execute(
                "SELECT entry FROM documents WHERE kept_until > 0 AND kept_until <= ?",
                (micros(self._clock()),),
            ).fetchall()
            self._take_out(change, [entry for (entry,) in due])
        if due:
            self._clean()
        return len(due)

    def find(
        self,
        asked: Sequence[str],
        finders: Finders | None,
        *,
        after: int = FOREVER,
        since: int = 0,
        count: int = 200,
    ) -> list[tuple[int, int]]:
        """Return document and entry of what holds all the terms, newest first.

        `after` is the document of the last one known; `since` a time.
        """
        return self._matching(_expression(asked, finders), after, since, count)

    def find_own(
        self, finders: Finders, *, after: int = FOREVER, since: int = 0, count: int = 200
    ) -> list[tuple[int, int]]:
        """Return all that somebody may see, in the same way."""
        whose = " OR ".join((finders.own, *finders.others))
        return self._matching(f"may : ({whose})", after, since, count)

    def find_company(
        self,
        domain: str,
        finders: Finders | None,
        contacts: Sequence[str],
        *,
        after: int = FOREVER,
        since: int = 0,
        count: int = 200,
    ) -> list[tuple[int, int]]:
        """Return what people at a domain wrote or got; `contacts` are marks of the finder's own."""
        whole = _expression((of_domain(domain),), finders)
        if contacts:
            whole = f"{whole} OR (may : ({' OR '.join(contacts)}))"
        return self._matching(whole, after, since, count)

    def document(self, entry: int) -> int | None:
        """Return the document of an entry; None for one that is not indexed."""
        rows = self._rows("SELECT document FROM documents WHERE entry = ?", entry)
        return int(rows[0][0]) if rows else None

    def _matching(
        self, expression: str, after: int, since: int, count: int
    ) -> list[tuple[int, int]]:
        rows = self._rows(
            "SELECT t.rowid, d.entry FROM terms t JOIN documents d ON d.document = t.rowid"
            " WHERE terms MATCH ? AND t.rowid < ? AND t.rowid >= ? ORDER BY t.rowid DESC LIMIT ?",
            expression,
            after,
            since,
            count,
        )
        return [(document, entry) for document, entry in rows]

    def holds(self, entries: Sequence[int]) -> dict[int, int]:
        """Return of those entries that are indexed which decision they were indexed by."""
        places = ",".join("?" * len(entries))
        sql = f"SELECT entry, holds FROM documents WHERE entry IN ({places})"
        return dict(self._rows(sql, *entries))

    def reach(self, back: int = 0) -> tuple[int, int] | None:
        """Return the lowest entry, and the highest but `back`; None when it is empty."""
        lowest = self._rows("SELECT min(entry) FROM documents")[0][0]
        if lowest is None:
            return None
        highest = self._rows(
            "SELECT entry FROM documents ORDER BY entry DESC LIMIT 1 OFFSET ?", back
        )
        return lowest, highest[0][0] if highest else lowest

    def _begin_anew(self) -> None:
        """Throw away what was indexed by other marks: it is made of the record again."""
        with self._change() as change:
            if change.execute("PRAGMA user_version").fetchone() != (VERSION,):
                for name in ("documents", "terms"):
                    change.execute(f"DROP TABLE {name}")
                for statement in _SCHEMA:
                    change.execute(statement)
                change.execute(f"PRAGMA user_version = {VERSION}")

    def _add(self, change: database.Connection, one: Spoken) -> None:
        document = document_at(one.received_at)
        while change.execute(_TAKEN, (document,)).fetchall():
            document += 1
        change.execute(
            "INSERT INTO documents VALUES (?, ?, ?, ?)",
            (document, one.entry, one.holds, 0 if one.kept_until == FOREVER else one.kept_until),
        )
        change.execute(
            "INSERT INTO terms (rowid, said, known, may) VALUES (?, ?, ?, ?)",
            (document, _joined(one.said), _joined(one.known), " ".join(one.may)),
        )

    def _take_out(self, change: database.Connection, entries: Iterable[int]) -> None:
        for entry in entries:
            gone = change.execute(
                "DELETE FROM documents WHERE entry = ? RETURNING document", (entry,)
            ).fetchall()
            change.executemany("DELETE FROM terms WHERE rowid = ?", gone)

    def _clean(self) -> None:
        """Rewrite what still holds terms of what was taken out, and empty the log."""
        with database.told(self._path):
            self._connection.execute("INSERT INTO terms(terms) VALUES ('optimize')")
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


_TAKEN: Final = "SELECT 1 FROM documents WHERE document = ?"


def document_at(time: int) -> int:
    """Return the number of the first document of a time: milliseconds are close enough."""
    return time // 1000


def _joined(texts: Iterable[str]) -> str:
    return " ".join(dict.fromkeys(term for text in texts for term in terms_of(text)))


def _expression(asked: Sequence[str], finders: Finders | None) -> str:
    words = " AND ".join(asked)
    if finders is None:
        return f"{{said known}} : ({words})"
    own = f"({{said known}} : ({words}) AND may : {finders.own})"
    if not finders.others:
        return own
    others = " OR ".join(finders.others)
    return f"({{said}} : ({words}) AND may : ({others})) OR {own}"


def _mark(kind: str, name: str) -> str:
    return kind + hashlib.sha256(name.encode()).hexdigest()[:16]
