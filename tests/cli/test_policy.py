"""`replygate policy`: what is set over the file, by whom, and back again."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Run, rows


def test_nothing_is_set_over_the_file_at_first(config: Path, run: Run) -> None:
    assert "All switches are as in the file." in run("policy", "list").stdout


def test_what_is_set_is_listed_with_who_and_undone(config: Path, run: Run) -> None:
    run("policy", "set", "log", "all")
    (row,) = rows(run("policy", "list", "--json"))
    assert (row["switch"], row["value"], row["file"]) == ("log", "all", "replies")
    assert row["changed_by"]
    assert row["changed_at"]
    run("policy", "undo", "log")
    assert rows(run("policy", "list", "--json")) == []


def test_all_switches_are_listed_when_asked_for(config: Path, run: Run) -> None:
    run("policy", "set", "body_limit", "1000000")
    listed = {row["switch"]: row["value"] for row in rows(run("policy", "list", "--all", "--json"))}
    assert listed["body_limit"] == 1_000_000
    assert listed["preset"] == "hubspot-2020"


def test_what_cannot_be_is_refused_with_what_can(config: Path, run: Run) -> None:
    assert "log cannot be" in run("policy", "set", "log", "sometimes", fails=1).stderr
    assert "There are: preset, log," in run("policy", "set", "nonsense", "1", fails=1).stderr
    assert "replygate policy" in run("policy", "undo", "log", fails=1).stderr
