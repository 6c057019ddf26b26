"""How far an account was read is remembered."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.intake.imap.account import Account, Mark, Marks, recall, remember

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_what_is_remembered_comes_back(tmp_path: Path) -> None:
    marks = Marks({"INBOX": Mark(7, 12), "Gel&APY-scht": Mark(8, 1)}, NOON)
    remember(tmp_path / "new" / "anna.json", marks)
    assert recall(tmp_path / "new" / "anna.json") == marks


def test_nothing_is_remembered_of_a_new_one(tmp_path: Path) -> None:
    assert recall(tmp_path / "anna.json") == Marks()


@pytest.mark.parametrize("text", ["", "[]", '{"folders": {"INBOX": 1}, "looked_at": ""}'])
def test_a_file_that_tells_nothing_says_what_to_do(tmp_path: Path, text: str) -> None:
    (tmp_path / "anna.json").write_text(text)
    with pytest.raises(ValueError, match="Delete it"):
        recall(tmp_path / "anna.json")


def test_a_password_does_not_show() -> None:
    account = Account("anna", "host", 993, "anna", "a@x.example", lambda: "hunter2")
    assert "hunter2" not in repr(account)
    assert "lambda" not in repr(account)
