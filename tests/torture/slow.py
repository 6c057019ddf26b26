"""A disk that takes a second to sync while a flag stands: a library before that of C."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

_SOURCE = """
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


def slow_disk(folder: Path, flag: Path) -> dict[str, str] | None:
    """Return what a process needs in its environment; None where there is no C compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "slow.c").write_text(_SOURCE)
    library = folder / "slow.so"
    command = (compiler, "-shared", "-fPIC", "-o", library, folder / "slow.c", "-ldl")
    subprocess.run(command, check=True)
    return {"LD_PRELOAD": str(library), "SLOW_SYNC": str(flag)}
