"""Real mail of others, where a folder of it is at hand: the goals, and what must not come back."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from tests.bench.accuracy import TASKS, run
from tests.bench.argued import argue
from tests.bench.results import summarise
from tests.mail import agreement
from tests.mail.fuzz import originals_of, read_mutated

Row = dict[str, Any]
GOALS = {
    "encoding_subject": 1.0,
    "attachments": 0.995,
    "auto_reply": 0.99,
    "forward_unwrap": 0.98,
    "no_crash": 1.0,
    "dkim_verify": 1.0,
    "ordinary_mail": 0.999,
}
"""The least share of cases that are right by their label."""
MUTATED = 3000


def test_the_reader_agrees_with_the_stdlib_but_for_what_is_judged(real_mail: Path) -> None:
    assert agreement.main(real_mail) == 0
    assert len(agreement.known()) <= 40


@pytest.fixture(scope="module")
def rows(real_mail: Path) -> list[Row]:
    results = run(real_mail, set(TASKS), jobs=1)
    assert argue(results) == []
    return summarise(results)


@pytest.mark.parametrize("task", GOALS)
def test_labelled_mail_is_read_as_well_as_the_goal_says(rows: list[Row], task: str) -> None:
    own = [row for row in rows if row["task"] == task]
    assert sum(row["right"] for row in own) >= GOALS[task] * sum(row["cases"] for row in own)


def test_bounces_are_told_hard_from_soft_as_labelled_or_argued(rows: list[Row]) -> None:
    for row in (row for row in rows if row["task"] == "bounce"):
        assert row["fields"]["recognised"] == f"{row['cases']}/{row['cases']}"
        assert row["right"] + row["argued"] == row["cases"]


def test_threads_are_joined_by_ids_without_a_fault(rows: list[Row]) -> None:
    full = [row for row in rows if str(row["source"]).endswith("/full")]
    assert [(row["precision"], row["recall"]) for row in full] == [(1.0, 1.0)] * len(full)


def test_mutated_messages_keep_the_promises(real_mail: Path, tmp_path: Path) -> None:
    rng = random.Random()
    originals = originals_of(real_mail)
    broken = tmp_path / "broken.eml"
    slowest = max(read_mutated(rng, originals, broken=broken) for _ in range(MUTATED))
    assert slowest < 1
