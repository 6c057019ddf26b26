"""Files that are on the disk when the call returns."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from gateway.interfaces import Nameless
from gateway.model.envelope import Octets


def write_durably(path: Path, octets: Octets) -> None:
    """Write a new file, durably but for its name, which `sync_folder` makes durable.

    Nobody else may read it: it holds mail. A large message that the intake holds on this file
    system is only given the name. Raises OSError, and leaves no file then.
    """
    if isinstance(octets, Nameless):
        with suppress(OSError):
            octets.keep_as(path)
            return
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(handle, "wb") as file:  # noqa: PTH123 - by handle, for its mode
            file.write(octets)
            file.flush()
            os.fsync(handle)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
