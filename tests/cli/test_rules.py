"""The manual pages of the reasons, as the command prints them."""

from __future__ import annotations

import pytest

from gateway.model.decision import Reason
from tests.cli.conftest import Run, rows


def test_every_reason_is_listed(run: Run) -> None:
    listed = rows(run("rules", "--json"))
    assert {row["reason"] for row in listed} == {str(reason) for reason in Reason}


@pytest.mark.parametrize("reason", ["tracked-reply", "original-unknown", "store-unavailable"])
def test_a_reason_has_a_page(run: Run, reason: str) -> None:
    assert run("rules", reason).stdout.startswith(f"{reason}\n")


@pytest.mark.parametrize("words", [["rules"], ["decisions", "--reason"]])
def test_a_reason_that_is_none_is_told_with_what_was_meant(run: Run, words: list[str]) -> None:
    said = run(*words, "auto-repli", fails=2).stderr
    assert '"auto-repli" is no reason. Did you mean "auto-reply"' in said
    assert said.rstrip().endswith("For all of them: replygate rules")


def test_people_read_a_table(run: Run) -> None:
    assert "tracked-reply" in run("rules").stdout
