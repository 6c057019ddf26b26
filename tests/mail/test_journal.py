"""Journal reports are read as Exchange writes them."""

from __future__ import annotations

import base64
import quopri

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mail.decode import cut_whole
from gateway.mail.heading import read_heading
from gateway.mail.journal import is_journal_report, journal_word, read_journal_report
from gateway.mail.mime import Tree
from gateway.model.message import JournalRecipient, JournalReport
from tests.letters import letter

SYSTEM = "Microsoft Exchange <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@corp.example>"
INNER = letter(message_id="one@supplier.example")
LINES = """\
Sender: alice@supplier.example
Subject: Our offer
Message-Id: <one@supplier.example>
To: sales@corp.example, Expanded: all@corp.example
Cc: deputy@corp.example, Forwarded: boss@corp.example
Bcc: auditor@corp.example
Recipient: other@partner.example
"""
PLAIN = "Content-Type: text/plain; charset=utf-8\r\n"


def part(head: str, content: bytes) -> bytes:
    return f"--=_r\r\n{head}\r\n".encode() + content + b"\r\n"


def report_of(*parts: bytes, marker: str = "X-MS-Journal-Report:") -> bytes:
    """Return a journal report of these parts."""
    head = (
        f"From: {SYSTEM}\r\nTo: journal@gate.example\r\nSubject: Our offer\r\n{marker}\r\n"
        'Content-Type: multipart/mixed; boundary="=_r"\r\n\r\n'
    )
    return head.encode() + b"".join(parts) + b"--=_r--\r\n"


def words(lines: str, head: str = PLAIN) -> bytes:
    return part(head, lines.replace("\n", "\r\n").encode())


def message(octets: bytes = INNER, head: str = "Content-Type: message/rfc822\r\n") -> bytes:
    return part(head, octets)


def read(octets: bytes) -> JournalReport | None:
    heading = read_heading(octets)
    tree = Tree(octets)
    tree.read(heading)
    return read_journal_report(octets, heading, tree.parts)


def told(octets: bytes) -> JournalReport:
    report = read(octets)
    assert report is not None
    return report


def inside(octets: bytes) -> bytes:
    return cut_whole(octets, told(octets).chain, 10_000_000)


def recipients(lines: str) -> tuple[JournalRecipient, ...]:
    return told(report_of(words(f"Sender: a@b.example\nMessage-Id: <1@b>\n{lines}\n"))).recipients


def test_recipients_are_told_with_their_way() -> None:
    assert told(report_of(words(LINES), message())).recipients == (
        JournalRecipient("sales@corp.example", "to", expanded_from="all@corp.example"),
        JournalRecipient("deputy@corp.example", "cc", forwarded_from="boss@corp.example"),
        JournalRecipient("auditor@corp.example", "bcc"),
        JournalRecipient("other@partner.example", "recipient"),
    )


def test_sender_subject_and_id_are_told() -> None:
    report = told(report_of(words(LINES), message()))
    assert report.sender is not None
    assert (report.sender.key, report.subject, report.message_id) == (
        "alice@supplier.example",
        "Our offer",
        "one@supplier.example",
    )


def test_blind_recipients_are_hidden() -> None:
    assert told(report_of(words(LINES), message())).hidden == ("auditor@corp.example",)


def test_author_behind_a_deputy_is_told() -> None:
    lines = LINES.replace("Subject", "On-Behalf-Of: boss@supplier.example\nSubject", 1)
    report = told(report_of(words(lines), message()))
    assert report.on_behalf_of is not None
    assert report.on_behalf_of.key == "boss@supplier.example"


def test_message_inside_is_found_octet_for_octet() -> None:
    assert inside(report_of(words(LINES), message())) == INNER


def test_encoded_message_inside_is_found() -> None:
    head = "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n"
    encoded = base64.encodebytes(INNER).replace(b"\n", b"\r\n")
    assert inside(report_of(words(LINES), message(encoded, head))) == INNER


def test_message_with_a_message_inside_is_the_outer_one() -> None:
    outer = report_of(message(), marker="X-Other:").replace(b"=_r", b"=_inner")
    assert inside(report_of(words(LINES), message(outer))) == outer


def test_clear_copy_goes_before_the_protected_one() -> None:
    protected = (
        b"From: a@b.example\r\nContent-Type: application/x-microsoft-rpmsg-message\r\n\r\nx\r\n"
    )
    assert inside(report_of(words(LINES), message(protected), message())) == INNER


def test_protected_message_alone_is_taken() -> None:
    protected = (
        b"From: a@b.example\r\nContent-Type: application/x-microsoft-rpmsg-message\r\n\r\nx\r\n"
    )
    assert inside(report_of(words(LINES), message(protected))) == protected


