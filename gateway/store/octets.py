"""Finds the kept octets that belong to a store."""

from __future__ import annotations

from pathlib import Path

from gateway.model.envelope import Octets
from gateway.model.place import ServedPath
from gateway.store import database
from gateway.store.blobs import Blobs, Place


def blobs_of(path: Path, node: str = "") -> Blobs:
    """Return the octets of the store at this path. Raises OSError.

    `node` keeps the segments of nodes apart that write into one folder.
    """
    if isinstance(path, ServedPath) and path.lender:
        return _Borrowing(place_of_octets(path), node, blobs_at(path.lender))
    return blobs_at(place_of_octets(path), node)


def blobs_at(place: str, node: str = "") -> Blobs:
    """Return the octets in a folder, or in a bucket (`s3://bucket/prefix`).

    Raises OSError, and PartMissingError.
    """
    if place.startswith("s3://"):
        database.need("obstore", "s3")
        from gateway.store.bucket import BucketBlobs

        return BucketBlobs(place, node)
    return Blobs(Path(place), node)


def place_of_octets(path: Path) -> str:
    """Return the folder or bucket where the octets of the store at this path lie."""
    if isinstance(path, ServedPath) and path.blobs:
        return path.blobs
    return str(path.with_name(f"{path.name}-blobs"))


class _Borrowing(Blobs):
    """Octets of a copy: what is not in its own folder is read from another place."""

    def __init__(self, folder: str, node: str, lender: Blobs) -> None:
        super().__init__(Path(folder), node)
        self._lender = lender

    def get(self, place: Place) -> Octets:
        """Return the octets, ours or lent ones. Raises OSError."""
        try:
            return super().get(place)
        except FileNotFoundError:
            return self._lender.get(place)
