"""Disks and clocks that misbehave: a library before that of C, told by files what to do now."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

_DISK = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

static int after(const char *name, int file) {
    const char *flag = getenv("SLOW_SYNC");
    if (flag && access(flag, F_OK) == 0) usleep(1000000);
    int (*real)(int) = dlsym(RTLD_NEXT, name);
    return real(file);
}

int fsync(int file) { return after("fsync", file); }
int fdatasync(int file) { return after("fdatasync", file); }
"""
_CLOCK = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int clock_gettime(clockid_t clock, struct timespec *now) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
    int done = real(clock, now);
    const char *path = getenv("CLOCK_AHEAD");
    FILE *file = clock == CLOCK_REALTIME && path ? fopen(path, "r") : NULL;
    if (file) {
        long ahead = 0;
        if (fscanf(file, "%ld", &ahead) == 1) now->tv_sec += ahead;
        fclose(file);
    }
    return done;
}
"""


def slow_disk(folder: Path, flag: Path) -> dict[str, str] | None:
    """Return the environment of a process whose disk takes a second to sync while a flag stands.

    None where there is no C compiler.
    """
    library = _built(folder, _DISK)
    return library and {"LD_PRELOAD": str(library), "SLOW_SYNC": str(flag)}


def other_clock(folder: Path, ahead: Path) -> dict[str, str] | None:
    """Return the environment of a process whose clock is ahead by the seconds in a file."""
    library = _built(folder, _CLOCK)
    return library and {"LD_PRELOAD": str(library), "CLOCK_AHEAD": str(ahead)}


def _built(folder: Path, source: str) -> Path | None:
    """Compile a library; None where there is no compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "source.c").write_text(source)
    library = folder / "library.so"
    command = (compiler, "-shared", "-fPIC", "-o", library, folder / "source.c", "-ldl")
    subprocess.run(command, check=True)
    return library
