from __future__ import annotations

import base64

import pytest

from tests.mail.build import letter, multipart, read, wire

LETTER = letter("Grüße\nand more\n", Cc="c@x.example, d@x.example")


def digest(octets: bytes) -> bytes:
    return read(octets).digest


@pytest.mark.parametrize(
    "other",
    [
        LETTER.replace(b"\r\n", b"\n"),
        b"Received: by x\r\nDKIM-Signature: v=1\r\nDelivered-To: x@y\r\nX-Any: z\r\n" + LETTER,
        LETTER + b"\r\n",
        LETTER.rstrip(b"\r\n"),
        LETTER.replace(b"c@x.example, d@x.example", b"D <D@x.example>, c@x.example"),
        letter(
            "Gr=C3=BC=C3=9Fe\nand more\n",
            Cc="c@x.example, d@x.example",
            Content_Transfer_Encoding="quoted-printable",
        ),
        letter(
            base64.encodebytes(wire("Grüße\nand more\n")).decode(),
            Cc="c@x.example, d@x.example",
            Content_Transfer_Encoding="base64",
        ),
    ],
)
def test_it_stays_equal_on_the_way(other: bytes) -> None:
    assert digest(other) == digest(LETTER)


@pytest.mark.parametrize(
    "other",
    [
        LETTER.replace(b"more", b"less"),
        LETTER.replace(b"Hello", b"Bye"),
        LETTER.replace(b"ann@", b"eve@"),
        LETTER.replace(b"09:01", b"09:02"),
        LETTER.replace(b"d@x", b"e@x"),
        LETTER.replace(b"bob@", b"joe@"),
    ],
)
def test_it_tells_what_the_author_changed(other: bytes) -> None:
    assert digest(other) != digest(LETTER)


def file(octets: bytes, encoding: str = "base64") -> str:
    body = base64.encodebytes(octets).decode() if encoding == "base64" else octets.decode()
    return (
        "Content-Type: text/csv\nContent-Disposition: attachment; filename=a\n"
        f"Content-Transfer-Encoding: {encoding}\n\n{body}"
    )


def test_it_covers_files() -> None:
    assert digest(multipart("mixed", file(b"a"))) != digest(multipart("mixed", file(b"b")))


def test_a_file_in_plain_octets_has_no_line_ends() -> None:
    octets = multipart("mixed", file(b"1\n2\n" * 20_000, "8bit"))
    assert digest(octets) == digest(octets.replace(b"\r\n", b"\n"))


def test_a_letter_without_author_and_date_has_one_too() -> None:
    assert len(digest(b"\r\nx")) == 32


def test_a_message_without_id_gets_one_of_its_digest() -> None:
    message = read(b"From: a@x\r\n\r\nx")
    assert message.message_id == f"{message.digest.hex()[:40]}@synthetic.invalid"
