"""The kept octets: once by digest, small ones in segments, large ones as files of their own.

A segment is a file that only grows; its writer holds a lock on it. One fdatasync per group makes
the octets durable before the commit that names them (D-10). What is freed is overwritten or
removed, and a list of what is yet to be freed survives a crash in between.

Limits: what a crash leaves at the end of a segment, appended and never named, stays until the
segment goes. What policy leaves out of a message is not cut yet: `sha256_kept` equals `sha256`,
there are no holes.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import secrets
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gateway.model.envelope import Octets
from gateway.store.files import sync_folder, write_durably

SMALL_OCTETS = 262_144
"""Content up to this size goes into a segment."""

_SEGMENT_LIMIT = 64 << 20
_SWEEP_AFTER_S = 3600.0
_ZEROS = bytes(65_536)


@dataclass(frozen=True, slots=True)
class Place:
    """Where octets lie: a file of the folder, and where in it when that is a segment."""

    file: str
    start: int | None
    size: int


class Blobs:
    """The folder of kept octets. Everything but `put_large` and `get` is the writer's alone."""

    def __init__(self, folder: Path, node: str = "") -> None:
        self._folder = folder
        self._node = node
        self._segment: int | None = None
        self._name = ""
        self._end = 0
        self._durable = 0
        self._committed = 0
        self._pending: list[bytes | memoryview] = []

    def put_large(self, octets: Octets) -> Place:
        """Write a file of its own, durably. Raises OSError."""
        name = f"large/{secrets.token_hex(16)}"
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_durably(path, octets)
        sync_folder(path.parent)
        return Place(name, None, len(octets))

    def put_file(self, name: str, octets: bytes) -> None:
        """Put a whole file, such as one of another store, in the place of what may be there."""
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        write_durably(path, octets)
        sync_folder(path.parent)

    def put_small(self, octets: Octets) -> Place:
        """Add to the segment; durable after `flush`. Raises OSError."""
        if self._segment is None:
            self._open_segment()
        place = Place(self._name, self._end, len(octets))
        self._pending.append(bytes(octets) if isinstance(octets, mmap.mmap) else memoryview(octets))
        self._end += len(octets)
        return place

    def take_back(self, place: Place) -> None:
        """Forget what was put last, before any `flush`."""
        self._pending.pop()
        self._end = place.start or 0

    def flush(self) -> None:
        """Make everything that was put durable. Raises OSError."""
        if not self._pending or self._segment is None:
            return
        waiting = memoryview(b"".join(self._pending))
        at = self._durable
        while waiting:
            written = os.pwrite(self._segment, waiting, at)
            waiting, at = waiting[written:], at + written
        os.fdatasync(self._segment)
        self._durable = self._end
        self._pending.clear()

    def settle(self) -> None:
        """Remember that what was flushed is named by a commit."""
        self._committed = self._durable
        if self._segment is not None and self._end >= _SEGMENT_LIMIT:
            self.close()

    def undo(self) -> None:
        """Forget what was put since the last `settle`, on disk too."""
        self._pending.clear()
        if self._segment is not None:
            # Where that fails, what was flushed is written over by what comes next.
            with suppress(OSError):
                os.ftruncate(self._segment, self._committed)
        self._end = self._durable = self._committed

    def get(self, place: Place) -> Octets:
        """Return the octets, a large file as a window over it. Raises OSError."""
        with (self._folder / place.file).open("rb") as file:
            if place.start is None:
                return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if place.size else b""
            return os.pread(file.fileno(), place.size, place.start)

    def free(self, place: Place) -> None:
        """Remove the octets from the disk; what is gone already is no error. Raises OSError."""
        path = self._folder / place.file
        if place.start is None:
            path.unlink(missing_ok=True)
        elif path.exists():
            with path.open("r+b") as file:
                _overwrite(file.fileno(), place.start, place.size)

    def drop_segment(self, name: str) -> bool:
        """Remove a segment that holds nothing any more, unless somebody writes to it."""
        path = self._folder / name
        with path.open("rb") as file:
            if name == self._name or not _locked(file.fileno()):
                return False
            path.unlink()
        return True

    def sweep(self, used: frozenset[str]) -> None:
        """Remove large files that no commit named: their writer ended in between."""
        folder = self._folder / "large"
        long_ago = time.time() - _SWEEP_AFTER_S
        for path in folder.iterdir() if folder.exists() else ():
            if f"large/{path.name}" not in used and path.stat().st_mtime < long_ago:
                path.unlink(missing_ok=True)

    def segments(self) -> tuple[str, ...]:
        """Return the names of all segments, oldest first."""
        folder = self._folder / "segments"
        names = sorted(path.name for path in folder.iterdir()) if folder.exists() else []
        return tuple(f"segments/{name}" for name in names)

    def close(self) -> None:
        """Give the segment up; what was not settled is forgotten."""
        if self._segment is not None:
            self.undo()
            os.close(self._segment)
            self._segment, self._name = None, ""

    def _open_segment(self) -> None:
        """Take the newest segment that has room and no writer, or begin one."""
        folder = self._folder / "segments"
        folder.mkdir(parents=True, exist_ok=True)
        # Where nodes share the folder each has segments of its own: a lock may not reach so far.
        after = f"-{self._node}" if self._node else ""
        names = [name for name in self.segments() if name[17:] == after]
        last = names[-1] if names else ""
        if not last or not self._take_segment(last):
            number = int(Path(last).name[:8], 16) + 1 if last else 1
            while not self._take_segment(f"segments/{number:08x}{after}"):
                number += 1
        sync_folder(folder)
        sync_folder(self._folder)

    def _take_segment(self, name: str) -> bool:
        segment = os.open(self._folder / name, os.O_RDWR | os.O_CREAT, 0o600)
        end = os.fstat(segment).st_size
        if end >= _SEGMENT_LIMIT or not _locked(segment):
            os.close(segment)
            return False
        self._segment, self._name = segment, name
        self._end = self._durable = self._committed = end
        return True


def _locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _overwrite(file: int, start: int, size: int) -> None:
    stop = start + size
    while start < stop:
        start += os.pwrite(file, _ZEROS[: stop - start], start)
    os.fdatasync(file)
