"""Hashes a large message and writes it to its file, in a thread, while more of it arrives.

Both let go of the interpreter, so that on a second processor they cost the loop nothing. What is
written starts on its way to the disk at once; whoever needs it durable waits for the rest only.

Limits: what waits for the thread is bounded by who feeds it (`backlog`).
"""

from __future__ import annotations

import errno
import hashlib
import os
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.intake.nameless import NamelessMap, map_nameless, open_nameless
from gateway.mail.ahead import Ahead

if TYPE_CHECKING:
    from hashlib import _Hash

WRITE_BACK_OCTETS: Final = 8 << 20
AT_ONCE_OCTETS: Final = 256 << 10
"""What is worth waking the thread for."""
THREADS: Final = 4


@cache
def _threads() -> ThreadPoolExecutor:
    """Return threads that all run already: later there may be no memory for one. Raises OSError."""
    pool = ThreadPoolExecutor(THREADS, thread_name_prefix="scribe")
    go = threading.Event()
    try:
        for _ in range(THREADS):
            pool.submit(go.wait)
    except RuntimeError as error:
        pool.shutdown(wait=False, cancel_futures=True)
        raise OSError(errno.EAGAIN, str(error)) from error
    finally:
        go.set()
    return pool


class Scribe:
    """One message's file and digest; pieces are taken in the order in which they are given."""

    def __init__(self, folder: Path, progress: Callable[[], None] | None = None) -> None:
        """Open the file. `progress` is called in a thread, after something was written.

        Raises OSError.
        """
        self._threads = _threads()
        self._descriptor = open_nameless(folder)
        self._digest = hashlib.sha256()
        self._ahead: Ahead | None = Ahead()
        self._pieces: deque[tuple[bytes, bool]] = deque()
        self._running = False
        self._state = threading.Condition()
        self._progress = progress
        self._flushed = 0
        self.written = 0
        """Octets that are in the file."""
        self.backlog = 0
        """Octets that wait."""
        self.trouble: OSError | None = None
        self.marked: _Hash | None = None
        """The digest of what came before the piece that was given with a mark."""

    def take(self, piece: bytes, *, mark: bool = False) -> None:
        """Have a piece hashed and written."""
        with self._state:
            self._pieces.append((piece, mark))
            self.backlog += len(piece)
            if self._running or self.backlog < AT_ONCE_OCTETS:
                return
            self._running = True
        self._threads.submit(self._work)

    def flush(self) -> None:
        """Let nothing wait for more to come."""
        with self._state:
            if self._running or not self._pieces:
                return
            self._running = True
        self._threads.submit(self._work)

    def read(self, start: int, most: int) -> bytes:
        """Return octets that are in the file, from there on; none when there are no more yet."""
        return os.pread(self._descriptor, min(most, self.written - start), start)

    def wait(self) -> None:
        """Wait until all that was given is in the file. Raises OSError."""
        self.flush()
        with self._state:
            self._state.wait_for(lambda: not self._running)
        if self.trouble is not None:
            raise again(self.trouble)

    @property
    def busy(self) -> bool:
        """Whether something waits."""
        return bool(self._pieces) or self._running

    def digest(self) -> bytes:
        """Return the digest of all; after `wait`."""
        return self._digest.digest()

    def octets(self) -> NamelessMap:
        """Return a window over the file, which goes with it. Raises OSError."""
        # A next hop that lags still reads here.
        octets = map_nameless(os.dup(self._descriptor))
        octets.ahead = self._ahead
        return octets

    def drop(self) -> None:
        """Forget the file; what waits is not written."""
        with self._state:
            self._pieces.clear()
            self._state.wait_for(lambda: not self._running)
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _work(self) -> None:
        while (given := self._next()) is not None:
            try:
                self._keep(*given)
            except OSError as error:
                # Its frames hold the piece, and us.
                self.trouble = again(error)
            except MemoryError:
                # Nobody may be left to wait for a thread that died.
                self.trouble = OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))
        if self._progress is not None:
            self._progress()

    def _next(self) -> tuple[bytes, bool] | None:
        """Return the next piece; without one, nobody works any more."""
        with self._state:
            if not self._pieces:
                self.backlog = 0
                self._running = False
                self._state.notify_all()
                return None
            given = self._pieces.popleft()
            self.backlog -= len(given[0])
            return given

    def _keep(self, piece: bytes, mark: bool) -> None:  # noqa: FBT001 - as it was queued
        """Hash and write a piece; after trouble nothing more is kept."""
        if mark:
            self.marked = self._digest.copy()
        self._digest.update(piece)
        self._look_ahead(piece)
        if self.trouble is not None:
            return
        write_all(self._descriptor, piece)
        self.written += len(piece)
        if self.written - self._flushed >= WRITE_BACK_OCTETS:
            size = self.written - self._flushed
            os.posix_fadvise(self._descriptor, self._flushed, size, os.POSIX_FADV_DONTNEED)
            self._flushed = self.written

    def _look_ahead(self, piece: bytes) -> None:
        if self._ahead is None:
            return
        try:
            self._ahead.feed(piece)
        except Exception:  # noqa: BLE001 - a defect there: the reader reads all of it himself
            self._ahead = None


def again(trouble: OSError) -> OSError:
    """Return the same trouble, to be raised: the frames that it goes through stay out of ours.

    Who keeps an error keeps what was under way when it was raised; who is himself a part of that
    goes, with all his octets, not before garbage is looked for.
    """
    return OSError(trouble.errno, trouble.strerror)


def write_all(descriptor: int, octets: bytes) -> None:
    """Write all of it. Raises OSError."""
    written = os.write(descriptor, octets)
    while written < len(octets):
        written += os.write(descriptor, memoryview(octets)[written:])
