"""How memory is looked after: what glibc was told holds for this process."""

from __future__ import annotations

import subprocess
import sys

import pytest

from gateway.service import heap

FAULTS = """
import resource
from gateway.service.heap import set_heap_limits
told = set_heap_limits() if {told} else False
def some_pieces():
    [bytes([n]) * (256 << 10) for n in range(8)]
for _ in range(20):
    some_pieces()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(100):
    some_pieces()
print(told, resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(*, told: bool) -> tuple[bool, int]:
    """Return whether the C library listened, and the page faults of the pieces of a letter."""
    script = FAULTS.format(told=told)
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    listened, count = run.stdout.split()
    return listened == "True", int(count)


def test_the_pieces_of_a_letter_cost_the_kernel_nothing_again() -> None:
    listened, count = faults(told=True)
    if not listened:
        pytest.skip("another C library than glibc")
    assert count < faults(told=False)[1] / 10


def test_another_c_library_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ctypes.CDLL", lambda _: object())
    assert not heap.set_heap_limits()
