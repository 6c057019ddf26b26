"""`replygate log` and `replygate purge`: what people and time decide."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import ANNA, CAROL, DAVE, Run, decided, entry, letter, rows


@pytest.mark.usefixtures("imported")
def test_a_thread_that_is_logged_by_hand_is_judged_anew(run: Run) -> None:
    run("log", "a@x.example", "--thread", "--by", ANNA)
    assert decided(run, "--address", CAROL) == {
        "a": "logged logged-by-hand",
        "b": "logged tracked-reply",
    }


def test_what_the_rules_still_stop_of_a_thread_is_logged_by_hand(run: Run, imported: Path) -> None:
    (imported / "s.eml").write_text(letter("s", "eve@other.example", ANNA, 5, "a"))
    run("import", str(imported / "s.eml"))
    assert "and 2 others of its thread" in run("log", "a@x.example", "--thread").stdout
    assert decided(run)["s"] == "logged logged-by-hand"


@pytest.mark.usefixtures("imported")
def test_a_message_alone_is_logged_by_hand(run: Run) -> None:
    run("log", "c@x.example")
    assert decided(run)["c"] == "logged logged-by-hand"


@pytest.mark.usefixtures("imported")
def test_who_logged_it_by_hand_is_kept(run: Run) -> None:
    run("log", "a@x.example", "--by", ANNA)
    (row,) = rows(run("explain", "--json", "a@x.example"))
    assert row["decisions"][-1]["by"] == ANNA


def test_what_is_not_kept_cannot_be_logged(run: Run, mail: Path) -> None:
    run("never-log", "add", CAROL, "--user", ANNA)
    run("never-log", "add", CAROL)
    (mail / "e.eml").write_text(letter("e", "bob@corp.example", ANNA, 5))
    run("import", str(mail / "e.eml"))
    assert "Forward it instead" in run("log", "e@x.example", fails=1).stderr


@pytest.mark.usefixtures("imported")
def test_purge_says_what_it_freed(run: Run) -> None:
    assert "The content of " in run("purge").stdout


@pytest.mark.usefixtures("imported")
def test_the_timeline_shows_what_is_logged(run: Run) -> None:
    run("log", "a@x.example", "--thread")
    listed = rows(run("contact", "timeline", CAROL, "--json"))
    assert [row["message_id"] for row in listed] == ["b@x.example", "a@x.example"]


def test_a_message_of_several_contacts_is_logged_under_the_chosen_one(run: Run, mail: Path) -> None:
    kim = "kim@kato.example"
    run("contact", "add", kim)
    run("contact", "add-address", kim, CAROL)
    (mail / "Sent" / "d.eml").write_text(letter("d", ANNA, DAVE, 5))
    (mail / "e.eml").write_text(letter("e", CAROL, ANNA, 6, "d"))
    run("import", str(mail / "Sent" / "d.eml"), "--as-logged")
    run("import", str(mail / "e.eml"))
    assert decided(run)["e"] == "held contact-ambiguous"
    run("log", "e@x.example", "--contact", kim)
    assert entry(run, "e")["contacts"] == [kim]


@pytest.mark.usefixtures("config")
def test_an_entry_that_is_absent_cannot_be_logged(run: Run) -> None:
    assert "There is no entry" in run("log", "nothing@x.example", fails=1).stderr
