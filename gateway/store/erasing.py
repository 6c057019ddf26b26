"""Erases a person on request: what stays is that something was erased, and that it stays out.

In place of each message that named the person stands a tombstone: time, way, and the reason
`erased`. Its octets go whole, whoever else they concern; so do the contact, its addresses, and
whatever else names one of them. A keyed digest of each address keeps further mail out.

Order: first the digests, so that nothing new comes in; then the rows; then the octets; then the
write-ahead log is cut, and every file is searched for what may be left.

Limits: backups that were made before, the mail log, and mail to postmaster are not touched.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from gateway.interfaces import StoreBusyError
from gateway.model.decision import Reason
from gateway.store import database
from gateway.store.blobs import Place
from gateway.store.book import Book, address_key
from gateway.store.faults import AlreadyKnownError, ContactAmbiguousError, UnknownContactError
from gateway.store.lists import place_of
from gateway.store.octets import blobs_of, place_of_octets
from gateway.store.retention import free, read_files_in_use
from gateway.store.rows import Digester, from_json, keys_of, to_json
from gateway.store.search_index import FILE as INDEX
from gateway.store.search_index import SearchIndex
from gateway.store.searching import files_with, names_any

REMEDY = "Removed on request; not logged again."
LOG_S = 3.0
"""How long it waits for somebody else who brings the log over."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What was done."""

    addresses: tuple[str, ...]
    messages: int
    """How many have a tombstone in their place now."""
    contacts: int
    octets: int
    """How much content was overwritten or removed."""
    left: tuple[Path, ...]
    """Files in which one of the addresses still stands; there must be none."""


class Eraser(Book):
    """Erases people from the store at this path."""

    def erase(
        self,
        person: str,
        by: str,
        spool: Path | None = None,
        *,
        at: datetime | None = None,
        state: Path | None = None,
    ) -> Erased:
        """Erase whoever has this address. Raises AlreadyKnownError for a user of the company.

        `state` is the folder of the index that the pages search by.
        """
        addresses = self._addresses(person)
        moment = self._at(at)
        self._close_door(addresses, moment)
        words = [address.encode() for address in addresses]
        found = self._involved(addresses, words)
        with self._change() as change:
            people = _contacts_of(change, addresses)
            _bury(change, self._digester(), found, by, moment)
            _forget_people(change, people, addresses)
            _clean_threads(change, people, addresses)
            octets = _take_out_blobs(change, found)
        self._free()
        self._empty_spool(spool, words)
        index = _forget_words(state, found)
        place_of(self._path).unlink(missing_ok=True)
        self._cut_log()
        left = files_with((*self._files(spool), *index), words)
        if self._involved(addresses, words):
            left.append(self._path)
        return Erased(addresses, len(found), len(people), octets, tuple(left))

    def _addresses(self, person: str) -> tuple[str, ...]:
        """Return all addresses of whoever has this one."""
        key = address_key(person)
        for table, column in (("users", "key"), ("user_addresses", "address")):
            if self._one(f"SELECT 1 FROM {table} WHERE {column} = ?", key):
                raise AlreadyKnownError(
                    f"{key} is a user of the company. Turn logging off for that user instead:"
                    f" replygate user forbid {key}"
                )
        try:
            contact = self._contact(key)
        except (UnknownContactError, ContactAmbiguousError):
            # Of a shared address nothing tells whose other addresses are meant.
            return (key,)
        rows = self._rows(
            "SELECT a.address FROM contact_addresses a JOIN contacts c USING (contact)"
            " WHERE ? IN (c.contact, c.merged_into) ORDER BY a.added_at, a.address",
            contact,
        )
        return tuple(dict.fromkeys((key, *(address for (address,) in rows))))

    def _close_door(self, addresses: Sequence[str], moment: int) -> None:
        key = self._key()
        with self._change() as change:
            for address in addresses:
                digest = hmac.new(key, address.encode(), hashlib.sha256).hexdigest()
                change.execute("INSERT OR IGNORE INTO erased VALUES (?, ?)", (digest, moment))

    def _key(self) -> bytes:
        row = self._one("SELECT value FROM settings WHERE name = 'key'")
        return bytes(row[0]) if row else b""

    def _digester(self) -> Digester:
        return Digester(self._key())

    def _involved(self, addresses: Sequence[str], words: Sequence[bytes]) -> frozenset[int]:
        """Return the entries that name the person in any column, or in their octets."""
        digester = self._digester()
        found: set[int] = set()
        for address in addresses:
            found |= _first(self._rows(_BY_PARTY, digester.address(address), address))
            for table, columns in _TOLD.items():
                said = " || ' ' || ".join(f"coalesce({column}, '')" for column in columns)
                sql = f"SELECT entry FROM {table} WHERE instr(lower({said}), ?)"
                found |= _first(self._rows(sql, address))
        blobs = blobs_of(self._path)
        for file, start, size, named in self._rows("SELECT file, start, size, entries FROM blobs"):
            inside = frozenset(from_json(named, tuple[int, ...]))
            with suppress(OSError):
                if inside & found or names_any(bytes(blobs.get(Place(file, start, size))), words):
                    found |= inside
        return frozenset(found)

    def _free(self) -> None:
        """Overwrite or remove what is listed to go."""
        rows = self._rows("SELECT freed, file, start, size FROM freed")
        listed = [(number, Place(file, start, size)) for number, file, start, size in rows]
        with database.told(self._path):
            used = read_files_in_use(self._connection)
            gone = free(blobs_of(self._path), listed, used)
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany(
                "DELETE FROM freed WHERE freed = ?", [(number,) for number in gone]
            )
            self._connection.execute("COMMIT")

    def _empty_spool(self, spool: Path | None, words: Sequence[bytes]) -> None:
        """Drop what waits undecided and names the person."""
        if spool is None or not spool.exists():
            return
        for path in files_with(sorted(spool.rglob("*")), words):
            for suffix in (".json", ".eml"):
                path.with_suffix(suffix).unlink(missing_ok=True)

    def _cut_log(self) -> None:
        """Move all of the write-ahead log into the database, and make it empty."""
        until = time.monotonic() + LOG_S
        with database.told(self._path):
            cut = "PRAGMA wal_checkpoint(TRUNCATE)"
            while busy := self._connection.execute(cut).fetchone()[0]:
                # A running gateway brings it over by itself, now and then.
                if time.monotonic() > until:
                    break
                time.sleep(0.02)
        if busy:
            raise StoreBusyError(
                f"The log of {self._path} is being read, and still holds what was erased."
                " Run the command again."
            )

    def _files(self, spool: Path | None) -> Iterable[Path]:
        beside = self._path.parent.glob(f"{self._path.name}*")
        kept = Path(place_of_octets(self._path)).rglob("*")
        waiting = spool.rglob("*") if spool is not None and spool.exists() else ()
        return (*beside, *kept, *waiting)


