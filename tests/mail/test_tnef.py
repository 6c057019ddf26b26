from __future__ import annotations

import base64
import struct

import pytest

from gateway.mail.decode import cut
from gateway.mail.tnef import list_tnef
from tests.mail.build import multipart, read

RENDER, TITLE, DATA, PROPERTIES = 0x00069002, 0x00018010, 0x0006800F, 0x00069005


def attribute(ident: int, octets: bytes) -> bytes:
    return b"\x02" + struct.pack("<II", ident, len(octets)) + octets + b"\0\0"


def stream(*attributes: bytes) -> bytes:
    return b"\x78\x9f\x3e\x22\x01\x00" + b"".join(attributes)


LONG = "日本語.txt\0".encode("utf-16-le")
LONG_NAME = b"\x1f\x00\x07\x37\x01\x00\x00\x00" + struct.pack("<I", len(LONG)) + LONG


def test_files_have_their_names_and_octets() -> None:
    octets = stream(
        attribute(RENDER, b"x"), attribute(TITLE, b"a.txt\0"), attribute(DATA, b"one"),
        attribute(RENDER, b"x"), attribute(DATA, b"two"), attribute(PROPERTIES, LONG_NAME),
    )  # fmt: skip
    assert [(f.name, octets[f.span.start : f.span.stop]) for f in list_tnef(octets)] == [
        ("a.txt", b"one"),
        ("日本語.txt", b"two"),
    ]


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"no tnef",
        stream(),
        stream(b"\x02"),
        stream(attribute(TITLE, b"a"), attribute(DATA, b"b"), attribute(PROPERTIES, b"c")),
    ],
)
def test_what_holds_no_file_lists_none(octets: bytes) -> None:
    assert list_tnef(octets) == ()


def test_a_stream_that_breaks_off_gives_what_is_there() -> None:
    octets = stream(attribute(RENDER, b"x"), attribute(DATA, b"x" * 100))[:-50]
    (file,) = list_tnef(octets)
    assert file.span.stop == len(octets)


def test_properties_without_a_long_name_name_nothing() -> None:
    octets = stream(attribute(RENDER, b"x"), attribute(PROPERTIES, b"none"), attribute(0, b""))
    assert [file.name for file in list_tnef(octets)] == [""]


def test_winmail_dat_is_listed_with_what_it_holds() -> None:
    inner = stream(attribute(RENDER, b"x"), attribute(TITLE, b"a.txt"), attribute(DATA, b"one"))
    head = "Content-Type: application/ms-tnef; name=winmail.dat\nContent-Transfer-Encoding: base64"
    octets = multipart("mixed", f"{head}\n\n{base64.encodebytes(inner).decode()}")
    files = read(octets).attachments
    assert [(file.name, file.size) for file in files] == [("winmail.dat", len(inner)), ("a.txt", 3)]
    assert b"".join(cut(octets, files[1].chain)) == b"one"
