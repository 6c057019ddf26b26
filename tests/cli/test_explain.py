"""`replygate explain`: why a message is logged, or not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.conftest import ANNA, CAROL, DAVE, Run, entry, letter, rows


@pytest.mark.usefixtures("imported")
@pytest.mark.parametrize("asked", ["b@x.example", "<b@x.example>", "entry", "file"])
def test_a_message_is_explained_by_each_of_its_names(run: Run, asked: str, imported: Path) -> None:
    names = {"entry": entry(run, "b")["entry"], "file": str(imported / "b.eml")}
    said = run("explain", names.get(asked, asked)).stdout
    assert "Not logged · original-not-logged" in said
    assert "<b@x.example>" in said


@pytest.mark.usefixtures("imported")
def test_the_page_tells_the_remedy_and_its_command(run: Run) -> None:
    said = run("explain", "c@x.example").stdout
    assert f"{DAVE} is not a contact." in said
    assert f"replygate contact add {DAVE}" in said


@pytest.mark.usefixtures("imported")
def test_the_page_marks_the_rule_that_decides(run: Run) -> None:
    lines = run("explain", "c@x.example").stdout.splitlines()
    (deciding,) = [line for line in lines if "← decides" in line]
    assert deciding.strip().startswith("▶ sender-not-contact  address=dave@dorn.example")


@pytest.mark.usefixtures("imported")
def test_the_page_tells_the_answer_of_every_rule(run: Run) -> None:
    said = run("explain", "c@x.example").stdout
    asked = {answer["rule"] for answer in entry(run, "c")["trace"]}
    assert {rule for rule in asked if not re.search(rf"\b{rule}\b", said)} == set()


@pytest.mark.usefixtures("imported")
def test_the_page_shows_the_stages_in_their_order(run: Run) -> None:
    said = run("explain", "c@x.example").stdout
    assert re.findall(r"^  ([0A-H]) · ", said, re.MULTILINE) == ["0", "A", "B", "C", "E", "F", "G"]


@pytest.mark.usefixtures("imported")
def test_no_line_of_the_page_ends_in_blanks(run: Run) -> None:
    lines = run("explain", "c@x.example").stdout.splitlines()
    assert [line for line in lines if line != line.rstrip()] == []


@pytest.mark.usefixtures("imported")
def test_programs_are_told_sightings_and_decisions(run: Run) -> None:
    (row,) = rows(run("explain", "--json", "c@x.example"))
    assert row["sightings"][0]["relay"] == "by-mta"
    assert row["decisions"][-1]["reason"] == "sender-not-contact"


def test_a_file_that_never_came_is_judged_as_if_it_came_now(run: Run, mail: Path) -> None:
    said = run("explain", str(mail / "b.eml")).stdout
    assert "Not logged · original-unknown" in said
    assert "never came by here" in said
    assert rows(run("decisions", "--json")) == []


def test_a_file_that_never_came_is_told_to_programs(run: Run, mail: Path) -> None:
    (row,) = rows(run("explain", "--json", str(mail / "b.eml")))
    assert (row["entry"], row["reason"]) == (None, "original-unknown")


@pytest.mark.usefixtures("config")
def test_what_nobody_knows_is_one_sentence(run: Run) -> None:
    said = run("explain", "nothing@x.example", fails=1).stderr
    assert said.startswith("replygate: Nothing is known of nothing@x.example.")


@pytest.fixture
def unthreaded(run: Run, mail: Path) -> str:
    """A reply of a contact that cites nothing; returns its entry id."""
    run("import", str(mail / "Sent"), "--as-logged")
    reply = letter("c", CAROL, ANNA, 4).replace("Subject: Offer c", "Subject: Re: Offer a")
    (mail / "c.eml").write_text(reply)
    run("import", str(mail / "c.eml"))
    return str(entry(run, "c")["entry"])


def test_explain_suggests_what_a_reply_without_ids_may_answer(run: Run, unthreaded: str) -> None:
    page = run("explain", unthreaded).stdout
    assert f"Entry {entry(run, 'a')['entry']}: the same subject" in page
    assert f"replygate log {unthreaded}" in page


def test_explain_tells_programs_the_suggestion_too(run: Run, unthreaded: str) -> None:
    (row,) = rows(run("explain", "--json", unthreaded))
    assert row["suggestion"]["hint"] == "subject"
    assert row["suggestion"]["entry"] == entry(run, "a")["entry"]


def test_explain_suggests_nothing_for_what_is_logged(run: Run, unthreaded: str) -> None:
    run("log", unthreaded)
    (row,) = rows(run("explain", "--json", unthreaded))
    assert row["suggestion"] is None
