"""How the memory of a process that runs for months is looked after.

Design notes: a letter in a file passes in pieces of 256 KB. glibc gives the top of its heap back
whenever 128 KB of it are free, so each piece of such a letter made the kernel find and clear 64
pages anew; and each large block that is freed makes it keep larger ones. Both limits are set once
here: what a piece needs stays, and a block of a megabyte or more goes back at once.
"""

from __future__ import annotations

import ctypes
import gc
from typing import Final

GARBAGE_OBJECTS: Final = 20_000
"""New objects after which garbage in cycles is looked for."""
KEPT_OCTETS: Final = 4 << 20
"""Free memory at the end of a heap that is kept."""
MAPPED_OCTETS: Final = 1 << 20
"""Blocks of this size and more are mapped by themselves."""
_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3


def settle() -> None:
    """Look after memory from now on, once all is there that stays."""
    # What stands now stays; to look through it for garbage again and again cost a twentieth.
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_OBJECTS, 20, 50)
    set_heap_limits()


def set_heap_limits() -> bool:
    """Tell the C library what to keep; return whether it listens (glibc's mallopt(3) does)."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return False
    limits = ((_M_MMAP_THRESHOLD, MAPPED_OCTETS), (_M_TRIM_THRESHOLD, KEPT_OCTETS))
    return all(mallopt(name, octets) == 1 for name, octets in limits)
