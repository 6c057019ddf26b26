from __future__ import annotations

import pytest

from gateway.mail.heading import read_heading
from tests.mail.build import letter, wire


def test_a_letter_is_read_whole() -> None:
    heading = read_heading(
        letter(
            "x",
            subject="Re: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=",
            In_Reply_To="<0@corp.example>",
            References="<a@x> <0@corp.example>",
            Cc="c@x.example",
            Sender="s@x.example",
            Reply_To="r@x.example",
            Received="by x",
        )
    )
    assert heading.message_id == "1@out.example"
    assert heading.in_reply_to == ("0@corp.example",)
    assert heading.cited == ("0@corp.example", "a@x")
    assert (heading.subject, heading.base_subject) == ("Re: Grüße", "Grüße")
    assert heading.author is not None
    assert heading.author.key == "ann@out.example"
    assert heading.sender is not None
    assert heading.sender.key == "s@x.example"
    assert [a.key for a in (*heading.cc, *heading.reply_to)] == ["c@x.example", "r@x.example"]
    assert heading.received_count == 1
    assert heading.date is not None
    assert heading.defects == ()


def test_no_octets_give_an_empty_heading() -> None:
    heading = read_heading(b"")
    assert (heading.fields, heading.size, heading.author, heading.date) == ((), 0, None, None)


def test_several_authors_are_all_there() -> None:
    heading = read_heading(b"From: a@x, b@x\r\n\r\n")
    assert [a.key for a in heading.authors] == ["a@x", "b@x"]


def test_two_from_fields_are_a_defect_and_the_first_is_the_author() -> None:
    heading = read_heading(b"From: a@x\r\nFrom: b@x\r\n\r\n")
    assert heading.author is not None
    assert heading.author.key == "a@x"
    assert [(d.code, d.detail) for d in heading.defects] == [("duplicate-field", "from")]


@pytest.mark.parametrize("name", ["Content-Type", "Content-Transfer-Encoding", "Reply-To"])
def test_a_field_that_another_reader_may_take_the_second_of_is_a_defect(name: str) -> None:
    heading = read_heading(f"From: a@x\r\n{name}: a\r\n{name}: b\r\n\r\n".encode())
    assert ("duplicate-field", name.lower()) in [(d.code, d.detail) for d in heading.defects]


def test_several_reference_fields_are_one_list() -> None:
    heading = read_heading(b"References: <a@x>\r\nReferences: <b@x>\r\n\r\n")
    assert heading.references == ("a@x", "b@x")


def test_a_former_message_id_is_an_alias() -> None:
    heading = read_heading(
        b"Message-ID: <new@x>\r\nX-Microsoft-Original-Message-ID: <old@x>\r\n\r\n"
    )
    assert heading.aliases == ("old@x",)


@pytest.mark.parametrize(
    ("value", "conversation"),
    [
        ("AQHbPXpd3m4b8Yk0nE6h2w4vQbZbGQ==", "0101db3d7a5dde6e1bf189349c4ea1db0e2f41b65b19"),
        ("AQHbPXpd", ""),
        ("!", ""),
        ("AgHbPXpd3m4b8Yk0nE6h2w4vQbZbGQ==", ""),
        ("A", ""),
    ],
)
def test_thread_index_names_the_conversation(value: str, conversation: str) -> None:
    assert read_heading(wire(f"Thread-Index: {value}\n\n")).conversation == conversation


@pytest.mark.parametrize(
    ("field", "reason"),
    [
        ("Sensitivity: Private", "private"),
        ("Sensitivity: Company-Confidential", "company-confidential"),
        ("Sensitivity: Normal", ""),
        ("Subject: [NoLog] hello", "[nolog]"),
        ("Subject: [log] hello", ""),
        ("Subject: hello", ""),
    ],
)
def test_private_mail_says_so(field: str, reason: str) -> None:
    assert read_heading(wire(f"{field}\n\n")).private == reason


def test_a_loose_in_reply_to_cites_no_person() -> None:
    heading = read_heading(wire('In-Reply-To: Message from Joe <joe@y> of "Mon" <a@x>\n\n'))
    assert heading.in_reply_to == ("a@x",)


def test_odd_addresses_are_noted() -> None:
    codes = [d.code for d in read_heading(b"To: a@x b@x\r\n\r\n").defects]
    assert codes == ["ambiguous-address"]


@pytest.mark.parametrize(
    ("text", "charset"),
    [("Привет", "windows-1251"), ("Привет", "koi8-r"), ("안녕", "euc-kr"), ("报价单", "gb2312")],
)
def test_raw_octets_are_read_by_the_charset_that_the_message_declares(
    text: str, charset: str
) -> None:
    codec = {"windows-1251": "cp1251", "koi8-r": "koi8_r", "euc-kr": "cp949"}.get(charset, "gbk")
    octets = b"From: " + text.encode(codec) + b" <a@x>\r\nSubject: " + text.encode(codec)
    heading = read_heading(
        octets + f"\r\nContent-Type: text/plain; charset={charset}\r\n\r\n".encode()
    )
    assert heading.subject == text
    assert heading.authors[0].name == text


@pytest.mark.parametrize(
    "content_type", ["multipart/mixed", "text/plain; charset=utf-8", "text/plain; charset=us-ascii"]
)
def test_a_charset_that_does_not_fit_is_no_help(content_type: str) -> None:
    head = f"Content-Type: {content_type}\r\nSubject: ".encode()
    assert read_heading(head + "Grüße".encode("cp1252") + b"\r\n\r\n").subject == "Grüße"


def test_raw_octets_without_a_content_type_are_guessed() -> None:
    assert read_heading(b"Subject: " + "Grüße".encode("cp1252") + b"\r\n\r\n").subject == "Grüße"
