"""Reading entries: for the command line, and for the web pages in their own process.

A connection of its own, which never writes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from gateway.model.decision import Outcome, Reason
from gateway.model.entry import AttachmentNote, Entry, PastDecision
from gateway.model.envelope import Direction, Relayed, RelayState, Reply
from gateway.store import database
from gateway.store.book import address_key, now
from gateway.store.closing import Closing
from gateway.store.contacts import contact_numbers, read_contacts
from gateway.store.described import read_attachment, read_notes, read_trace
from gateway.store.recall import hits_of, read_sightings, read_threads
from gateway.store.rows import (
    Digester,
    entry_name,
    entry_number,
    from_json,
    keys_of,
    micros,
    moment,
)


@dataclass(frozen=True, slots=True)
class Filters:
    """Which entries are asked for; empty asks for all."""

    outcome: Outcome | None = None
    reason: Reason | None = None
    address: str = ""
    """A party: author or recipient."""
    since: datetime | None = None
    until: datetime | None = None
    """Received before that."""
    thread: int | None = None
    kept: bool | None = None
    """Whether the octets are still there."""
    limit: int | None = None


class Entries(Closing):
    """The record, read."""

    def __init__(
        self, path: Path | str, *, clock: Callable[[], datetime] = now, timeout_s: float = 5.0
    ) -> None:
        self._path = path if isinstance(path, Path) else Path(path)
        self._clock = clock
        self._connection = database.connect(self._path, read_only=True, timeout_s=timeout_s)
        with database.told(self._path):
            database.check_version(self._connection, self._path)
            key = self._connection.execute("SELECT value FROM settings WHERE name = 'key'")
            self._digester = Digester(key.fetchone()[0])

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def search(self, filters: Filters | None = None) -> Iterator[Entry]:
        """Yield the entries that pass all filters, newest first."""
        where, values = self._where(filters or Filters())
        limit = filters.limit if filters and filters.limit is not None else -1
        rows = self._rows(
            f"SELECT entry FROM entries WHERE {where} ORDER BY received_at DESC, entry DESC"
            " LIMIT ?",
            *values,
            limit,
        )
        for (number,) in rows:
            if (entry := self._read(number)) is not None:
                yield entry

    def find(self, asked: str) -> Entry | None:
        """Return the entry with this id or Message-ID, the newest of several, or None."""
        if (number := entry_number(asked)) is not None and (found := self._read(number)):
            return found
        message_id = asked.strip().removeprefix("<").removesuffix(">")
        with database.told(self._path):
            hits = hits_of(self._connection, self._digester, [message_id])
        numbers = sorted(hit.entry for some in hits.values() for hit in some if hit.entry)
        return self._read(numbers[-1]) if numbers else None

    def timeline(self, contact: int | str) -> Iterator[Entry]:
        """Yield what is logged of a contact, newest first; merged ones are part of it."""
        with database.told(self._path):
            if isinstance(contact, str) and not contact.isdecimal():
                key = address_key(contact)
                asked = contact_numbers(self._connection, [key]).get(key, ())
            else:
                asked = (int(contact),)
            keepers = read_contacts(self._connection, asked)
        for keeper in {person.contact_id for person in keepers.values()}:
            for (number,) in self._rows(_TIMELINE, keeper):
                if (entry := self._read(number)) is not None:
                    yield entry

    def kept_count(self, filters: Filters | None = None) -> int:
        """Return of how many entries that pass the filters the content is kept."""
        where, values = self._where(filters or Filters())
        at = micros(self._clock())
        (row,) = self._rows(
            f"SELECT count(*) FROM entries WHERE {where} AND kept_until > ?", *values, at
        )
        return int(row[0])

    def _where(self, filters: Filters) -> tuple[str, list[Any]]:
        asked: list[tuple[str, Any]] = []
        if filters.outcome is not None:
            asked.append(("outcome = ?", filters.outcome))
        if filters.reason is not None:
            asked.append(("reason = ?", filters.reason))
        if filters.address:
            digest = self._digester.address(address_key(filters.address))
            asked.append(("entry IN (SELECT entry FROM parties WHERE id64 = ?)", digest))
        if filters.since is not None:
            asked.append(("received_at >= ?", micros(filters.since)))
        if filters.until is not None:
            asked.append(("received_at < ?", micros(filters.until)))
        if filters.thread is not None:
            with database.told(self._path):
                row = read_threads(self._connection, [filters.thread]).get(filters.thread)
            asked.append(("thread = ?", row.thread if row else filters.thread))
        if filters.kept is not None:
            sign = ">" if filters.kept else "<="
            asked.append((f"kept_until {sign} ?", micros(self._clock())))
        return " AND ".join(["1", *(sql for sql, _ in asked)]), [value for _, value in asked]

    def _rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with database.told(self._path):
            return list(self._connection.execute(sql, values).fetchall())

    def _read(self, number: int) -> Entry | None:
        """Return one entry, all of it from one snapshot."""
        with database.told(self._path):
            self._connection.execute("BEGIN")
            try:
                return _read_entry(self._connection, number, micros(self._clock()))
            finally:
                self._connection.execute("COMMIT")


_TIMELINE = (
    "WITH RECURSIVE merged (contact) AS (VALUES (?) UNION"
    " SELECT c.contact FROM contacts c JOIN merged m ON c.merged_into = m.contact)"
    " SELECT DISTINCT e.entry FROM merged m JOIN tied t ON t.contact = m.contact"
    " JOIN entries e ON e.entry = t.entry WHERE e.outcome IN ('logged', 'partial')"
    " ORDER BY e.received_at DESC, e.entry DESC"
)
_HOLDS = (
    "SELECT d.remedy, d.notes, d.matches, r.rules FROM decisions d JOIN rulebooks r"
    " USING (rulebook) WHERE d.entry = ? AND d.number = ?"
)
_COLUMNS = (
    "entry", "thread", "message_id", "received_at", "direction", "route", "outcome", "reason",
    "holds", "author", "author_name", "subject", "user", "mailboxes", "contacts", "kept_until",
)  # fmt: skip


def _read_entry(connection: database.Connection, number: int, at: int) -> Entry | None:
    row = connection.execute(
        f"SELECT {', '.join(_COLUMNS)} FROM entries WHERE entry = ?", (number,)
    ).fetchone()
    if row is None:
        return None
    told = dict(zip(_COLUMNS, row, strict=True))
    remedy, notes, matches, rules = connection.execute(_HOLDS, (number, told["holds"])).fetchone()
    contacts = read_contacts(connection, from_json(told["contacts"], tuple[int, ...]))
    thread = read_threads(connection, [told["thread"]])[told["thread"]]
    sha256_in, relayed = _relayed(connection, number)
    return Entry(
        entry_id=entry_name(number),
        message_id=told["message_id"],
        received_at=moment(told["received_at"]),
        direction=Direction(told["direction"]),
        route=told["route"],
        author=told["author"],
        author_name=told["author_name"],
        subject=told["subject"],
        outcome=Outcome(told["outcome"]),
        reason=Reason(told["reason"]),
        remedy=remedy,
        relayed=relayed,
        sha256_in=sha256_in,
        thread_id=thread.thread,
        tracked=thread.tracked_at is not None,
        contacts=tuple(dict.fromkeys(contact.primary for contact in contacts.values())),
        mailboxes=keys_of(told["mailboxes"]),
        user=told["user"],
        attachments=_attachments(connection, number),
        notes=read_notes(notes),
        trace=read_trace(rules, matches),
        sightings=read_sightings(connection, number),
        decisions=_decisions(connection, number),
        kept=told["kept_until"] > at,
        text=_text(connection, number),
    )


def _relayed(connection: database.Connection, entry: int) -> tuple[bytes, Relayed]:
    """Return the digest of the first sighting, and how the one that got farthest went onward."""
    rows = connection.execute(
        "SELECT sha256_in, state, sha256_out, reply_code, reply_text FROM sightings"
        " WHERE entry = ? ORDER BY number",
        (entry,),
    ).fetchall()
    best = min(rows, key=lambda row: _FARTHEST.index(row[1]))
    reply = Reply(best[3], keys_of(best[4])) if best[3] is not None else None
    return rows[0][0], Relayed(RelayState(best[1]), reply, best[2])


_FARTHEST = ("relayed", "by-mta", "relaying", "unknown", "deferred", "refused", "consumed")


def _attachments(connection: database.Connection, entry: int) -> tuple[AttachmentNote, ...]:
    rows = connection.execute(
        "SELECT described, sha256, reason FROM attachments WHERE entry = ? ORDER BY number",
        (entry,),
    )
    return tuple(
        AttachmentNote(read_attachment(described, sha256), Reason(reason) if reason else None)
        for described, sha256, reason in rows.fetchall()
    )


def _decisions(connection: database.Connection, entry: int) -> tuple[PastDecision, ...]:
    rows = connection.execute(
        "SELECT decided_at, outcome, reason, remedy, preset, decided_by FROM decisions"
        " WHERE entry = ? AND aside = 0 ORDER BY number",
        (entry,),
    )
    return tuple(
        PastDecision(moment(at), Outcome(outcome), Reason(reason), remedy, preset, by)
        for at, outcome, reason, remedy, preset, by in rows.fetchall()
    )


def _text(connection: database.Connection, entry: int) -> str:
    row = connection.execute("SELECT new_text FROM words WHERE entry = ?", (entry,)).fetchone()
    return row[0] if row else ""