@pytest.mark.parametrize(
    ("head", "content"),
    [
        (
            PLAIN + "Content-Transfer-Encoding: base64\r\n",
            base64.encodebytes(LINES.encode()),
        ),
        (
            PLAIN + "Content-Transfer-Encoding: quoted-printable\r\n",
            quopri.encodestring(LINES.encode()),
        ),
        ("Content-Type: text/plain; charset=utf-16le\r\n", LINES.encode("utf-16-le")),
        (
            "Content-Type: text/html\r\n",
            b"<html><body>" + LINES.replace("\n", "<br>").encode() + b"</body></html>",
        ),
    ],
)
def test_words_are_read_in_any_coat(head: str, content: bytes) -> None:
    report = told(report_of(part(head, content), message()))
    assert [one.field for one in report.recipients] == ["to", "cc", "bcc", "recipient"]


@pytest.mark.parametrize(
    "marker",
    [
        "X-MS-Journal-Report:",
        "x-ms-journal-report: yes",
        "X-MS-Exchange-Organization-Journal-Report:",
        "Content-Identifier: ExJournalReport",
        "Content-Identifer: exjournalreport",
    ],
)
def test_report_is_known_by_its_marker(marker: str) -> None:
    assert is_journal_report(read_heading(report_of(words(LINES), marker=marker)))


@pytest.mark.parametrize("marker", ["X-Other: yes", "Content-Identifier: other"])
def test_other_mail_is_no_report(marker: str) -> None:
    assert read(report_of(words(LINES), message(), marker=marker)) is None


def test_report_without_message_holds_none() -> None:
    tnef = part("Content-Type: application/ms-tnef\r\n", b"x")
    assert told(report_of(words(LINES), tnef)).chain == ()


@pytest.mark.parametrize("content", [b"", b"no header section\r\n"])
def test_message_that_is_none_is_not_found(content: bytes) -> None:
    assert told(report_of(words(LINES), message(content))).chain == ()


def test_report_without_words_still_holds_its_message() -> None:
    octets = report_of(message())
    assert (inside(octets), told(octets).recipients) == (INNER, ())


def test_words_of_the_message_are_no_words_of_the_report() -> None:
    forged = letter(text=f"Message-Id: <x@y>\r\nBcc: eve@evil.example\r\n{LINES}")
    assert told(report_of(message(forged))).recipients == ()


def test_subject_that_looks_like_recipients_names_nobody() -> None:
    lines = LINES.replace(
        "Our offer", "Hi\nMessage-Id: <0@evil.example>\nBcc: eve@evil.example\nSender: eve@evil"
    )
    report = told(report_of(words(lines), message()))
    assert report.sender is not None
    assert (report.sender.key, report.hidden, report.message_id) == (
        "alice@supplier.example",
        ("auditor@corp.example",),
        "one@supplier.example",
    )


def test_recipient_with_name_is_read() -> None:
    assert recipients('To: "Anna, Arai" <Anna@Corp.Example>') == (
        JournalRecipient("anna@corp.example", "to"),
    )


def test_recipient_that_is_sent_on_out_of_a_list_is_read() -> None:
    assert recipients("BCC : a@b.example ,expanded:l@b.example, Forwarded: c@b.example") == (
        JournalRecipient("a@b.example", "bcc", "l@b.example", "c@b.example"),
    )


def test_recipient_is_told_once() -> None:
    assert len(recipients("To: a@b.example\nTo: a@b.example\nCc: a@b.example")) == 2


@pytest.mark.parametrize("line", ["To:", "To: nobody", "Other: a@b.example", "To a@b.example"])
def test_line_without_recipient_names_nobody(line: str) -> None:
    assert recipients(line) == ()


def test_source_without_address_is_left_out() -> None:
    assert recipients("To: a@b.example, Expanded: list") == (JournalRecipient("a@b.example", "to"),)


def test_report_without_id_tells_its_recipients() -> None:
    report = told(report_of(words("To: a@b.example\n")))
    assert (report.message_id, report.recipients) == ("", (JournalRecipient("a@b.example", "to"),))


def test_recipients_have_an_end() -> None:
    many = "\n".join(f"Bcc: u{number}@b.example" for number in range(3000))
    assert len(recipients(many)) == 2000


def test_report_with_its_message_is_no_case_of_its_own() -> None:
    octets = report_of(words(LINES), message())
    assert journal_word(read_heading(octets), read(octets)) == ""


def test_report_without_message_is_unreadable() -> None:
    octets = report_of(words(LINES))
    assert journal_word(read_heading(octets), read(octets)) == "unreadable"


def test_word_of_exchange_itself_is_a_notice() -> None:
    octets = letter(author=SYSTEM)
    assert journal_word(read_heading(octets), read(octets)) == "notice"


def test_copy_that_an_mta_made_is_neither() -> None:
    octets = letter()
    assert journal_word(read_heading(octets), read(octets)) == ""


def test_mail_without_author_is_neither() -> None:
    assert journal_word(read_heading(b"To: a@b.example\r\n\r\n"), None) == ""


@given(text=st.binary(max_size=300), content=st.binary(max_size=300))
def test_any_octets_are_answered(text: bytes, content: bytes) -> None:
    assert read(report_of(part(PLAIN, text), message(content))) is not None
