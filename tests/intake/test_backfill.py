"""Messages found in what mail programs store."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.intake.backfill import Found, direction_of, find_messages, historic_envelope
from gateway.intake.folders import decode_utf7
from gateway.mail.reading import read_heading
from gateway.model.envelope import Direction, Envelope

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
LETTER = b"From: carol@customer.example\nTo: anna@corp.example\nSubject: Hi\n\nHello\n"


def octets(path: Path) -> list[bytes]:
    return [found.read() for found in find_messages(path)]


def folders(path: Path) -> list[str]:
    return [found.folder for found in find_messages(path)]


def mbox(path: Path, *messages: bytes) -> Path:
    separator = b"From carol@customer.example Mon Nov  2 10:11:12 2026\n"
    path.write_bytes(b"".join(separator + message + b"\n" for message in messages))
    return path


def maildir(path: Path) -> Path:
    for part in ("cur", "new", "tmp"):
        (path / part).mkdir(parents=True)
    return path


def test_line_ends_become_crlf(tmp_path: Path) -> None:
    file = tmp_path / "letter.eml"
    file.write_bytes(LETTER)
    assert octets(file) == [LETTER.replace(b"\n", b"\r\n")]


def test_crlf_stays_crlf(tmp_path: Path) -> None:
    file = tmp_path / "letter.eml"
    file.write_bytes(LETTER.replace(b"\n", b"\r\n"))
    assert octets(file) == [LETTER.replace(b"\n", b"\r\n")]


def test_a_missing_last_line_end_is_added(tmp_path: Path) -> None:
    file = tmp_path / "letter.eml"
    file.write_bytes(LETTER.rstrip())
    assert octets(file)[0].endswith(b"Hello\r\n")


def test_an_mbox_gives_its_messages_in_order(tmp_path: Path) -> None:
    other = LETTER.replace(b"Hello", b"Again")
    file = mbox(tmp_path / "Archive.mbox", LETTER, other)
    assert octets(file) == [m.replace(b"\n", b"\r\n") for m in (LETTER, other)]


def test_an_mbox_with_crlf_gives_its_messages(tmp_path: Path) -> None:
    file = mbox(tmp_path / "Archive", LETTER, LETTER)
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert octets(file) == [LETTER.replace(b"\n", b"\r\n")] * 2


def test_a_quoted_from_line_is_unquoted(tmp_path: Path) -> None:
    quoted = LETTER + b">From here on\n>>From there\n"
    assert octets(mbox(tmp_path / "in", quoted))[0].endswith(b"\r\nFrom here on\r\n>From there\r\n")


def test_a_from_line_within_a_paragraph_ends_no_message(tmp_path: Path) -> None:
    body = LETTER + b"It came\nFrom Paris at 10:00 in 2026\n"
    assert len(octets(mbox(tmp_path / "in", body))) == 1


def test_a_from_line_without_a_time_ends_no_message(tmp_path: Path) -> None:
    assert len(octets(mbox(tmp_path / "in", LETTER + b"\nFrom Paris with love\n"))) == 1


def test_an_empty_file_holds_one_empty_message(tmp_path: Path) -> None:
    (tmp_path / "empty.eml").touch()
    assert octets(tmp_path / "empty.eml") == [b""]


def test_an_mbox_is_the_folder_of_its_name(tmp_path: Path) -> None:
    assert folders(mbox(tmp_path / "Sent.mbox", LETTER)) == ["Sent"]


def test_an_mbox_tells_when_it_was_stored(tmp_path: Path) -> None:
    (found,) = find_messages(mbox(tmp_path / "in", LETTER))
    assert found.stored_at == datetime(2026, 11, 2, 10, 11, 12, tzinfo=UTC)


def test_a_maildir_gives_its_folders_by_name(tmp_path: Path) -> None:
    root = maildir(tmp_path / "Maildir")
    for inner in ("", ".Sent", ".Projekte.B&APw-ro"):
        place = maildir(root / inner) if inner else root
        (place / "cur" / "1.a:2,S").write_bytes(LETTER)
    assert folders(root) == ["", "Projekte/Büro", "Sent"]


@pytest.mark.parametrize("flags", ["D", "ST"])
def test_drafts_and_trashed_mail_are_left_out(tmp_path: Path, flags: str) -> None:
    root = maildir(tmp_path / "Maildir")
    (root / "cur" / f"1.a:2,{flags}").write_bytes(LETTER)
    assert octets(root) == []


def test_new_mail_of_a_maildir_is_found(tmp_path: Path) -> None:
    root = maildir(tmp_path / "Maildir")
    (root / "new" / "1790000000.a").write_bytes(LETTER)
    (found,) = find_messages(root)
    assert found.stored_at == datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)


def test_a_folder_gives_all_that_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "Sent").mkdir()
    (tmp_path / "Sent" / "a.eml").write_bytes(LETTER)
    (tmp_path / "b.eml").write_bytes(LETTER)
    (tmp_path / "notes.txt").write_bytes(b"no mail")
    mbox(tmp_path / "Old.mbox", LETTER)
    maildir(tmp_path / "z")
    (tmp_path / "z" / "cur" / "1.a:2,").write_bytes(LETTER)
    assert folders(tmp_path) == ["Old", "Sent", "", ""]


def test_a_path_that_is_absent_is_an_error(tmp_path: Path) -> None:
    assert list(find_messages(tmp_path)) == []


def found(folder: str = "", stored_at: datetime | None = None) -> Found:
    return Found("place", folder, lambda: b"", stored_at)


def is_company(key: str) -> bool:
    return key.endswith("@corp.example")


@pytest.mark.parametrize(
    "folder",
    ["Sent", "INBOX/Sent Items", "Gesendete Objekte", "送信済みアイテム", "[Gmail]/Sent Mail"],
)
def test_mail_of_a_sent_folder_is_outgoing(folder: str) -> None:
    heading = read_heading(b"From: anna@private.example\r\n\r\n")
    assert direction_of(found(folder), heading, is_company) is Direction.OUTGOING


def test_mail_of_a_colleague_is_outgoing_where_the_folder_does_not_tell() -> None:
    heading = read_heading(b"From: anna@corp.example\r\n\r\n")
    assert direction_of(found("Archive"), heading, is_company) is Direction.OUTGOING


@pytest.mark.parametrize("octets", [b"From: carol@customer.example\r\n\r\n", b"\r\n"])
def test_all_other_mail_is_incoming(octets: bytes) -> None:
    assert direction_of(found("Archive"), read_heading(octets), is_company) is Direction.INCOMING


def envelope_of(
    octets: bytes,
    direction: Direction = Direction.INCOMING,
    mailbox: str = "",
    where: Found | None = None,
) -> Envelope:
    return historic_envelope(where or found(), octets, direction, mailbox, NOW)


def recipients(octets: bytes, direction: Direction, mailbox: str = "") -> list[str]:
    return [r.addr_spec for r in envelope_of(octets, direction, mailbox).recipients]


ADDRESSED = (
    b"Delivered-To: team@corp.example\r\nX-Original-To: Anna@corp.example\r\n"
    b"From: carol@customer.example\r\nTo: all@corp.example, b@x.example\r\n"
    b"Cc: ALL@corp.example\r\n\r\n"
)


def test_incoming_mail_went_to_the_mailbox_that_was_named() -> None:
    assert recipients(ADDRESSED, Direction.INCOMING, "anna@corp.example") == ["anna@corp.example"]


def test_incoming_mail_went_where_its_delivery_field_says() -> None:
    assert recipients(ADDRESSED, Direction.INCOMING) == ["team@corp.example"]


def test_outgoing_mail_went_to_everyone_it_names_once() -> None:
    assert recipients(ADDRESSED, Direction.OUTGOING) == ["all@corp.example", "b@x.example"]


def test_the_return_path_is_the_reverse_path() -> None:
    assert envelope_of(b"Return-Path: <>\r\nFrom: a@b.example\r\n\r\n").mail_from == ""


def test_without_a_return_path_the_author_is_the_reverse_path() -> None:
    assert envelope_of(b"From: a@b.example\r\n\r\n").mail_from == "a@b.example"


RECEIVED = b"Received: from x by y; Mon, 2 Nov 2026 10:00:00 +0100\r\n"
DATE = b"Date: Sun, 1 Nov 2026 10:00:00 +0000\r\n"


@pytest.mark.parametrize(
    ("octets", "stored_at", "day"),
    [
        (RECEIVED + DATE + b"\r\n", datetime(2026, 11, 3, tzinfo=UTC), 2),
        (DATE + b"\r\n", datetime(2026, 11, 3, tzinfo=UTC), 3),
        (DATE + b"\r\n", None, 1),
        (b"\r\n", None, 23),
        (b"Date: Sun, 1 Nov 2037 10:00:00 +0000\r\n\r\n", None, 23),
    ],
)
def test_it_came_when_its_fields_or_its_store_say(
    octets: bytes, stored_at: datetime | None, day: int
) -> None:
    where = found(stored_at=stored_at)
    assert envelope_of(octets, where=where).received_at.day == day


def test_a_folder_beside_the_inbox_is_told() -> None:
    assert envelope_of(LETTER, where=found("Projects")).folder == "Projects"


@pytest.mark.parametrize("folder", ["", "INBOX"])
def test_the_inbox_is_no_folder(folder: str) -> None:
    assert envelope_of(LETTER, where=found(folder)).folder == ""


def test_the_folder_of_outgoing_mail_is_not_told() -> None:
    assert envelope_of(LETTER, Direction.OUTGOING, where=found("Sent")).folder == ""


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("B&APw-ro", "Büro"),
        ("A&-B", "A&B"),
        ("&kAFP4W4IMH8-", "送信済み"),
        ("&AA-", "&AA-"),
        ("plain", "plain"),
    ],
)
def test_the_name_of_a_folder_is_decoded(name: str, shown: str) -> None:
    assert decode_utf7(name) == shown


def test_a_name_that_is_no_time_tells_none(tmp_path: Path) -> None:
    root = maildir(tmp_path / "Maildir")
    (root / "new" / "letter").write_bytes(LETTER)
    (message,) = find_messages(root)
    assert message.stored_at is None
