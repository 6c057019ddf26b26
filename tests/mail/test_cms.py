"""Signed S/MIME that wraps its message up."""

from __future__ import annotations

import base64
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mail.cms import signed_content
from gateway.mail.decode import cut
from tests.mail.build import letter, read, wire

SIGNED, ENVELOPED, CONTENT = "2a864886f70d010702", "2a864886f70d010703", "2a864886f70d010701"
INNER = wire(
    'Content-Type: multipart/mixed; boundary="c"\n\n'
    "--c\nContent-Type: text/plain; charset=utf-8\n\n"
    "Signed wörds.\n--c\nContent-Type: image/png; name=a.png\n"
    "Content-Transfer-Encoding: base64\n\niVBORw0K\n--c--\n"
)


def definite(tag: int, *content: bytes) -> bytes:
    """Return an element that says how long it is."""
    whole = b"".join(content)
    if len(whole) < 128:
        return bytes((tag, len(whole))) + whole
    size = len(whole).to_bytes(4)
    return bytes((tag, 0x84)) + size + whole


def indefinite(tag: int, *content: bytes) -> bytes:
    """Return an element that ends where it says so."""
    return bytes((tag, 0x80)) + b"".join(content) + b"\0\0"


def signed(content: bytes, *, kind: str = SIGNED, chunks: int = 0) -> bytes:
    made = indefinite if chunks else definite
    held = definite(0x04, content)
    if chunks:
        pieces = [content[at : at + chunks] for at in range(0, len(content), chunks)]
        held = indefinite(0x24, *(definite(0x04, piece) for piece in pieces))
    encapsulated = made(0x30, definite(0x06, bytes.fromhex(CONTENT)), made(0xA0, held))
    algorithms = definite(0x31, definite(0x30, definite(0x06, b"\x60\x86")))
    data = made(0x30, definite(0x02, b"\1"), algorithms, encapsulated, definite(0x31))
    return made(0x30, definite(0x06, bytes.fromhex(kind)), made(0xA0, data))


def sent(whole: bytes, smime_type: str = "; smime-type=signed-data") -> bytes:
    return letter(
        base64.encodebytes(whole).decode(),
        Content_Type=f"application/pkcs7-mime{smime_type}; name=smime.p7m",
        Content_Transfer_Encoding="base64",
        Content_Disposition="attachment; filename=smime.p7m",
    )


@pytest.mark.parametrize("chunks", [0, 7, 1000], ids=["whole", "chunks", "one chunk"])
@pytest.mark.parametrize("smime_type", ["; smime-type=signed-data", ""])
def test_the_words_and_files_inside_are_read(chunks: int, smime_type: str) -> None:
    octets = sent(signed(INNER, chunks=chunks), smime_type)
    message = read(octets)
    assert (message.text.strip(), message.encrypted, message.defects) == ("Signed wörds.", "", ())
    (file,) = message.attachments
    assert (file.name, file.part) == ("a.png", "1.1.2")
    assert b"".join(cut(octets, file.chain)) == b"\x89PNG\r\n"


@pytest.mark.parametrize("smime_type", ["; smime-type=enveloped-data", ""])
def test_what_is_enveloped_stays_closed(smime_type: str) -> None:
    message = read(sent(signed(b"x", kind=ENVELOPED), smime_type))
    assert (message.encrypted, message.text, message.defects) == ("smime", "", ())
    assert [file.name for file in message.attachments] == ["smime.p7m"]


@pytest.mark.parametrize(
    "whole",
    [b"", b"no BER", b"\x31\0", signed(INNER)[:-400], signed(b""), signed(INNER, chunks=5)[:200]],
    ids=["empty", "words", "another element", "cut", "nothing inside", "chunks cut"],
)
def test_what_cannot_be_opened_is_a_file_and_noted(whole: bytes) -> None:
    message = read(sent(whole))
    assert [defect.code for defect in message.defects] == ["signed-content-unread"]
    assert [file.name for file in message.attachments] == ["smime.p7m"]


def test_more_than_sixteen_megabytes_are_not_opened() -> None:
    head = b"Content-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\r\n"
    message = read(b"From: a@x.example\r\n" + head + b"\r\n" + signed(bytes(16_000_000)))
    assert [defect.code for defect in message.defects] == ["signed-content-unread"]


def test_a_file_inside_what_was_cut_since_is_damaged() -> None:
    octets = sent(signed(INNER))
    (file,) = read(octets).attachments
    assert b"".join(cut(octets[:-300], file.chain)) == b""


def test_signed_inside_signed_has_an_end() -> None:
    whole = INNER
    for _ in range(8):
        head = b"Content-Type: application/pkcs7-mime; smime-type=signed-data\r\n"
        whole = head + b"Content-Transfer-Encoding: binary\r\n\r\n" + signed(whole)
    octets = wire("From: a@x\nContent-Type: text/plain\n")[:-26] + whole
    assert "nested-too-deep" in [defect.code for defect in read(octets).defects]


@given(st.binary(max_size=60), st.integers(0, 400), st.sampled_from([0, 3]))
def test_any_octets_are_read_or_refused(piece: bytes, at: int, chunks: int) -> None:
    whole = signed(INNER, chunks=chunks)
    signed_content(whole[:at] + piece + whole[at + len(piece) :])
    signed_content(piece)


@pytest.mark.parametrize(
    "whole",
    [b"\x30\x80" * 1_000_000, signed(b"x" * 200_000, chunks=1), b"\x30\xff" + b"\xff" * 1000],
    ids=["nesting", "chunks", "length"],
)
def test_hostile_elements_end_soon(whole: bytes) -> None:
    began = time.process_time()
    assert signed_content(whole) is None
    assert time.process_time() - began < 0.5
