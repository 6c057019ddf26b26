"""The targets that a guided fuzzer is given."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.fuzz import CASES, MAKERS
from tests.guided import TARGETS, run, seeds
from tests.promises import PROMISES


@pytest.mark.parametrize("target", sorted(PROMISES))
def test_what_a_target_begins_with_keeps_its_promise(target: str) -> None:
    begin = seeds(target, CASES)
    assert begin
    for octets in begin[:40]:
        PROMISES[target](octets)


def test_both_fuzzers_have_the_same_targets() -> None:
    assert set(TARGETS) == set(MAKERS)


@pytest.mark.skipif(find_spec("atheris") is None, reason="atheris is not installed here")
def test_a_guided_fuzzer_reaches_code(tmp_path: Path) -> None:
    inputs, reached, code = run("milter", 2, tmp_path, CASES)
    assert (code, inputs > 100, reached > 50) == (0, True, True)
