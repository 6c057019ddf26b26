from __future__ import annotations

import base64
import binascii
import hashlib

import pytest

from gateway.mail.decode import cut
from gateway.model.message import Attachment
from tests.mail.build import letter, multipart, read, wire

PNG = base64.encodebytes(b"\x89PNG\r\n").decode()
CSV = "Content-Type: text/csv\nContent-Disposition: attachment; filename=a.csv\n\n1,2"


def names(octets: bytes) -> list[str]:
    return [file.name for file in read(octets).attachments]


def only(octets: bytes) -> Attachment:
    (file,) = read(octets).attachments
    return file


def test_a_file_has_its_size_digest_and_chain() -> None:
    head = "Content-Type: image/png; name=a.png\nContent-Transfer-Encoding: base64"
    octets = multipart("mixed", "\nHello", f"{head}\n\n{PNG}")
    file = only(octets)
    assert (file.name, file.size, file.part, file.state) == ("a.png", 6, "1.2", "present")
    assert file.sha256 == hashlib.sha256(b"\x89PNG\r\n").digest()
    assert b"".join(cut(octets, file.chain)) == b"\x89PNG\r\n"


def test_damaged_base64_is_kept_as_far_as_it_goes_and_noted() -> None:
    head = "Content-Type: image/png; name=a.png\nContent-Transfer-Encoding: base64"
    message = read(multipart("mixed", f"{head}\n\nYWJjZGV"))
    assert (message.attachments[0].state, message.attachments[0].size) == ("damaged", 5)
    assert [d.code for d in message.defects] == ["base64-without-padding"]


@pytest.mark.parametrize(
    ("part", "is_file"),
    [
        (CSV, True),
        ("Content-Type: text/plain; name=a.txt\n\nx", True),
        ("Content-Disposition: attachment\n\nx", True),
        ("Content-Type: image/gif\n\nx", True),
        ("Content-Type: message/rfc822\n\nFrom: a@x\n\ny", True),
        ("Content-Type: text/plain\n\nx", False),
        ("Content-Type: text/html\nContent-Disposition: inline\n\nx", False),
        ("Content-Type: application/pgp-encrypted\n\nVersion: 1", False),
    ],
)
def test_what_is_a_file_to_its_reader(part: str, is_file: bool) -> None:
    assert bool(read(multipart("mixed", "\nHello", part)).attachments) is is_file


def test_renderings_of_one_text_are_no_files() -> None:
    renderings = ("Content-Type: text/plain; name=a\n\nx", "Content-Type: text/enriched\n\nx")
    assert names(multipart("alternative", *renderings)) == []


def test_the_records_of_a_report_are_no_files() -> None:
    parts = (
        "\nSorry",
        "Content-Type: message/delivery-status\n\nReporting-MTA: dns; x\n",
        "Content-Type: text/rfc822-headers\n\nSubject: x",
    )
    assert names(multipart("report", *parts)) == []


def test_a_message_that_is_a_file_is_one() -> None:
    assert names(letter("x", Content_Type="application/pdf; name=a.pdf")) == ["a.pdf"]


def test_files_inside_an_attached_message_are_its_own() -> None:
    inner = 'Content-Type: multipart/mixed; boundary="c"\n\n--c\n' + CSV + "\n--c--\n"
    octets = multipart("mixed", f"Content-Type: message/rfc822\n\n{inner}", CSV)
    assert [(f.part, f.media_type) for f in read(octets).attachments] == [
        ("1.1", "message/rfc822"),
        ("1.2", "text/csv"),
    ]


@pytest.mark.parametrize(
    ("media_type", "state"), [("message/external-body", "external"), ("message/partial", "partial")]
)
def test_what_is_elsewhere_is_named_for_what_it_is(media_type: str, state: str) -> None:
    assert only(multipart("mixed", f"Content-Type: {media_type}\n\nx")).state == state


@pytest.mark.parametrize(("html", "inline"), [('<img src="cid:a@x">', True), ("<p>", False)])
def test_a_picture_that_the_text_shows_is_inline(html: str, inline: bool) -> None:
    picture = (
        f"Content-Type: image/png\nContent-ID: <a@x>\nContent-Transfer-Encoding: base64\n\n{PNG}"
    )
    octets = multipart("related", f"Content-Type: text/html\n\n{html}", picture)
    assert only(octets).inline is inline


def test_a_declared_file_without_octets_was_stripped() -> None:
    part = "Content-Type: image/png\nContent-Disposition: attachment; filename=a; size=99\n\n"
    assert only(multipart("mixed", part)).state == "stripped"


def test_an_empty_file_that_declares_nothing_is_present() -> None:
    part = "Content-Type: image/png\nContent-Disposition: attachment; filename=a\n\n"
    assert only(multipart("mixed", part)).state == "present"


UU = "begin 644 a.bin\n" + binascii.b2a_uu(b"hello world").decode() + "`\nend\n"


def test_uuencode_in_a_text_is_a_file() -> None:
    octets = letter(f"See below\n\n{UU}\nbye\n")
    file = only(octets)
    assert (file.name, file.size, file.state) == ("a.bin", 11, "present")
    assert b"".join(cut(octets, file.chain)) == b"hello world"


def test_uuencode_in_an_encoded_text_is_found_through_its_chain() -> None:
    encoded = base64.encodebytes(wire(f"See\n{UU}")).decode()
    octets = letter(encoded, Content_Transfer_Encoding="base64")
    assert b"".join(cut(octets, only(octets).chain)) == b"hello world"


def test_uuencode_without_its_end_is_damaged() -> None:
    assert only(letter(UU.replace("end\n", ""))).state == "damaged"


def test_several_uuencoded_files_are_all_found() -> None:
    assert names(letter(UU + UU.replace("a.bin", "b.bin"))) == ["a.bin", "b.bin"]


def test_a_text_that_only_speaks_of_begin_has_no_file() -> None:
    assert names(letter("We begin 644 a\nbegin 644 things\nbegin again\n")) == []


def test_yenc_is_noted() -> None:
    message = read(letter("=ybegin line=128 size=1 name=a\nx\n=yend\n"))
    assert [d.code for d in message.defects] == ["yenc"]
