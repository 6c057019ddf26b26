"""`replygate import`: history comes in."""

from __future__ import annotations

import re
from pathlib import Path

from tests.cli.conftest import ANNA, Run, decided, rows


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


def test_a_second_import_says_what_was_there(run: Run, mail: Path) -> None:
    sent = str(mail / "Sent")
    assert "1 were there already" in run("import", sent, sent, "--as-logged").stdout


def test_a_folder_without_mail_says_so(run: Run, mail: Path, tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    assert "No message found" in run("import", str(tmp_path / "nothing")).stdout
