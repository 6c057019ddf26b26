"""A gateway in a process of its own for each test, and what real faults need of the machine."""

from __future__ import annotations

import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.torture.gate import Zygote, zygote


@pytest_asyncio.fixture
async def starter() -> AsyncIterator[Zygote]:
    """The process that starts gateways."""
    async with zygote() as made:
        yield made


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of two megabytes; needs the right to mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m,mode=700", "tmpfs", str(place)],
        check=False,
        capture_output=True,
    )
    if os.geteuid() != 0 or made.returncode:
        pytest.skip("a file system can only be mounted by root")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)
