"""What could be read in two ways is signed by nobody."""

from __future__ import annotations

import pytest

from gateway.mail.heading import read_heading
from gateway.trust.sections import Signed, read_signed
from tests.letters import letter


def read(octets: bytes) -> Signed | None:
    return read_signed(octets, read_heading(octets))


def test_fields_stay_as_sent() -> None:
    signed = read(b"From:  a@b.example\r\nX-Odd :\tone\r\n  two \r\n\r\nbody")
    assert signed is not None
    assert signed.fields == (
        (b"From", b"  a@b.example\r\n"),
        (b"X-Odd ", b"\tone\r\n  two \r\n"),
    )


def test_bare_line_feeds_end_lines() -> None:
    signed = read(b"From: a@b.example\nX: one\n two\n\nbody")
    assert signed is not None
    assert signed.fields == ((b"From", b" a@b.example\r\n"), (b"X", b" one\r\n two\r\n"))


def test_body_begins_behind_the_empty_line() -> None:
    octets = letter(text="words")
    signed = read(octets)
    assert signed is not None
    assert signed.bodies.hash_of(b"simple").size == len(b"words\r\n")


def test_named_fields_come_from_the_top() -> None:
    signed = read(b"From: a@b.example\r\nX: 1\r\nx: 2\r\n\r\n")
    assert signed is not None
    assert signed.named(b"x") == (b" 1\r\n", b" 2\r\n")


@pytest.mark.parametrize(
    "name", ["From", "from ", "To", "Subject", "Date", "Message-ID", "Content-Type"]
)
def test_field_that_stands_twice_is_not_signed(name: str) -> None:
    assert read(f"{name}: a@b.example\r\n".encode() + letter()) is None


def test_field_that_is_not_shown_may_stand_twice() -> None:
    assert read(b"Reply-To: a@b.example\r\nReply-To: c@d.example\r\n" + letter()) is not None


def test_message_without_author_is_not_signed() -> None:
    assert read(b"To: a@b.example\r\n\r\n") is None


def test_damaged_section_is_not_signed() -> None:
    assert read(b"From mbox@line\r\nFrom: a@b.example\r\n\r\n") is None


def test_section_that_was_cut_is_not_signed() -> None:
    assert read(b"X: y\r\n" * 3000 + letter()) is None


def test_field_of_many_folds_takes_linear_time() -> None:
    octets = b"X: a" + b"\r\n b" * 200_000 + b"\r\n" + letter()
    assert read(octets) is not None
