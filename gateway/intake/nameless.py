"""Files without a name: large messages lie in them until somebody gives them one.

A crash leaves nothing behind, and what is kept is never written twice: the store links the file
into place.

Limits: where the file system has no O_TMPFILE, the store makes a copy.
"""

from __future__ import annotations

import mmap
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from gateway.mail.ahead import Foreseen

MODE = 0o600
"""Nobody else may read it: it holds mail."""


class NamelessMap(Foreseen):
    """A window over a nameless file, which can still be given a name."""

    descriptor: int

    def keep_as(self, path: Path) -> None:
        """Make the octets durable and give them a name, without a copy. Raises OSError."""
        os.fsync(self.descriptor)
        # Python follows a link only by linkat, which it calls only when given a folder; an
        # absolute path makes nothing of that.
        os.link(f"/proc/self/fd/{self.descriptor}", path, src_dir_fd=self.descriptor)

    def write_back(self) -> None:
        """Bring the octets to the disk, so that `keep_as` need not wait for that; never raises."""
        with suppress(OSError):
            # By a description of its own: each is told of an error of the disk only once.
            own = os.open(f"/proc/self/fd/{self.descriptor}", os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.fdatasync(own)
            finally:
                os.close(own)

    def __del__(self) -> None:
        os.close(self.descriptor)


def open_nameless(folder: Path) -> int:
    """Return the descriptor of a new file without a name. Raises OSError."""
    try:
        return os.open(folder, os.O_RDWR | os.O_TMPFILE | os.O_CLOEXEC, MODE)
    except OSError:
        with tempfile.TemporaryFile(buffering=0, dir=folder) as file:
            return os.dup(file.fileno())


def map_nameless(descriptor: int) -> NamelessMap:
    """Return a read-only window over a file, to which the descriptor belongs from now on.

    Raises OSError.
    """
    octets = NamelessMap(descriptor, 0, prot=mmap.PROT_READ)
    octets.descriptor = descriptor
    return octets
