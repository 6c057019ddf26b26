"""`replygate replay`: what was decided is judged anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import ANNA, DAVE, Run, decided, letter, rows


@pytest.mark.usefixtures("imported")
def test_a_change_of_facts_says_how_many_would_now_be_logged(run: Run) -> None:
    run("log", "a@x.example")
    run("mailbox", "disconnect", ANNA, "--at", "2026-11-01")
    run("replay", "b@x.example", "--outcome", "not_logged")
    said = run("mailbox", "connect", ANNA).stdout
    assert f"would now be logged. Log them with: replygate replay --address {ANNA}" in said


@pytest.mark.usefixtures("imported")
def test_a_change_that_cures_nothing_says_nothing_of_it(run: Run) -> None:
    assert "would now be logged" not in run("contact", "add", "new@x.example").stdout


@pytest.mark.usefixtures("imported")
def test_a_dry_run_changes_nothing(run: Run) -> None:
    run("contact", "add", DAVE)
    (row,) = rows(run("replay", "--address", DAVE, "--dry-run", "--json"))
    assert (row["before_reason"], row["reason"]) == ("sender-not-contact", "not-a-reply")
    assert decided(run)["c"] == "not_logged sender-not-contact"


@pytest.mark.usefixtures("imported")
def test_a_replay_puts_the_new_decision_behind_the_old(run: Run) -> None:
    run("contact", "add", DAVE)
    run("replay", "c@x.example")
    (row,) = rows(run("explain", "--json", "c@x.example"))
    assert [past["reason"] for past in row["decisions"]] == ["sender-not-contact", "not-a-reply"]
    assert row["decisions"][-1]["by"] == "replay"


@pytest.mark.usefixtures("imported")
@pytest.mark.parametrize("compare", [["--preset", "gateway"], ["--as-of-receipt"]])
def test_comparing_changes_nothing(run: Run, compare: list[str]) -> None:
    before = decided(run)
    run("replay", "--all", *compare)
    assert decided(run) == before


@pytest.mark.usefixtures("imported")
def test_presets_are_compared_as_a_table(run: Run) -> None:
    run("contact", "add", DAVE)
    listed = rows(run("replay", "--all", "--preset", "gateway", "--json"))
    assert {row["author"]: row["reason"] for row in listed}[DAVE] == "received"


@pytest.mark.usefixtures("imported")
def test_what_a_person_logged_stays_logged_when_all_is_replayed(run: Run) -> None:
    run("log", "c@x.example")
    run("replay", "--all")
    assert decided(run)["c"] == "logged logged-by-hand"


@pytest.mark.usefixtures("config")
def test_what_to_replay_must_be_said(run: Run) -> None:
    assert "Say what to replay" in run("replay", fails=2).stderr


@pytest.mark.usefixtures("config")
def test_an_entry_that_is_absent_cannot_be_replayed(run: Run) -> None:
    assert "There is no entry" in run("replay", "nothing@x.example", fails=1).stderr


def test_what_is_not_kept_cannot_be_judged_again(run: Run, mail: Path) -> None:
    (mail / "d.eml").write_text(letter("d", "bob@corp.example", ANNA, 5))
    run("import", str(mail / "d.eml"))
    assert "Nothing is kept of" in run("replay", "d@x.example", fails=1).stderr
