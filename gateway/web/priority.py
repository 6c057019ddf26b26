"""Lets letters go before pages where both want a processor.

Three things of one process, which its threads take over from the one that asks:

- It is nice: of a processor that others want too it gets a tenth.
- It is a batch: when it wakes up it interrupts nobody.
- Its slices are long: since Linux 6.12 whoever has shorter ones, as everybody does who asked for
  nothing, interrupts it at once. With a slice like all others it would first use that up, and a
  letter, which waits for a processor a dozen times, would wait some milliseconds each time.

Design notes: D-45. SCHED_IDLE lets letters through as well, and is not taken: beside two busy
processors a page took 2.7 s instead of 0.2, and whoever clicks may hold a lock meanwhile.

Limits: there is no function for slices in Python 3.11, nor in older C libraries, so the kernel is
called by number; a machine whose number is not known here does without. An older kernel ignores
them.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
from contextlib import suppress
from typing import Final

NICE: Final = 10
SLICE_NS: Final = 100_000_000
"""The longest that the kernel takes."""
_SCHED_SETATTR: Final = {"x86_64": 314, "aarch64": 274, "riscv64": 274}
"""The number of sched_setattr(2) on each machine."""
_ATTRIBUTES: Final = struct.Struct("=IIQiIQQQ")
"""Size, policy, flags, nice, priority; then runtime, deadline and period in nanoseconds."""


def give_way() -> None:
    """Let others go first, here and in all threads that begin afterwards.

    What the system does not allow is left as it is: pages that press ahead are better than none.
    """
    nice = max(os.getpriority(os.PRIO_PROCESS, 0), NICE)
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, nice)
    with suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    if (number := _SCHED_SETATTR.get(platform.machine())) is not None:
        size = _ATTRIBUTES.size
        asked = _ATTRIBUTES.pack(size, os.SCHED_BATCH, 0, nice, 0, SLICE_NS, 0, 0)
        # It answers -1 where it refuses, and nothing has changed then.
        ctypes.CDLL(None).syscall(ctypes.c_long(number), 0, asked, 0)
