"""Moves a store from one engine to the other: row by row, resumable, held against each other.

Both are read in stretches of a table, by key. Where a stretch of the copy is not that of the
source it is written anew; so a copy that was interrupted, or that the source outran, is made
right by copying again. It is marked from the first row to the last check: nobody else opens it
before. It is whole when one reading of all of it, with nobody at the source, found nothing to
write: then every stretch had the same digest, and every table the same count. From then on the
source is marked as moved, so that no gateway goes on with it by mistake.

Limits: tables whose key begins with a text are compared in one piece, in memory.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from gateway.model.place import ServedPath
from gateway.store import database, tables
from gateway.store.blobs import Blobs, Place
from gateway.store.octets import blobs_at, place_of_octets
from gateway.store.rows import micros, stored
from gateway.store.turns import Presence

STRETCH = 2_000
"""Rows of a stretch, about."""
PRESENT_WITHIN = timedelta(minutes=1)
_Row = tuple[Any, ...]
_AT_ONCE = 64


class SameStoreError(ValueError):
    """A store cannot be copied onto itself."""


class OctetsMissingError(ValueError):
    """What the source says is kept is not there, or is not that."""


@dataclass
class Copied:
    """What a copy came to."""

    rows: dict[str, int] = field(default_factory=dict)
    """How many there are, by table."""
    written: int = 0
    """Rows that were not yet there, or not as they are."""
    contents: int = 0
    """Messages whose octets were held against their digest in the copy."""
    digest: str = ""
    """Of all rows, the same on both sides."""
    whole: bool = False
    """False while the source is in use: copy again when it is not."""


def copy_store(
    source: Path, target: Path, told: Callable[[str, int], None] = lambda _table, _rows: None
) -> Copied:
    """Bring the target to what the source is; once it is whole the source is marked as moved.

    Raises SameStoreError, OctetsMissingError, StoreVersionError, StoreBusyError and OSError.
    """
    if _identity(source) == _identity(target):
        raise SameStoreError("A store cannot be copied onto itself. Name another one.")
    begun_at = datetime.now(UTC)
    with _nobody_at(source) as alone:
        copied = copy_into(source, target, place_of_octets(source), told, finish=alone)
        if copied.whole:
            with database.told(source), closing(database.connect(source)) as here:
                copied.whole = _mark_moved(here, source, target, begun_at)
    return copied


def copy_into(
    source: Path,
    target: Path,
    octets: str,
    told: Callable[[str, int], None] = lambda _table, _rows: None,
    *,
    finish: bool = True,
) -> Copied:
    """Bring the target to what the source is, whose octets lie there; raises as `copy_store`.

    The source is only read. The copy is whole, if it is to be finished, when nothing changed.
    """
    with (
        database.told(source),
        closing(database.connect(source, read_only=True)) as here,
        database.told(target),
        closing(database.connect(target)) as there,
    ):
        database.check_version(here, source)
        database.migrate(there, target, unfinished=True)
        _mark(there, target)
        relax(there, target)
        copied = make_alike(here, there, told)
        _copy_octets(here, octets, target)
        if finish:
            again = make_alike(here, there, told)
            again.contents = _check_octets(there, target)
            again.written, again.whole = copied.written, not again.written
            copied = again
            if copied.whole:
                _finish(here, there, target)
    return copied


def reopen(path: Path) -> bool:
    """Let gateways open a store again that was moved; return whether it was.

    Raises StoreBusyError.
    """
    with database.told(path), closing(database.connect(path)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        gone = connection.execute("DELETE FROM settings WHERE name = ?", (database.MOVED,))
        was = bool(gone.rowcount > 0)
        connection.execute("COMMIT")
    return was


def _identity(path: Path) -> str:
    return path.url if isinstance(path, ServedPath) else str(path.resolve())


def make_alike(
    here: Any, there: Any, told: Callable[[str, int], None] = lambda _table, _rows: None
) -> Copied:
    """Make each stretch of each table the same; return what that came to."""
    copied, digest = Copied(), hashlib.sha256()
    for table in tables.tables().values():
        count = 0
        for after, until in _stretches(here, table):
            ours, theirs = (_rows(side, table, after, until) for side in (here, there))
            made = _digest(ours)
            digest.update(made)
            if made != _digest(theirs):
                copied.written += _write(there, table, ours, theirs)
            count += len(ours)
            told(table.name, len(ours))
        copied.rows[table.name] = count
    copied.digest = digest.hexdigest()
    return copied


def _stretches(here: Any, table: tables.Table) -> Iterator[tuple[Any, Any]]:
    """Yield where each stretch of a table begins and ends, by the first column of its key."""
    if table.is_text:
        yield None, None
        return
    key, after = table.key[0], None
    while True:
        where = f"WHERE {key} > ?" if after is not None else ""
        row = here.execute(
            f"SELECT k FROM (SELECT {key} AS k FROM {table.name} {where} ORDER BY {key}"
            f" LIMIT {STRETCH}) x ORDER BY k DESC LIMIT 1",
            (after,) if after is not None else (),
        ).fetchone()
        last = row[0] if row else None
        # Behind the last one there may be rows in the copy that are to go.
        yield after, last
        if last is None:
            return
        after = last


def _rows(side: Any, table: tables.Table, after: Any, until: Any) -> dict[_Row, _Row]:
    """Return the rows of a stretch by their key."""
    key, parts, values = table.key[0], [], []
    for sign, value in ((">", after), ("<=", until)):
        if value is not None:
            parts.append(f"{key} {sign} ?")
            values.append(value)
    where = f" WHERE {' AND '.join(parts)}" if parts else ""
    columns = ", ".join(table.columns)
    at = [table.columns.index(name) for name in table.key]
    rows = side.execute(f"SELECT {columns} FROM {table.name}{where}", values).fetchall()
    plain = (tuple(stored(value) for value in row) for row in rows)
    found = {tuple(row[place] for place in at): row for row in plain}
    return {key: row for key, row in found.items() if key not in _MARKS}


def _digest(rows: dict[_Row, _Row]) -> bytes:
    made = hashlib.sha256()
    for encoded in sorted(msgspec.msgpack.encode(row) for row in rows.values()):
        made.update(encoded)
    return made.digest()


def _write(
    there: Any, table: tables.Table, ours: dict[_Row, _Row], theirs: dict[_Row, _Row]
) -> int:
    """Make a stretch of the copy that of the source; return how many rows were not."""
    gone = [key for key in theirs if key not in ours or ours[key] != theirs[key]]
    new = [row for key, row in ours.items() if theirs.get(key) != row]
    where = " AND ".join(f"{name} = ?" for name in table.key)
    there.execute("BEGIN IMMEDIATE")
    for key in gone:
        there.execute(f"DELETE FROM {table.name} WHERE {where}", key)
    for start in range(0, len(new), _AT_ONCE):
        some = new[start : start + _AT_ONCE]
        row = f"({', '.join('?' * len(table.columns))})"
        there.execute(
            f"INSERT INTO {table.name} ({', '.join(table.columns)})"
            f" VALUES {', '.join([row] * len(some))} ON CONFLICT DO NOTHING",
            [value for one in some for value in one],
        )
    there.execute("COMMIT")
    return len(gone) + len(new)


_MARK_KEY, _MOVED_KEY = (database.UNFINISHED,), (database.MOVED,)
_MARKS = (_MARK_KEY, _MOVED_KEY)


def _mark(there: Any, target: Path) -> None:
    """Have nobody else open the copy until it is whole; refuse one that somebody uses."""
    (marked,) = there.execute("SELECT count(*) FROM settings WHERE name = ?", _MARK_KEY).fetchone()
    if marked:
        return
    (entries,) = there.execute("SELECT count(*) FROM entries").fetchone()
    (users,) = there.execute("SELECT count(*) FROM users").fetchone()
    if entries or users:
        place = target.shown if isinstance(target, ServedPath) else target
        raise SameStoreError(f"{place} is a store in use already. Name an empty one.")
    there.execute("BEGIN IMMEDIATE")
    since = f"begun {datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    there.execute("INSERT INTO settings (name, value) VALUES (?, ?)", (database.UNFINISHED, since))
    there.execute("COMMIT")


def _mark_moved(here: Any, source: Path, target: Path, begun_at: datetime) -> bool:
    """Have no gateway open the source from now on; return False if one came meanwhile."""
    here.execute("BEGIN IMMEDIATE")
    # In the same turn a node that starts says that it is there, and looks for the mark.
    came = isinstance(source, ServedPath) and here.plainly(
        "SELECT 1 FROM nodes WHERE seen_at > $1", (micros(begun_at),)
    )
    if not came:
        place = target.shown if isinstance(target, ServedPath) else target
        moved = f"{place} on {datetime.now(UTC):%Y-%m-%d %H:%M}"
        here.execute("INSERT INTO settings (name, value) VALUES (?, ?)", (database.MOVED, moved))
    here.execute("COMMIT")
    return not came


def relax(there: Any, target: Path) -> None:
    """Let tables be filled in any order; that all is tied well is looked at in the end."""
    if not isinstance(target, ServedPath):
        there.execute("PRAGMA foreign_keys = OFF")


def _finish(here: Any, there: Any, target: Path) -> None:
    """Take the mark off: from now on it is a store."""
    if isinstance(target, ServedPath):
        from gateway.store.postgres import moved

        lost = here.execute(
            "SELECT entry, sha256_in FROM sightings WHERE state = 'relaying'"
        ).fetchall()
        moved.finish(there, lost)
    elif ill := there.execute("PRAGMA foreign_key_check").fetchall():
        raise OctetsMissingError(f"The source is not tied well: {ill[0]}. Restore it first.")
    there.execute("BEGIN IMMEDIATE")
    there.execute("DELETE FROM settings WHERE name = ?", _MARK_KEY)
    there.execute("COMMIT")


@contextmanager
def _nobody_at(source: Path) -> Iterator[bool]:
    """Tell whether no gateway has the source open, and keep one from it meanwhile."""
    if isinstance(source, ServedPath):
        yield not nodes_at(source)
        return
    presence = Presence(source)
    try:
        yield presence.alone()
    finally:
        presence.leave()


def nodes_at(path: ServedPath) -> bool:
    """Return whether a node was there within the last minute. Raises StoreBusyError."""
    since = micros(datetime.now(UTC) - PRESENT_WITHIN)
    with database.told(path), closing(database.connect(path, read_only=True)) as connection:
        there = connection.plainly(
            "SELECT 1 FROM information_schema.tables WHERE table_name = 'nodes'"
            " AND table_schema = current_schema()"
        )
        return bool(there) and bool(
            connection.plainly("SELECT 1 FROM nodes WHERE seen_at > $1", (since,))
        )


def _kept(side: Any) -> Iterator[tuple[bytes, Place]]:
    rows = side.execute("SELECT sha256_kept, file, start, size FROM blobs").fetchall()
    for digest, file, start, size in rows:
        yield bytes(digest), Place(file, start, size)


def _copy_octets(here: Any, source: str, target: Path) -> None:
    """Bring the files of kept octets that the copy lacks, or has otherwise."""
    places = source, place_of_octets(target)
    if places[0] == places[1]:
        return
    ours, theirs = map(blobs_at, places)
    lacking: dict[str, int] = {}
    for digest, place in _kept(here):
        if not _is_there(theirs, digest, place):
            stop = (place.start or 0) + place.size
            lacking[place.file] = max(lacking.get(place.file, 0), stop)
    for name, size in lacking.items():
        try:
            octets = bytes(ours.get(Place(name, 0, size)))
        except OSError as error:
            raise OctetsMissingError(f"The octets in {name} cannot be read: {error}.") from error
        theirs.put_file(name, octets)


def _is_there(blobs: Blobs, digest: bytes, place: Place) -> bool:
    try:
        return hashlib.sha256(blobs.get(place)).digest() == digest
    except OSError:
        return False


def _check_octets(there: Any, target: Path) -> int:
    """Hold all that is kept against its digest; return how many messages that are."""
    blobs, count = blobs_at(place_of_octets(target)), 0
    for digest, place in _kept(there):
        if not _is_there(blobs, digest, place):
            raise OctetsMissingError(
                f"The octets at {place.file}:{place.start} are not what the record says."
                " Restore the source from a backup, then copy again."
            )
        count += 1
    return count


def summary(copied: Copied) -> Sequence[tuple[str, int]]:
    """Return the tables that hold something, with their rows."""
    return [(name, count) for name, count in copied.rows.items() if count]
