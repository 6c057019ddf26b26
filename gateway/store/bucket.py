"""The kept octets in storage that speaks S3, for nodes that share no folder.

An object is never appended to: each group of small messages is one object, put before the commit
that names it. Freeing one of several writes the object anew with zeros in its place, as on a
disk; the last one takes the object with it.

A group is put in the turn in which all nodes write, so its time is short: a bucket that is away or
silent is one that cannot be used, and mail goes to the spool. Others may take longer.

Limits: a large message is held in memory while it is put. Versioning and object lock of the
bucket would keep what is erased: switch them off.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import S3Store

from gateway.model.envelope import Octets
from gateway.store.blobs import Blobs, Place

_SWEEP_AFTER = timedelta(hours=1)
_CONNECT = timedelta(seconds=2)
_IN_TURN, _BESIDE = timedelta(seconds=3), timedelta(seconds=20)
"""How long a request may take at most."""


class BucketBlobs(Blobs):
    """The objects of a store. All calls raise OSError."""

    def __init__(self, url: str, node: str = "") -> None:
        super().__init__(Path(url), node)
        with _told():
            self._bucket, self._in_turn = (_store(url, most) for most in (_BESIDE, _IN_TURN))
        self._name = ""
        self._end = 0
        self._pending: list[bytes | memoryview] = []
        self._flushed = ""
        """The object that no commit names yet."""

    def put_large(self, octets: Octets) -> Place:
        """Put an object of its own."""
        name = f"large/{secrets.token_hex(16)}"
        self.put_file(name, bytes(octets))
        return Place(name, None, len(octets))

    def put_small(self, octets: Octets) -> Place:
        """Add to the object of this group; there after `flush`."""
        if not self._name:
            self._name = f"segments/{time.time_ns():016x}-{secrets.token_hex(8)}"
        place = Place(self._name, self._end, len(octets))
        self._pending.append(bytes(octets))
        self._end += len(octets)
        return place

    def take_back(self, place: Place) -> None:
        """Forget what was put last, before any `flush`."""
        self._pending.pop()
        self._end = place.start or 0

    def flush(self) -> None:
        """Put the object of this group."""
        if self._pending:
            # Named first: what was not heard to be there may be there all the same.
            self._flushed = self._name
            with _told():
                obstore.put(self._in_turn, self._name, b"".join(self._pending))
            self._pending.clear()

    def settle(self) -> None:
        """Remember that what was flushed is named by a commit."""
        self._forget()

    def undo(self) -> None:
        """Forget what was put since the last `settle`."""
        if self._flushed:
            # Where that fails the sweep finds it.
            with suppress(OSError), _told():
                obstore.delete(self._in_turn, self._flushed)
        self._forget()

    def get(self, place: Place) -> Octets:
        """Return the octets."""
        if not place.size:
            return b""
        start = place.start or 0
        with _told():
            found = obstore.get_range(self._bucket, place.file, start=start, length=place.size)
        return bytes(found)

    def free(self, place: Place) -> None:
        """Remove the octets; what is gone already is no error."""
        if place.start is None:
            self._remove(place.file)
            return
        with suppress(FileNotFoundError):
            with _told():
                whole = bytearray(obstore.get(self._bucket, place.file).bytes())
            whole[place.start : place.start + place.size] = bytes(place.size)
            self.put_file(place.file, bytes(whole))

    def drop_segment(self, name: str) -> bool:
        """Remove an object that holds nothing any more."""
        self._remove(name)
        return True

    def sweep(self, used: frozenset[str]) -> None:
        """Remove objects that no commit named: their writer ended in between."""
        long_ago = datetime.now(UTC) - _SWEEP_AFTER
        for name, changed_at in self._listed("large/", "segments/"):
            if name not in used and changed_at < long_ago:
                self._remove(name)

    def segments(self) -> tuple[str, ...]:
        """Return the names of all groups, oldest first."""
        return tuple(sorted(name for name, _ in self._listed("segments/")))

    def close(self) -> None:
        """Forget what was not settled."""
        self.undo()

    def put_file(self, name: str, octets: bytes) -> None:
        """Put an object under its name."""
        with _told():
            obstore.put(self._bucket, name, octets)

    def _forget(self) -> None:
        self._pending.clear()
        self._name, self._end, self._flushed = "", 0, ""

    def _remove(self, name: str) -> None:
        with suppress(FileNotFoundError), _told():
            obstore.delete(self._bucket, name)

    def _listed(self, *prefixes: str) -> Iterator[tuple[str, datetime]]:
        for prefix in prefixes:
            with _told():
                found = [one for some in obstore.list(self._bucket, prefix) for one in some]
            yield from ((str(one["path"]), one["last_modified"]) for one in found)


def _store(url: str, most: timedelta) -> S3Store:
    """Return the bucket, which says within this time what is wrong."""
    # What is told here is told in place of all that the environment says of the client.
    plain = os.environ.get("AWS_ALLOW_HTTP", "").lower() in {"1", "true", "yes"}
    return S3Store.from_url(
        url,
        client_options={"connect_timeout": _CONNECT, "timeout": most, "allow_http": plain},
        retry_config={"max_retries": 1, "retry_timeout": most},
    )


@contextmanager
def _told() -> Iterator[None]:
    """Turn what the storage says into an OSError, as a disk would say it."""
    try:
        yield
    except (NotFoundError, FileNotFoundError) as error:
        raise FileNotFoundError(str(error)) from error
    except BaseError as error:
        raise OSError(f"the bucket says: {str(error).splitlines()[0]}") from error