def _forget_words(state: Path | None, found: Iterable[int]) -> tuple[Path, ...]:
    """Take these entries out of the index of words; return its files."""
    if state is None or not (state / INDEX).exists():
        return ()
    with SearchIndex(state) as index:
        index.forget(found)
    return tuple(state.glob(f"{INDEX}*"))


_BY_PARTY = (
    "SELECT entry FROM parties WHERE id64 = ?1 UNION SELECT t.entry FROM tied t"
    " JOIN contact_addresses a USING (contact) WHERE a.address = ?2"
)
_TOLD = {
    "entries": ("author", "recipients", "outside", "subject", "missing", "message_id"),
    "decisions": ("remedy", "command", "evidence", "matches", "notes"),
    "sightings": ("recipients", "envelope", "reply_text", "proof"),
    "attachments": ("described",),
    "words": ("new_text",),
    "reports": ("recipient",),
    "outbox": ("told",),
    "pushes": ("said",),
    "notices": ("said", "recipient", "CAST(content AS TEXT)"),
    "message_ids": ("full",),
}
"""Columns that may name a person, of tables that have an entry."""


def _first(rows: Iterable[tuple[Any, ...]]) -> set[int]:
    return {row[0] for row in rows} - {0}


def _contacts_of(change: database.Connection, addresses: Sequence[str]) -> frozenset[int]:
    """Return the contacts that are this person: theirs is the primary address; merged ones too."""
    found: set[int] = set()
    for address in addresses:
        found |= _first(
            change.execute("SELECT contact FROM contacts WHERE address = ?", (address,))
        )
    while True:
        merged = {
            number
            for keeper in found
            for (number,) in change.execute(
                "SELECT contact FROM contacts WHERE merged_into = ?", (keeper,)
            ).fetchall()
        }
        if merged <= found:
            return frozenset(found)
        found |= merged


def _bury(
    change: database.Connection, digester: Digester, found: Iterable[int], by: str, moment: int
) -> None:
    """Put a tombstone in the place of each entry."""
    for entry in found:
        row = change.execute(_LAST, (entry,)).fetchone()
        if row is None:
            continue
        number = row[0] + 1
        for sql in _BLANKS:
            change.execute(sql, (entry,))
        change.execute(_TELL_SINKS, (moment, moment, entry))
        change.execute(_TOMBSTONE, (entry, number, moment, by, Reason.ERASED, REMEDY, entry))
        change.execute(_SEALED_ENTRY, (Reason.ERASED, number, entry))
        sightings = change.execute(
            "SELECT number, sha256_in FROM sightings WHERE entry = ?", (entry,)
        ).fetchall()
        for sighting, sha256 in sightings:
            change.execute(_SEALED_SIGHTING, (digester.sealed(sha256), entry, sighting))


