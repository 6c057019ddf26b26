"""Questions of an admin in SQL."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.store.questions import QuestionError, ask, tables
from gateway.store.registry import Registry


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "replygate.db"
    with Registry(made) as registry:
        registry.add_user("anna@corp.example", "Anna Arai")
    return made


def test_rows_come_by_column(path: Path) -> None:
    assert list(ask(path, "SELECT key, name FROM users")) == [
        {"key": "anna@corp.example", "name": "Anna Arai"}
    ]


def test_octets_are_shown_in_hexadecimal(path: Path) -> None:
    assert list(ask(path, "SELECT x'00ff' AS octets")) == [{"octets": "00ff"}]


@pytest.mark.parametrize(
    "sql", ["DELETE FROM users", "DROP TABLE users", "SELEKT 1", "SELECT * FROM nowhere"]
)
def test_what_is_no_question_is_refused(path: Path, sql: str) -> None:
    with pytest.raises(QuestionError, match="replygate query --tables"):
        list(ask(path, sql))
    assert list(ask(path, "SELECT count(*) AS n FROM users")) == [{"n": 1}]


def test_tables_are_listed_with_rows_and_columns(path: Path) -> None:
    found = {row["table"]: row for row in tables(path)}
    assert found["users"]["rows"] == 1
    assert "name" in found["users"]["columns"].split()
