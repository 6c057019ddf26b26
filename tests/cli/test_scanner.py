"""scanner: records of what security products leave, listed and learned."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

from gateway.mail.scanners import compile_signature
from tests.cli.conftest import Run, rows
from tests.mail.build import letter, multipart

SHOWN = letter("Hello.\nYour attachment was removed by the mail filter of Corp.\n")
RECORD = """
[[scanner]]
id = "ours"
product = "Our filter"
state = "stripped"
any = [{ where = "body", text = "removed by the mail filter" }]
"""


def shown(folder: Path, octets: bytes = SHOWN) -> Path:
    file = folder / "shown.eml"
    file.write_bytes(octets)
    return file


def test_the_shipped_records_are_listed(run: Run) -> None:
    listed = rows(run("scanner", "list", "--json"))
    assert len(listed) > 30
    assert not any(row["own"] for row in listed)
    assert "MailScanner" in run("scanner", "list").stdout


def test_a_record_is_proposed_as_toml_that_can_be_used(run: Run, tmp_path: Path) -> None:
    printed = run("scanner", "learn", str(shown(tmp_path))).stdout
    (record,) = tomllib.loads(printed)["scanner"]
    assert compile_signature(record).state == "stripped"


def test_a_record_is_proposed_as_json_too(run: Run, tmp_path: Path) -> None:
    done = run("scanner", "learn", "--json", "--product", "Wall", str(shown(tmp_path)))
    assert json.loads(done.stdout)["product"] == "Wall"
    assert "[policy]" in done.stderr


def test_state_and_words_can_be_said(run: Run, tmp_path: Path) -> None:
    file = shown(tmp_path, letter("Hello. We keep this for a while."))
    done = run(
        "scanner", "learn", str(file), "--text", "keep this for", "--state", "held", "--json"
    )
    record = json.loads(done.stdout)
    assert record["state"] == "held"
    assert record["any"][0]["text"] == "keep this for"


def test_a_message_without_traces_teaches_nothing(run: Run, tmp_path: Path) -> None:
    done = run("scanner", "learn", str(shown(tmp_path, letter("Hello."))), fails=1)
    assert "Name its words with --text" in done.stderr


def test_words_that_are_not_there_are_refused(run: Run, tmp_path: Path) -> None:
    done = run("scanner", "learn", str(shown(tmp_path)), "--text", "no such words", fails=1)
    assert "Copy them exactly" in done.stderr


def test_ordinary_mail_that_it_would_match_is_counted(run: Run, tmp_path: Path) -> None:
    ordinary = tmp_path / "ordinary"
    ordinary.mkdir()
    for number, octets in enumerate((SHOWN, letter("Hello."), letter("Bye."))):
        (ordinary / f"{number}.eml").write_bytes(octets)
    done = run("scanner", "learn", str(shown(tmp_path)), "--against", str(ordinary))
    assert "It matches 1 of 3 files" in done.stderr
    assert "0.eml" in done.stderr


def test_what_is_known_already_is_said(run: Run, tmp_path: Path) -> None:
    octets = letter("Warning: This message has had one or more attachments removed")
    done = run("scanner", "learn", str(shown(tmp_path, octets)))
    assert "known already by: mailscanner-removed (stripped)" in done.stderr


def own(config: Path) -> None:
    (config.parent / "ours.toml").write_text(RECORD)
    config.write_text(config.read_text() + '[policy]\nscanners = "ours.toml"\n')


def test_records_of_ones_own_are_listed_as_such(run: Run, config: Path) -> None:
    own(config)
    (row,) = [row for row in rows(run("scanner", "list", "--json")) if row["own"]]
    assert (row["id"], row["product"]) == ("ours", "Our filter")


def test_inspect_knows_the_records_of_ones_own(run: Run, config: Path) -> None:
    own(config)
    (row,) = rows(run("inspect", "--json", str(shown(config.parent))))
    assert row["scanner"] == [{"product": "Our filter", "state": "stripped", "name": ""}]


def test_inspect_says_what_a_file_is(run: Run, tmp_path: Path) -> None:
    part = 'Content-Type: image/png\nContent-Disposition: attachment; filename="a.png"\n\n%PDF-1.7'
    (row,) = rows(run("inspect", "--json", str(shown(tmp_path, multipart("mixed", "\n", part)))))
    assert row["attachments"][0]["detected_type"] == "application/pdf"
