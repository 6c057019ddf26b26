"""`replygate query`."""

from __future__ import annotations

from tests.cli.conftest import Run


def test_an_answer_is_a_table(run: Run, config: object) -> None:
    assert "reason" in run("query", "SELECT 'x' AS reason").stdout


def test_tables_are_listed(run: Run, config: object) -> None:
    assert "entries" in run("query", "--tables").stdout


def test_nothing_asked_is_a_usage_error(run: Run, config: object) -> None:
    assert "--tables" in run("query", fails=2).stderr


def test_a_change_is_refused_in_a_sentence(run: Run, config: object) -> None:
    assert "replygate query --tables" in run("query", "DELETE FROM users", fails=1).stderr
