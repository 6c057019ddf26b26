"""Questions in SQL to a server: they read, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.model.place import ServedPath
from gateway.store.questions import QuestionError, ask, tables
from gateway.store.registry import Registry


@pytest.fixture
def path(url: str, tmp_path: Path) -> ServedPath:
    """A record with one user."""
    path = ServedPath.at(tmp_path / "store", url)
    with Registry(path) as registry:
        registry.add_user("bob@acme.example", "Bob")
    return path


def test_a_question_is_answered_by_column(path: ServedPath) -> None:
    assert list(ask(path, "SELECT key, name FROM users WHERE key LIKE '%acme%'")) == [
        {"key": "bob@acme.example", "name": "Bob"}
    ]


@pytest.mark.parametrize(
    "sql",
    ["DELETE FROM users", "COMMIT; DELETE FROM users", "SELECT 1; DELETE FROM users", "nonsense"],
)
def test_nothing_can_be_changed(path: ServedPath, sql: str) -> None:
    with pytest.raises(QuestionError, match="replygate query --tables"):
        list(ask(path, sql))
    assert [row["rows"] for row in tables(path) if row["table"] == "users"] == [1]


def test_the_tables_are_listed_with_their_columns(path: ServedPath) -> None:
    (users,) = (row for row in tables(path) if row["table"] == "users")
    assert users["columns"] == "key name role logging permitted added_at language time_zone"
