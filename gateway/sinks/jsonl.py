"""The sink of those who need no CRM: a file to which each event is appended as a line of JSON.

The file may be rotated at any moment, by renaming it: the next line goes into a new one. Several
processes may append to one file. A line stands whole or not at all: what a crash left without
its line end gets one, so that it spoils no other line.

Limits: not for files on network file systems whose locks do not hold; `copytruncate` may lose a
line that is written meanwhile.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gateway.interfaces import SinkUnavailableError
from gateway.model.handover import Parcel
from gateway.sinks.told import encoded, told


class JsonlSink:
    """Appends to this file, which is made where there is none."""

    def __init__(self, name: str, path: Path, *, blind: bool = False) -> None:
        """Take the parts; with `blind` it tells apart whom a message reached blindly."""
        self.name = name
        self._path = path
        self._blind = blind

    async def push(self, parcel: Parcel) -> str:
        """Append one line; on the disk when it returns. Raises SinkUnavailableError."""
        line = encoded(told(parcel, blind=self._blind)) + b"\n"
        try:
            await asyncio.to_thread(self._append, line)
        except OSError as error:
            raise SinkUnavailableError(
                f"{self._path} cannot be written: {error.strerror}. Check its folder and the disk."
            ) from error
        return parcel.push.entry_id

    async def close(self) -> None:
        """Nothing stays open between lines."""

    def _append(self, line: bytes) -> None:
        with self._locked() as file:
            size = os.fstat(file).st_size
            torn = size > 0 and os.pread(file, 1, size - 1) != b"\n"
            waiting = memoryview(b"\n" + line if torn else line)
            try:
                while waiting:
                    waiting = waiting[os.write(file, waiting) :]
                os.fsync(file)
            except OSError:
                with suppress(OSError):
                    os.ftruncate(file, size)
                raise
            if size == 0:
                self._sync_folder()

    @contextmanager
    def _locked(self) -> Iterator[int]:
        """Give the file that has the path now, locked; a rotation may come in between."""
        while True:
            file = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(file, fcntl.LOCK_EX)
                if _is_at(file, self._path):
                    yield file
                    return
            finally:
                os.close(file)

    def _sync_folder(self) -> None:
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _is_at(file: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except FileNotFoundError:
        return False
