"""Pages of a large message go back to the kernel."""

from __future__ import annotations

import mmap
import tempfile
from pathlib import Path

import pytest

from gateway.intake.pages import Airing

OCTETS = bytes(range(256)) * 16_384


def mapped(folder: Path) -> mmap.mmap:
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(OCTETS)
        file.flush()
        return mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)


def resident_kib(octets: mmap.mmap) -> int:
    """Return what the kernel counts as ours of the only mapping of this size."""
    lines = iter(Path("/proc/self/smaps").read_text().splitlines())
    size = f"{len(octets) // 1024} kB"
    for line in lines:
        if line.startswith("Size:") and line.endswith(size):
            found = {k: v for k, _, v in (next(lines).partition(":") for _ in range(4))}
            return int(found["Rss"].split()[0])
    raise AssertionError("no such mapping")


@pytest.mark.skipif(not Path("/proc/self/smaps").exists(), reason="only Linux tells")
async def test_pages_that_were_read_are_given_back(tmp_path: Path) -> None:
    octets = mapped(tmp_path)
    with Airing(octets) as airing:
        assert octets[:] == OCTETS
        assert resident_kib(octets) > 1000
        airing.drop()
        assert resident_kib(octets) == 0


async def test_octets_stay_what_they_are(tmp_path: Path) -> None:
    octets = mapped(tmp_path)
    with Airing(octets) as airing:
        airing.drop()
        assert octets[:] == OCTETS


async def test_content_in_memory_is_left_alone() -> None:
    with Airing(b"small") as airing:
        airing.drop()