_LAST = "SELECT max(number) FROM decisions WHERE entry = ? HAVING max(number) IS NOT NULL"
_BLANKS = (
    (
        "UPDATE decisions SET remedy = '', command = '', evidence = '{}', matches = '[]',"
        " notes = '[]' WHERE entry = ?"
    ),
    "UPDATE message_ids SET full = '' WHERE entry = ?",
    "UPDATE outbox SET told = '{}', void = 1 WHERE entry = ?",
    # One that is under way may yet arrive: it waits, so that the word of the erasure goes last.
    "UPDATE pushes SET said = '', state = iif(state = 'dead', 'dropped', state) WHERE entry = ?",
    "DELETE FROM notices WHERE entry = ?",
    "DELETE FROM attachments WHERE entry = ?",
    "DELETE FROM words WHERE entry = ?",
    "DELETE FROM waiting WHERE entry = ?",
    "DELETE FROM parties WHERE entry = ?",
    "DELETE FROM tied WHERE entry = ?",
    "DELETE FROM suggested_aliases WHERE entry = ?",
    "DELETE FROM reports WHERE entry = ?1 OR report = ?1",
)
_TELL_SINKS = (
    # Where it was handed over it is to go as well.
    "INSERT INTO outbox (kind, entry, told, made_at, freed_at) SELECT 'entry.erased', entry, '{}',"
    " ?, ? FROM entries e WHERE entry = ? AND (EXISTS (SELECT 1 FROM pushes p WHERE"
    " p.entry = e.entry) OR EXISTS (SELECT 1 FROM handed_over h WHERE h.entry = e.entry))"
)
_TOMBSTONE = (
    "INSERT INTO decisions SELECT ?, ?, NULL, 0, ?, ?, preset, 'not_logged', ?, ?, '', '{}',"
    " rulebook, '[]', '[]', 'digests' FROM decisions WHERE entry = ? ORDER BY number DESC LIMIT 1"
)
_SEALED_ENTRY = (
    "UPDATE entries SET message_id = '', author = '', author_name = '', subject = '',"
    " base_subject = '', recipients = '[]', outside = '[]', user = '', mailbox = '',"
    " mailboxes = '[]', contacts = '[]', missing = '[]', date = NULL, chosen_contact = NULL,"
    " gate = 1, kept_until = 0, outcome = 'not_logged', reason = ?, holds = ? WHERE entry = ?"
)
_SEALED_SIGHTING = (
    "UPDATE sightings SET recipients = '[]', envelope = NULL, proof = '', user = '',"
    " reply_text = NULL, reply_code = NULL, sha256_out = x'', sha256_in = ?"
    " WHERE entry = ? AND number = ?"
)


def _forget_people(
    change: database.Connection, people: Iterable[int], addresses: Iterable[str]
) -> None:
    for contact in people:
        for table in ("enrolments", "suggested_aliases", "contact_addresses", "tied"):
            change.execute(f"DELETE FROM {table} WHERE contact = ?", (contact,))
    # A merged one names its keeper: all of them go, in one statement.
    change.execute(
        "DELETE FROM contacts WHERE contact IN (SELECT value FROM json_each(?))",
        (to_json(list(people)),),
    )
    for address in addresses:
        change.execute("DELETE FROM contact_addresses WHERE address = ?", (address,))
        change.execute("DELETE FROM suggested_aliases WHERE address = ?", (address,))
        change.execute("DELETE FROM reports WHERE recipient = ?", (address,))
        change.execute("DELETE FROM never_log WHERE pattern = ?", (address,))
        change.execute("DELETE FROM allowed_senders WHERE pattern = ?", (address,))


def _clean_threads(
    change: database.Connection, people: frozenset[int], addresses: Sequence[str]
) -> None:
    """Take the person out of what threads know of their parties."""
    rows = change.execute(
        "SELECT thread, outside, contacts FROM threads WHERE outside != '[]' OR contacts != '[]'"
    ).fetchall()
    for thread, outside, contacts in rows:
        told, tied = keys_of(outside), from_json(contacts, tuple[int, ...])
        others = [key for key in told if key not in addresses]
        rest = [number for number in tied if number not in people]
        if len(others) < len(told) or len(rest) < len(tied):
            change.execute(
                "UPDATE threads SET outside = ?, contacts = ? WHERE thread = ?",
                (to_json(others), to_json(rest), thread),
            )


def _take_out_blobs(change: database.Connection, found: frozenset[int]) -> int:
    """List the octets of these entries as to be freed; return how many octets."""
    total = 0
    rows = change.execute("SELECT sha256, file, start, size, entries FROM blobs").fetchall()
    for sha256, file, start, size, named in rows:
        if found.isdisjoint(from_json(named, tuple[int, ...])):
            continue
        total += size
        change.execute(
            "INSERT INTO freed (file, start, size) VALUES (?, ?, ?)", (file, start, size)
        )
        change.execute("DELETE FROM blobs WHERE sha256 = ?", (sha256,))
    return total
