"""Copies the whole store while mail flows, and puts a copy back after looking at all of it.

A backup is a folder: `replygate.db`, `blobs/`, `spool/`, and `backup.json`, which is written last
and says when it was made: a folder without it is none. It holds mail, and is nobody else's to
read. What was erased since then is still in it.

What the record names is copied after the record was. Octets whose time ran out in between are
gone by then; the copy of the record is told so.

Of a record on a server the copy is a database file too, made of one snapshot of it; so a backup of
either engine can be put back into either. A server's is put back into an empty database: what is
there is nobody's to overwrite.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import msgspec
from msgspec import structs

from gateway.interfaces import UNREADABLE, StoreBusyError
from gateway.model.place import ServedPath
from gateway.store import copying, database
from gateway.store.blobs import Place
from gateway.store.files import sync_folder
from gateway.store.octets import blobs_at, place_of_octets
from gateway.store.rows import from_json

DATABASE, BLOBS, SPOOL, MANIFEST = "replygate.db", "blobs", "spool", "backup.json"


class BackupError(ValueError):
    """A backup cannot be used."""


class Manifest(msgspec.Struct, frozen=True):
    """What a backup says of itself."""

    made_at: str
    schema: int
    entries: int
    contents: int
    """Messages whose octets are in it."""
    octets: int
    sha256: str = ""
    """Of the database file; empty in a backup of before that was written."""
    rows: str = ""
    """Digest of all rows, of a record that a server had: that of the snapshot and of the copy."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where a store lies."""

    database: Path
    spool: Path

    @property
    def blobs(self) -> str:
        """The folder or bucket of kept octets."""
        return place_of_octets(self.database)

    @property
    def shown(self) -> str:
        """What to call the record before people."""
        path = self.database
        return path.shown if isinstance(path, ServedPath) else str(path)


def back_up(places: Places, folder: Path, now: datetime | None = None) -> Manifest:
    """Copy a store into a new folder, beside a gateway that goes on. Raises OSError."""
    folder.mkdir(mode=0o700, parents=True)
    copy = folder / DATABASE
    with database.told(places.database):
        rows = _copy_record(places.database, copy)
        copy.chmod(0o600)
        with closing(database.connect(copy)) as connection:
            _copy_blobs(connection, places.blobs, folder / BLOBS)
            manifest = _told(connection, now or datetime.now(UTC))
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    _copy_spool(places.spool, folder / SPOOL)
    for path in folder.rglob("*"):
        _sync(path)
    manifest = structs.replace(manifest, sha256=_digest(copy).hex(), rows=rows)
    (folder / MANIFEST).write_bytes(msgspec.json.encode(manifest) + b"\n")
    sync_folder(folder)
    return manifest


def check(folder: Path) -> Manifest:
    """Read all of a backup and hold it against itself. Raises BackupError."""
    try:
        manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except (OSError, msgspec.MsgspecError) as error:
        raise BackupError(f"{folder} is no whole backup: its {MANIFEST} is missing.") from error
    copy = folder / DATABASE
    with database.told(copy), closing(database.connect(copy, read_only=True)) as connection:
        database.check_version(connection, copy)
        said = [row[0] for row in connection.execute("PRAGMA integrity_check").fetchall()]
        if said != ["ok"]:
            raise BackupError(f"{copy} is damaged: {said[0]}. Take another backup.")
        for digest, path, start, size in _named(connection, folder / BLOBS):
            if _digest(path, start, size) != digest:
                raise BackupError(f"{path} is not what it was. Take another backup.")
    if manifest.sha256 and _digest(copy).hex() != manifest.sha256:
        raise BackupError(f"{copy} is not what it was. Take another backup.")
    return manifest


def restore(folder: Path, places: Places, now: datetime | None = None) -> Manifest:
    """Put a backup in the place of a store, which is kept beside it under another name.

    Raises BackupError, and StoreBusyError while a gateway has the store open.
    """
    manifest = check(folder)
    stamp = (now or datetime.now(UTC)).strftime("%Y%m%dT%H%M%S")
    if isinstance(places.database, ServedPath):
        _restore_served(folder, places.database)
        _put_aside(stamp, places.spool)
        shutil.copytree(folder / SPOOL, places.spool)
        for path in (*places.spool.rglob("*"), places.spool, places.spool.parent):
            _sync(path)
        return manifest
    with _nobody_else(places.database):
        blobs = Path(places.blobs)
        _put_aside(stamp, places.database, *_beside(places.database), blobs, places.spool)
        shutil.copytree(folder / BLOBS, blobs)
        shutil.copytree(folder / SPOOL, places.spool)
        shutil.copyfile(folder / DATABASE, places.database)
        places.database.chmod(0o600)
        for path in (places.database, *blobs.rglob("*"), *places.spool.rglob("*")):
            _sync(path)
        sync_folder(places.database.parent)
    return manifest


