"""Commands on what came by: import, decisions, explain, replay, log, purge."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run, rows

ANNA, CAROL, DAVE = "anna@corp.example", "carol@customer.example", "dave@dorn.example"


def letter(name: str, author: str, to: str, day: int, answers: str = "") -> str:
    cites = f"In-Reply-To: <{answers}@x.example>\n" if answers else ""
    return (
        f"From: {author}\nTo: {to}\nSubject: {'Re: ' if answers else ''}Offer {name}\n"
        f"Date: {day:02} Nov 2026 10:00:00 +0000\nMessage-ID: <{name}@x.example>\n{cites}"
        "\nHello.\n"
    )


@pytest.fixture
def mail(tmp_path: Path, config: Path, run: Run) -> Path:
    """A user, a contact, and a folder of mail that nobody has seen."""
    run("user", "add", ANNA)
    run("mailbox", "add", ANNA, "--user", ANNA, "--provider", "google", "--at", "2026-01-01")
    run("contact", "add", CAROL)
    folder = tmp_path / "mail"
    (folder / "Sent").mkdir(parents=True)
    (folder / "Sent" / "a.eml").write_text(letter("a", ANNA, CAROL, 2))
    (folder / "b.eml").write_text(letter("b", CAROL, ANNA, 3, "a"))
    return folder


def decided(run: Run, *options: str) -> dict[str, str]:
    """Return outcome and reason by the name of the letter."""
    listed = rows(run("decisions", "--json", *options))
    return {row["message_id"][0]: f"{row['outcome']} {row['reason']}" for row in listed}


def entry(run: Run, name: str) -> dict[str, Any]:
    return next(r for r in rows(run("decisions", "--json")) if r["message_id"][0] == name)


def test_each_imported_message_gets_a_decision(run: Run, mail: Path) -> None:
    run("import", str(mail / "b.eml"))
    assert decided(run) == {"b": "not_logged original-unknown"}


def test_imported_sent_mail_counts_as_logged(run: Run, mail: Path) -> None:
    run("import", str(mail / "Sent"), "--as-logged")
    assert decided(run) == {"a": "logged imported"}


def test_a_reply_that_waited_for_the_sent_mail_is_logged_with_it(run: Run, mail: Path) -> None:
    run("import", str(mail / "b.eml"))
    run("import", str(mail / "Sent"), "--as-logged")
    assert decided(run)["b"] == "logged tracked-reply"


def test_a_second_import_adds_nothing(run: Run, mail: Path) -> None:
    run("import", str(mail))
    run("import", str(mail))
    assert len(rows(run("decisions", "--json"))) == 2


def test_incoming_mail_cannot_count_as_logged(run: Run, mail: Path) -> None:
    wish = ("--as-logged", "--direction", "incoming")
    assert "for sent mail" in run("import", str(mail), *wish, fails=2).stderr


def test_an_import_is_told_by_outcome(run: Run, mail: Path) -> None:
    said = run("import", str(mail / "Sent"), "--as-logged").stdout
    assert re.search(r"1 +logged +imported", said)


def test_an_import_tells_programs_each_entry(run: Run, mail: Path) -> None:
    (row,) = rows(run("import", "--json", str(mail / "b.eml")))
    assert (row["message_id"], row["reason"]) == ("b@x.example", "original-unknown")


def test_the_folder_can_be_told(run: Run, mail: Path) -> None:
    run("mailbox", "change-provider", ANNA, "imap", "--at", "2026-01-02")
    run("mailbox", "connect", ANNA, "--at", "2026-01-02")
    run("import", str(mail / "Sent"), "--as-logged")
    run("import", str(mail / "b.eml"), "--folder", "Projects")
    assert decided(run)["b"] == "not_logged other-folder"


KEYS = {
    "entry",
    "message_id",
    "received_at",
    "direction",
    "route",
    "outcome",
    "reason",
    "remedy",
    "thread",
    "contacts",
    "mailboxes",
    "attachments",
    "trace",
    "relayed",
    "sha256_in",
    "sha256_out",
}


@pytest.fixture
def imported(run: Run, mail: Path) -> Path:
    """Sent mail that was not marked, the reply to it, and mail of a stranger."""
    (mail / "c.eml").write_text(letter("c", DAVE, ANNA, 4))
    run("import", str(mail))
    assert decided(run) == {
        "a": "not_logged sent-not-marked",
        "b": "not_logged original-not-logged",
        "c": "not_logged sender-not-contact",
    }
    return mail


@pytest.mark.usefixtures("imported")
def test_a_decision_is_one_object_with_every_key(run: Run) -> None:
    assert all(row.keys() >= KEYS for row in rows(run("decisions", "--json")))


@pytest.mark.usefixtures("imported")
def test_every_answer_of_the_trace_is_told(run: Run) -> None:
    trace = entry(run, "c")["trace"]
    assert all(answer.keys() == {"stage", "rule", "matched", "evidence"} for answer in trace)
    assert [answer["evidence"] for answer in trace if answer["rule"] == "sender-not-contact"] == [
        {"address": DAVE}
    ]


@pytest.mark.usefixtures("imported")
@pytest.mark.parametrize(
    ("options", "names"),
    [
        ([], "cba"),
        (["--outcome", "not_logged"], "cba"),
        (["--outcome", "logged"], ""),
        (["--reason", "original-not-logged"], "b"),
        (["--address", "Carol@Customer.example"], "ba"),
        (["--since", "2026-11-03"], "cb"),
        (["--until", "2026-11-03"], "a"),
        (["--since", "2026-11-03", "--address", DAVE], "c"),
        (["--limit", "1"], "c"),
        (["--since", "30m"], ""),
    ],
)
def test_decisions_pass_all_filters_newest_first(run: Run, options: list[str], names: str) -> None:
    listed = rows(run("decisions", "--json", *options))
    assert [row["message_id"][0] for row in listed] == list(names)


@pytest.mark.usefixtures("imported")
def test_people_read_a_table_of_decisions(run: Run) -> None:
    assert re.search(rf"{DAVE} +Offer c +not_logged +sender", run("decisions").stdout)


@pytest.mark.usefixtures("imported")
def test_a_table_says_when_there_may_be_more(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.cli.decisions.PAGE", 2)
    said = run("decisions").stdout
    assert "These are the newest 2" in said
    assert DAVE in said
    assert len(rows(run("decisions", "--json"))) == 3


def test_a_time_that_is_none_is_a_usage_error(run: Run) -> None:
    assert "is no time" in run("decisions", "--since", "yesterday-ish", fails=2).stderr


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


def test_a_second_import_says_what_was_there(run: Run, mail: Path) -> None:
    sent = str(mail / "Sent")
    assert "1 were there already" in run("import", sent, sent, "--as-logged").stdout


def test_a_folder_without_mail_says_so(run: Run, mail: Path, tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    assert "No message found" in run("import", str(tmp_path / "nothing")).stdout


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
