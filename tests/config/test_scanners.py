"""The records of scanners: those that are shipped, and those of an admin."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.config.faults import ConfigError
from gateway.config.load import load_config
from gateway.config.scanners import (
    SHIPPED,
    all_signatures,
    load_signatures,
    parse_signatures,
    shipped_signatures,
)
from gateway.mail.reading import read_heading, read_message
from gateway.model.message import Message, ScannerTrace
from tests.mail.build import letter, multipart

ROOT = Path(__file__).parents[2]
GOOD = """
[[scanner]]
id = "ours"
state = "replaced"
any = [{ where = "filename", text = "taken-away" }]
"""
CONFIG = """
[gateway]
domains = ["corp.example"]
[next_hop]
address = "127.0.0.1:26"
[[listener]]
name = "inbound"
address = "127.0.0.1:25"
direction = "inbound"
[policy]
scanners = "ours.toml"
"""


def scan(octets: bytes) -> Message:
    return read_message(octets, read_heading(octets), shipped_signatures())


def file(name: str, text: str = "x", media_type: str = "text/plain") -> str:
    head = f'Content-Type: {media_type}\nContent-Disposition: attachment; filename="{name}"\n\n'
    return head + text


def test_the_file_in_conf_is_the_one_that_is_shipped() -> None:
    shipped = ROOT / "gateway" / "config" / SHIPPED
    assert (ROOT / "conf" / SHIPPED).read_bytes() == shipped.read_bytes()


def test_every_shipped_record_names_its_source_and_product() -> None:
    assert all(one.source and one.product != one.ident for one in shipped_signatures())


def test_every_shipped_pattern_on_text_is_guarded_by_words() -> None:
    clues = [clue for one in shipped_signatures() for clue in one.clues if clue.where == "body"]
    assert clues
    assert all(clue.text for clue in clues)


@pytest.mark.parametrize(
    ("octets", "trace"),
    [
        (
            multipart("mixed", "\nHi", file("ATP Scan In Progress.eml", media_type="message/x")),
            ScannerTrace("Microsoft Defender Safe Attachments", "held", "ATP Scan In Progress.eml"),
        ),
        (
            multipart(
                "mixed",
                "\nHi",
                file("plan.pdf", media_type="application/pdf"),
                X_MS_Exchange_AtpMessageProperties="SA|SL",
            ),
            ScannerTrace("Microsoft Defender Safe Attachments", "held", "plan.pdf"),
        ),
        (
            multipart("mixed", "\nHi", file("Malware Alert Text.txt")),
            ScannerTrace("Exchange anti-malware", "replaced", "Malware Alert Text.txt"),
        ),
        (
            multipart("mixed", "\nHi", file("Removed Attachment.txt")),
            ScannerTrace("Cisco Secure Email", "stripped", "Removed Attachment.txt"),
        ),
        (
            multipart(
                "mixed",
                "\nHi",
                file(
                    "corp-Attachment-Warning.txt",
                    'The original e-mail attachment "run.exe"\nwas believed to be infected',
                ),
            ),
            ScannerTrace("MailScanner", "replaced", "run.exe"),
        ),
        (
            letter(
                "An attachment named run.exe was removed from this document as it\n"
                "constituted a security hazard."
            ),
            ScannerTrace("MIMEDefang", "stripped", "run.exe"),
        ),
        (
            letter("x", X_Amavis_Alert="BANNED, message contains .exe"),
            ScannerTrace("amavis", "tagged"),
        ),
        (
            letter("x", X_Corp_MailScanner="Found to be clean"),
            ScannerTrace("MailScanner", "scanned"),
        ),
        (
            letter("セキュリティのため無害化しました。\n添付ファイルを自動的に削除しました。"),
            ScannerTrace("メール無害化サービス", "stripped"),
        ),
    ],
)
def test_what_a_product_leaves_is_recognised(octets: bytes, trace: ScannerTrace) -> None:
    assert trace in scan(octets).scanner


@pytest.mark.parametrize(
    "octets",
    [
        letter("The attachment is small. 添付ファイルをご確認ください。"),
        letter("Ann <a@x> wrote:\n> An attachment named a was removed from this document as it"),
        multipart("mixed", "\nHi", file("scan.pdf", media_type="application/pdf")),
        multipart(
            "mixed",
            "\nHi",
            file("a.pdf", "%PDF-1.4 small but whole", "application/pdf"),
        ),
    ],
)
def test_ordinary_mail_has_no_traces(octets: bytes) -> None:
    assert scan(octets).scanner == ()


def test_a_small_but_whole_document_is_no_placeholder() -> None:
    part = file("a.pdf", "%PDF-1.4 small", "application/pdf")
    message = scan(multipart("mixed", "\nHi", part, X_MS_Exchange_AtpMessageProperties="SA"))
    assert [trace.state for trace in message.scanner] == ["scanned"]
    assert message.attachments[0].state == "present"


def test_a_placeholder_with_the_name_of_its_file_is_pending() -> None:
    part = file("a.pdf", "not yet", "application/pdf")
    message = scan(multipart("mixed", "\nHi", part, X_MS_Exchange_AtpMessageProperties="SA"))
    assert message.attachments[0].state == "pending"


def test_an_admins_own_records_come_with_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "ours.toml").write_text(GOOD)
    (tmp_path / "replygate.toml").write_text(CONFIG)
    config = load_config(tmp_path / "replygate.toml", {})
    assert [one.ident for one in config.signatures] == ["ours"]


def test_without_a_file_of_his_own_there_are_none(tmp_path: Path) -> None:
    (tmp_path / "replygate.toml").write_text(CONFIG.replace('"ours.toml"', '"none"'))
    assert load_config(tmp_path / "replygate.toml", {}).signatures == ()


def test_a_bad_record_stops_the_start_and_names_file_line_and_record(tmp_path: Path) -> None:
    (tmp_path / "ours.toml").write_text(GOOD.replace("replaced", "gone"))
    (tmp_path / "replygate.toml").write_text(CONFIG)
    with pytest.raises(ConfigError) as told:
        load_config(tmp_path / "replygate.toml", {})
    said = str(told.value)
    assert said.startswith(f"{tmp_path / 'ours.toml'}:2: [[scanner]] ours: state 'gone' is none of")
    assert "blocked, held, replaced" in said


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"ours\.toml:1: .*cannot be read"):
        load_signatures(tmp_path / "ours.toml")


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "ours.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="not UTF-8"):
        load_signatures(tmp_path / "ours.toml")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("x = [", "is no TOML"),
        (GOOD + "[scaner]\n", 'There is no "scaner" here; did you mean "scanner"'),
        ("scanner = 1\n", r"under \[\[scanner\]\]"),
        (GOOD + GOOD, "ours: this id is taken"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        parse_signatures(text, Path("ours.toml"))


def test_an_admins_record_takes_the_place_of_a_shipped_one() -> None:
    own = parse_signatures(GOOD.replace("ours", "mailscanner-replaced"), Path("ours.toml"))
    book = all_signatures(own)
    assert len(book) == len(shipped_signatures())
    assert own[0] in book


def test_an_admins_record_stands_beside_the_shipped_ones() -> None:
    own = parse_signatures(GOOD, Path("ours.toml"))
    assert len(all_signatures(own)) == len(shipped_signatures()) + 1