def vacuum(path: Path, pages: int = 256) -> Iterator[int]:
    """Give free pages of the database back, a few at a time, so that no message waits long.

    Yields how many are left. Raises StoreBusyError.
    """
    with database.told(path), closing(database.connect(path)) as connection:
        if connection.execute("PRAGMA auto_vacuum").fetchone()[0] != 2:
            # Made before that was so; once the whole file is written anew, in one piece.
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
            connection.execute("VACUUM")
        while left := connection.execute("PRAGMA freelist_count").fetchone()[0]:
            connection.execute(f"PRAGMA incremental_vacuum({pages})").fetchall()
            yield max(0, left - pages)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _copy_record(source: Path, copy: Path) -> str:
    """Copy all rows of one snapshot, and hold up nobody who writes; return their digest, if any."""
    with closing(database.connect(source, read_only=True)) as here:
        database.check_version(here, source)
        if not isinstance(source, ServedPath):
            here.execute("VACUUM INTO ?", (str(copy),))
            return ""
        with closing(database.connect(copy)) as there:
            database.migrate(there, copy)
            copying.relax(there, copy)
            # All of it is made durable at the end, before the manifest.
            there.execute("PRAGMA synchronous = OFF")
            here.execute("BEGIN")
            copying.make_alike(here, there)
            # A second reading of the same snapshot: counts and digests of both sides are alike.
            again = copying.make_alike(here, there)
            here.execute("ROLLBACK")
            if again.written or there.execute("PRAGMA foreign_key_check").fetchall():
                raise BackupError(f"{copy} did not become what the record is. Take another backup.")
    return again.digest


def _restore_served(folder: Path, target: ServedPath) -> None:
    """Fill an empty database, or one where that was interrupted; all is held against the backup."""
    if copying.nodes_at(target):
        raise StoreBusyError(f"A gateway has {target.shown} open. Stop every one, then restore.")
    try:
        copied = copying.copy_into(folder / DATABASE, target, str(folder / BLOBS))
    except copying.SameStoreError:
        raise BackupError(
            f"{target.shown} holds a record already, and what is on a server is not put aside."
            " Make an empty database (createdb), name it in [store], then restore."
        ) from None
    if not copied.whole:
        raise BackupError(f"{target.shown} was written to meanwhile. Restore again.")


def _put_aside(stamp: str, *paths: Path) -> None:
    for path in paths:
        if path.exists():
            path.rename(path.with_name(f"{path.name}.before-{stamp}"))


def _copy_blobs(connection: database.Connection, source: str, target: Path) -> None:
    target.mkdir(mode=0o700)
    rows = connection.execute("SELECT file, max(coalesce(start, 0) + size) FROM blobs GROUP BY 1")
    for name, size in rows.fetchall():
        path = target / name
        path.parent.mkdir(mode=0o700, exist_ok=True)
        with suppress(FileNotFoundError):
            if source.startswith("s3://"):
                path.write_bytes(blobs_at(source).get(Place(name, 0, size)))
            else:
                shutil.copyfile(Path(source, name), path)
            path.chmod(0o600)
    connection.execute("BEGIN IMMEDIATE")
    for digest, path, start, size in list(_named(connection, target)):
        if _digest(path, start, size) != digest:
            connection.execute(_GONE_ENTRIES, (digest,))
            connection.execute("DELETE FROM blobs WHERE sha256_kept = ?", (digest,))
    connection.execute("COMMIT")


_GONE_ENTRIES = (
    "UPDATE entries SET kept_until = 0 WHERE entry IN (SELECT j.value FROM blobs b,"
    " json_each(b.entries) j WHERE b.sha256_kept = ?)"
)


def _named(connection: database.Connection, folder: Path) -> Iterator[tuple[bytes, Path, int, int]]:
    """Yield what the record names: digest, file, place, size."""
    rows = connection.execute("SELECT sha256_kept, file, start, size FROM blobs")
    for digest, name, start, size in rows.fetchall():
        yield digest, folder / name, start or 0, size


def _digest(path: Path, start: int = 0, size: int | None = None) -> bytes:
    """Return the digest of a stretch of a file, or of all of it; empty when it is not there."""
    made = sha256()
    if not path.exists():
        return b""
    left = path.stat().st_size if size is None else size
    with path.open("rb") as file:
        file.seek(start)
        while left and (piece := file.read(min(left, 1 << 20))):
            made.update(piece)
            left -= len(piece)
    return made.digest()


def _told(connection: database.Connection, now: datetime) -> Manifest:
    (schema,) = connection.execute("SELECT max(number) FROM migrations").fetchone()
    (entries,) = connection.execute("SELECT count(*) FROM entries").fetchone()
    sizes = connection.execute("SELECT entries, size FROM blobs").fetchall()
    contents = {entry for named, _ in sizes for entry in from_json(named, tuple[int, ...])}
    made_at = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    return Manifest(made_at, schema, entries, len(contents), sum(size for _, size in sizes))


def _copy_spool(source: Path, target: Path) -> None:
    """Copy what waits undecided; the gateway may take some of it away meanwhile."""
    target.mkdir(mode=0o700)
    for path in sorted(source.glob("*.json")) if source.exists() else ():
        octets = path.with_suffix(".eml")
        if octets.exists() and path.exists():
            shutil.copyfile(octets, target / octets.name)
            shutil.copyfile(path, target / path.name)
    if (source / UNREADABLE).exists():
        shutil.copytree(source / UNREADABLE, target / UNREADABLE)


def _beside(path: Path) -> Iterator[Path]:
    for suffix in ("-wal", "-shm"):
        yield path.with_name(path.name + suffix)


def _sync(path: Path) -> None:
    if path.is_dir():
        sync_folder(path)
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _nobody_else(path: Path) -> Iterator[None]:
    """Hold the place of the store while no gateway is in it. Raises StoreBusyError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(path.with_name(f"{path.name}-open"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise StoreBusyError(f"A gateway has {path} open. Stop it, then restore.") from None
    try:
        yield
    finally:
        os.close(handle)
