"""Reads what the search index holds of the record: without a lock that a letter waits for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from gateway.store.contacts import read_contacts
from gateway.store.database import told
from gateway.store.entries import Entries
from gateway.store.rows import FOREVER, from_json, keys_of, micros
from gateway.store.search_index import Spoken, of_contact, of_domain, of_mailbox, of_user

WORDS_LIMIT = 20_000
"""Characters of a message that are indexed."""
_SPOKEN = (
    "SELECT e.entry, e.holds, e.received_at, e.kept_until, e.user, e.mailboxes, e.contacts,"
    " e.outside, e.subject, e.author, e.author_name, e.reason, w.new_text"
    " FROM entries e LEFT JOIN words w ON w.entry = e.entry"
)


class Speech(Entries):
    """The record, read for the index."""

    def after(self, entry: int, count: int) -> Iterator[Spoken]:
        """Yield what was recorded after an entry, oldest first."""
        sql = f"{_SPOKEN} WHERE e.entry > ? ORDER BY e.entry LIMIT ?"
        return self._spoken(self._rows(sql, entry, count))

    def before(self, entry: int, count: int) -> Iterator[Spoken]:
        """Yield what was recorded before an entry, newest first."""
        sql = f"{_SPOKEN} WHERE e.entry < ? ORDER BY e.entry DESC LIMIT ?"
        return self._spoken(self._rows(sql, entry, count))

    def these(self, entries: Sequence[int]) -> Iterator[Spoken]:
        """Yield these entries."""
        places = ",".join("?" * len(entries))
        return self._spoken(self._rows(f"{_SPOKEN} WHERE e.entry IN ({places})", *entries))

    def held(self, since: int, upto: int, count: int) -> list[tuple[int, int]]:
        """Return entry and decision that holds, of a stretch of entries, oldest first."""
        rows = self._rows(
            "SELECT entry, holds FROM entries WHERE entry > ? AND entry <= ?"
            " ORDER BY entry LIMIT ?",
            since,
            upto,
            count,
        )
        return [(entry, holds) for entry, holds in rows]

    def first_since(self, when: datetime) -> int:
        """Return the first entry that was received since then; beyond all where there is none."""
        rows = self._rows(
            "SELECT entry FROM entries WHERE received_at >= ? ORDER BY received_at, entry LIMIT 1",
            micros(when),
        )
        return int(rows[0][0]) if rows else FOREVER

    def _spoken(self, rows: Sequence[Sequence[Any]]) -> Iterator[Spoken]:
        tied = {row[0]: from_json(row[6], tuple[int, ...]) for row in rows}
        with told(self._path):
            people = read_contacts(
                self._connection, sorted({number for some in tied.values() for number in some})
            )
        for entry, holds, received_at, kept_until, user, mailboxes, _, outside, *texts in rows:
            *others, words = texts
            names = (people[number].name for number in tied[entry] if number in people)
            yield Spoken(
                entry,
                holds,
                received_at,
                kept_until,
                said=(*others, user, (words or "")[:WORDS_LIMIT], *_domains([others[1]])),
                known=(*keys_of(outside), *names, *_domains(keys_of(outside))),
                may=(
                    *((of_user(user),) if user else ()),
                    *map(of_mailbox, keys_of(mailboxes)),
                    *map(of_contact, tied[entry]),
                ),
            )


def _domains(addresses: Iterable[str]) -> Iterator[str]:
    """Yield the marks of the domains of addresses."""
    for address in addresses:
        _, at, domain = address.rpartition("@")
        if at:
            yield of_domain(domain)
