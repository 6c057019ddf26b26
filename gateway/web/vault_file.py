"""The file of what only the pages and the API keep, beside the record.

Nobody who clicks ever holds a lock that a letter waits for.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from gateway.store.book import now
from gateway.store.side_file import SideFile

FILE = "web.db"


class VaultFile(SideFile):
    """A connection to that file."""

    def __init__(self, folder: Path, schema: str, *, clock: Callable[[], datetime] = now) -> None:
        super().__init__(folder / FILE, schema.split(";"), clock=clock)
