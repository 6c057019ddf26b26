from __future__ import annotations

import pytest

from gateway.mail import limits
from tests.mail.build import letter, multipart, read


def text(octets: bytes) -> str:
    return read(octets).text


PLAIN = "Content-Type: text/plain\n\nplain"
HTML = "Content-Type: text/html\n\n<p>html</p>"


@pytest.mark.parametrize(
    ("octets", "shown"),
    [
        (letter("Hello\n"), "Hello\n"),
        (letter("<p>Hello", Content_Type="text/html"), "Hello"),
        (multipart("alternative", PLAIN, HTML), "plain"),
        (multipart("alternative", HTML, PLAIN), "plain"),
        (multipart("alternative", "Content-Type: text/plain\n\n \n", HTML), "html"),
        (multipart("alternative", "Content-Type: text/plain\n\n", "\n"), ""),
        (multipart("mixed", PLAIN, HTML), "plain\nhtml"),
        (multipart("mixed", PLAIN, PLAIN), "plain\nplain"),
        (letter("a\0b"), "ab"),
        (letter("x", Content_Type="image/png"), ""),
        (letter(""), ""),
    ],
)
def test_the_words_shown(octets: bytes, shown: str) -> None:
    assert text(octets) == shown


def test_the_charset_that_was_used_is_told() -> None:
    assert read(letter("x", Content_Type="text/plain; charset=us-ascii")).charset == "us-ascii"


def test_a_huge_text_is_cut_and_noted() -> None:
    message = read(letter("x" * (limits.TEXT_OCTETS + 10)))
    assert len(message.text) == limits.TEXT_OCTETS
    assert [d.code for d in message.defects] == ["text-cut"]


def test_a_second_text_has_the_room_that_the_first_left() -> None:
    part = "Content-Type: text/plain\n\n" + "x" * (limits.TEXT_OCTETS - 5)
    message = read(multipart("mixed", part, part))
    assert len(message.text) == limits.TEXT_OCTETS + 1


def test_the_quotation_in_a_second_html_text_is_found_at_its_place() -> None:
    quoted = 'Content-Type: text/html\n\n<p>new</p><div class="gmail_quote">old</div>'
    assert read(multipart("mixed", PLAIN, quoted)).new_text == "plain\nnew"


def test_the_quotation_of_the_first_html_text_stays_the_first() -> None:
    quoted = 'Content-Type: text/html\n\n<p>new</p><div class="gmail_quote">old</div>'
    assert read(multipart("mixed", quoted, quoted)).new_text == "new"


@pytest.mark.parametrize(
    ("parts", "encrypted"),
    [
        (("Content-Type: application/pkcs7-mime; smime-type=enveloped-data\n\nx",), "smime"),
        (("Content-Type: application/x-pkcs7-mime; name=smime.p7m\n\nx",), "smime"),
        (("Content-Type: application/pkcs7-mime; smime-type=signed-data\n\nx",), ""),
        (("Content-Type: application/pgp-encrypted\n\nVersion: 1",), "pgp"),
        (("\n-----BEGIN PGP MESSAGE-----\n",), "pgp"),
        (("\n-----BEGIN PGP SIGNED MESSAGE-----\n",), ""),
    ],
)
def test_what_is_enveloped_is_noted(parts: tuple[str, ...], encrypted: str) -> None:
    assert read(multipart("mixed", *parts)).encrypted == encrypted
