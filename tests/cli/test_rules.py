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


def test_a_reason_that_is_none_is_a_usage_error(run: Run) -> None:
    assert "is not one of" in run("rules", "because", fails=2).stderr


def test_people_read_a_table(run: Run) -> None:
    assert "tracked-reply" in run("rules").stdout
