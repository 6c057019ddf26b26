"""Finds the kept octets that belong to a store."""

from __future__ import annotations

from pathlib import Path

from gateway.model.place import ServedPath
from gateway.store.blobs import Blobs


def blobs_of(path: Path, node: str = "") -> Blobs:
    """Return the octets of the store at this path. Raises OSError.

    `node` keeps the segments of nodes apart that write into one folder.
    """
    if isinstance(path, ServedPath) and path.blobs:
        return Blobs(Path(path.blobs), node)
    return Blobs(path.with_name(f"{path.name}-blobs"), node)
