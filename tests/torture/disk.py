"""A file system of its own, that can be filled and emptied in no time."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

SIZE = 12 << 30
"""Of a file with holes: it takes up what is written."""


class Disk:
    """A mounted file system."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self._filler = place / "filler"

    def fill(self, left: int) -> None:
        """Leave room for so many octets, or for few: what others write meanwhile counts, too."""
        free = shutil.disk_usage(self.place).free
        with self._filler.open("wb") as file, suppress(OSError):
            os.posix_fallocate(file.fileno(), 0, max(1, free - left))

    def free(self) -> None:
        """Give the room back."""
        self._filler.unlink(missing_ok=True)


@contextmanager
def disk(folder: Path) -> Iterator[Disk | str]:
    """Mount one; give why, where that cannot be done."""
    folder.mkdir(parents=True, exist_ok=True)
    image, place = folder / "disk.img", folder / "disk"
    place.mkdir()
    with image.open("wb") as file:
        file.truncate(SIZE)
    try:
        _run("mkfs.ext4", "-q", "-m", "0", str(image))
        _run("mount", "-o", "loop", str(image), str(place))
    except (OSError, subprocess.CalledProcessError) as error:
        image.unlink()
        yield f"no file system can be mounted here ({error})"
        return
    try:
        yield Disk(place)
    finally:
        _run("umount", "--lazy", str(place))
        image.unlink()


def _run(*command: str) -> None:
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    found = shutil.which(command[0], path=path) or command[0]
    subprocess.run((found, *command[1:]), check=True, capture_output=True)
