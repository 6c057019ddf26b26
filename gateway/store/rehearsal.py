"""Copies a record that is thrown away, to try there what a person plans.

Limits: a record of more than `COPY_LIMIT` octets is not copied.
"""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from gateway.model.place import ServedPath
from gateway.store import database

COPY_LIMIT = 256 << 20
COPIES = "rehearsal-"
_ONE_AT_A_TIME = threading.Lock()
"""However many people click, one copy is made at a time."""


@contextmanager
def copied(path: Path, state: Path) -> Iterator[Path | None]:
    """Yield the place of a copy, with its files in the state folder; None where none is made."""
    if not isinstance(path, ServedPath) and path.stat().st_size > COPY_LIMIT:
        yield None
        return
    with _ONE_AT_A_TIME, tempfile.TemporaryDirectory(prefix=COPIES, dir=state) as name:
        folder = Path(name)
        if isinstance(path, ServedPath):
            from gateway.store.postgres import rehearsing

            with rehearsing.copied(path, folder) as copy:
                yield copy
            return
        _copy(path, folder / "copy.db")
        yield folder / "copy.db"


def sweep(path: Path, state: Path) -> None:
    """Remove the copies that a process left behind which was ended in the middle."""
    for copy in state.glob(f"{COPIES}*"):
        shutil.rmtree(copy)
    if isinstance(path, ServedPath):
        from gateway.store.postgres import rehearsing

        rehearsing.sweep(path)


def _copy(path: Path, copy: Path) -> None:
    """Copy the database; of the octets beside it only the names, nothing is ever written there."""
    with (
        closing(database.connect(path, read_only=True)) as source,
        closing(database.connect(copy)) as target,
        database.told(path),
    ):
        source.backup(target)
    octets, names = Path(f"{path}-blobs"), Path(f"{copy}-blobs")
    for kind in ("segments", "large"):
        (names / kind).mkdir(parents=True)
        for file in (octets / kind).iterdir() if (octets / kind).exists() else ():
            (names / kind / file.name).symlink_to(file.absolute())
    # What the rehearsal appends goes into a segment of its own.
    last = max((int(file.name[:8], 16) for file in (names / "segments").iterdir()), default=0)
    (names / "segments" / f"{last + 1:08x}").touch(mode=0o600)
