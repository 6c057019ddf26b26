"""How one process tells the others that the directory changed: eight shared octets.

Every message asks whether the directory is still the one last read. A shared page of memory
answers that without a system call; a stat for each message cost more than all rules together.
"""

from __future__ import annotations

import mmap
import os
from pathlib import Path

SIZE = 8


class Bulletin:
    """The eight octets beside a store; they differ once the directory was changed."""

    def __init__(self, path: Path) -> None:
        """Open or make the bulletin of the store at this path. Raises OSError."""
        number = os.open(path.with_name(f"{path.name}-directory"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if os.fstat(number).st_size < SIZE:
                os.ftruncate(number, SIZE)
            self._page = mmap.mmap(number, SIZE)
        finally:
            os.close(number)

    def read(self) -> bytes:
        """Return what stands there now."""
        return self._page[:]

    def change(self) -> None:
        """Tell every process that has this store open that the directory changed."""
        self._page[:] = os.urandom(SIZE)

    def close(self) -> None:
        """Let go of it."""
        self._page.close()
