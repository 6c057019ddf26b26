"""inspect: what is read in messages, without any store."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.cli.inspect import FEW, read_file
from gateway.cli.reading_page import reading_page
from tests.cli.conftest import Run, rows

MESSAGE = b"""\
From: Carol Cruz <carol@customer.example>\r
To: Anna <anna@corp.example>, bob@corp.example\r
Subject: =?utf-8?q?Re=3A_Angebot_f=C3=BCr_Sie?=\r
Date: Mon, 23 Nov 2026 10:00:00 +0100\r
Message-ID: <b@customer.example>\r
In-Reply-To: <a@corp.example>\r
References: <0@corp.example> <a@corp.example>\r
MIME-Version: 1.0\r
Content-Type: multipart/mixed; boundary=x\r
\r
--x\r
Content-Type: text/plain; charset=utf-8\r
\r
Thank you!\r
--x\r
Content-Type: application/pdf; name=offer.pdf\r
Content-Disposition: attachment; filename=offer.pdf\r
Content-Transfer-Encoding: base64\r
\r
JVBERi0xLjQK\r
--x--\r
"""

KEYS = {
    "file",
    "message_id",
    "in_reply_to",
    "references",
    "author",
    "to",
    "cc",
    "subject",
    "date",
    "text",
    "new_text",
    "charset",
    "attachments",
    "kind",
    "kind_evidence",
    "auto_reply",
    "bounce",
    "forwards",
    "scanner",
    "defects",
}


@pytest.fixture
def message(tmp_path: Path) -> Path:
    file = tmp_path / "message.eml"
    file.write_bytes(MESSAGE)
    return file


def test_each_message_is_one_object_with_every_key(run: Run, message: Path) -> None:
    (row,) = rows(run("inspect", "--json", str(message)))
    assert row.keys() >= KEYS


def test_what_was_read_is_told(run: Run, message: Path) -> None:
    (row,) = rows(run("inspect", "--json", str(message)))
    assert row["author"] == {"name": "Carol Cruz", "address": "carol@customer.example"}
    assert row["subject"] == "Re: Angebot für Sie"
    assert row["date"] == "2026-11-23T09:00:00Z"
    assert row["references"] == ["0@corp.example", "a@corp.example"]


def test_attachments_are_listed_with_size_and_digest(run: Run, message: Path) -> None:
    (row,) = rows(run("inspect", "--json", str(message)))
    (attachment,) = row["attachments"]
    assert (attachment["name"], attachment["size"], len(attachment["sha256"])) == (
        "offer.pdf",
        9,
        64,
    )


def test_people_read_a_page(run: Run, message: Path) -> None:
    said = run("inspect", str(message)).stdout
    assert "Carol Cruz <carol@customer.example>" in said
    assert "offer.pdf · application/pdf · 9 B" in said


def test_a_subject_cannot_steer_the_terminal(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "evil.eml"
    file.write_bytes(b"From: a@b.example\r\nSubject: =?utf-8?q?=1B]0;owned=07?=\r\n\r\n\x1b[2J\r\n")
    assert "\x1b" not in run("inspect", str(file)).stdout


def test_a_folder_stands_for_its_files_in_order(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "mail"
    folder.mkdir()
    names = [f"{number:03}.eml" for number in range(FEW + 4)]
    for name in names:
        (folder / name).write_bytes(MESSAGE)
    listed = rows(run("inspect", "--json", str(folder)))
    assert [Path(row["file"]).name for row in listed] == names


def test_any_octets_are_read(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "noise"
    file.write_bytes(bytes(range(256)))
    (row,) = rows(run("inspect", "--json", str(file)))
    assert row["author"] is None


def test_a_file_that_is_absent_is_a_usage_error(run: Run) -> None:
    assert "does not exist" in run("inspect", "absent.eml", fails=2).stderr


def test_what_is_no_file_in_a_folder_is_passed_over(
    run: Run, message: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "mail"
    folder.mkdir()
    (folder / "loop.eml").symlink_to("loop.eml")
    message.rename(folder / "a.eml")
    result = run("inspect", "--json", str(folder))
    assert [row["subject"] for row in rows(result)] == ["Re: Angebot für Sie"]


BOUNCE = b"""\
From: Mail Delivery System <mailer-daemon@mx.example>\r
To: anna@corp.example\r
Subject: Undelivered Mail Returned to Sender\r
Message-ID: <x@mx.example>\r
MIME-Version: 1.0\r
Content-Type: multipart/report; report-type=delivery-status; boundary=x\r
\r
--x\r
Content-Type: text/plain\r
\r
Sorry.\r
--x\r
Content-Type: message/delivery-status\r
\r
Reporting-MTA: dns; mx.example\r
\r
Final-Recipient: rfc822; carol@customer.example\r
Action: failed\r
Status: 5.1.1\r
\r
--x\r
Content-Type: message/rfc822\r
\r
From: anna@corp.example\r
Message-ID: <a@corp.example>\r
\r
Hi\r
--x--\r
"""

AWAY = b"""\
From: carol@customer.example\r
To: anna@corp.example\r
Subject: Out of office\r
Auto-Submitted: auto-replied\r
\r
I am away.\r
"""

FORWARD = b"""\
From: anna@corp.example\r
To: log@crm.corp.example\r
Subject: Fwd: Question\r
MIME-Version: 1.0\r
Content-Type: multipart/mixed; boundary=x\r
\r
--x\r
Content-Type: text/plain\r
\r
See below.\r
--x\r
Content-Type: message/rfc822\r
\r
From: Dave <dave@dorn.example>\r
Subject: Question\r
\r
Do you deliver?\r
--x--\r
"""


def read(run: Run, tmp_path: Path, octets: bytes, *options: str) -> str:
    file = tmp_path / "letter.eml"
    file.write_bytes(octets)
    return run("inspect", str(file), *options).stdout


def test_a_bounce_tells_whom_it_is_about(run: Run, tmp_path: Path) -> None:
    row = json.loads(read(run, tmp_path, BOUNCE, "--json"))
    (result,) = row["bounce"]["results"]
    assert (row["kind"], result["recipient"], result["status"], result["hard"]) == (
        "bounce",
        "carol@customer.example",
        "5.1.1",
        True,
    )
    assert result["original_message_id"] == "a@corp.example"


def test_people_read_whom_a_bounce_is_about(run: Run, tmp_path: Path) -> None:
    assert "carol@customer.example · 5.1.1 · for good" in read(run, tmp_path, BOUNCE)


def test_an_automatic_reply_is_told(run: Run, tmp_path: Path) -> None:
    row = json.loads(read(run, tmp_path, AWAY, "--json"))
    assert (row["kind"], set(row["auto_reply"])) == ("auto-reply", {"until", "successor"})


def test_ordinary_mail_is_neither_bounce_nor_automatic(run: Run, message: Path) -> None:
    (row,) = rows(run("inspect", "--json", str(message)))
    assert (row["bounce"], row["auto_reply"]) == (None, None)


def test_what_is_inside_a_forward_is_told(run: Run, tmp_path: Path) -> None:
    (forward,) = json.loads(read(run, tmp_path, FORWARD, "--json"))["forwards"]
    assert (forward["kind"], forward["subject"]) == ("attached", "Question")
    assert forward["author"] == {"name": "Dave", "address": "dave@dorn.example"}


def test_people_read_who_wrote_what_was_forwarded(run: Run, tmp_path: Path) -> None:
    assert "Dave <dave@dorn.example> · Question" in read(run, tmp_path, FORWARD)


def test_a_long_text_is_cut_for_people(run: Run, tmp_path: Path) -> None:
    lines = b"".join(b"line %d\r\n" % number for number in range(50))
    assert "… 30 more lines" in read(run, tmp_path, b"From: a@b.example\r\n\r\n" + lines)


def test_a_file_that_went_away_is_told(tmp_path: Path) -> None:
    assert read_file(tmp_path / "gone.eml")["trouble"] == "No such file or directory"


def test_what_could_not_be_read_is_told_to_people(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reading_page(tmp_path / "gone.eml", read_file(tmp_path / "gone.eml"))
    assert "could not be read: No such file or directory" in capsys.readouterr().out
