from __future__ import annotations

import base64
import hashlib
import struct

import pytest

from gateway.mail.decode import cut
from gateway.mail.tnef import TnefFile, list_tnef
from tests.mail.build import multipart, read

RENDER, TITLE, DATA, PROPERTIES = 0x00069002, 0x00018010, 0x0006800F, 0x00069005


def attribute(ident: int, octets: bytes) -> bytes:
    return b"\x02" + struct.pack("<II", ident, len(octets)) + octets + b"\0\0"


def stream(*attributes: bytes) -> bytes:
    return b"\x78\x9f\x3e\x22\x01\x00" + b"".join(attributes)


def listed(octets: bytes, window: int = 1000) -> tuple[TnefFile, ...]:
    return list_tnef(iter([octets[at : at + window] for at in range(0, len(octets), window)]))


LONG = "日本語.txt\0".encode("utf-16-le")
LONG_NAME = b"\x1f\x00\x07\x37\x01\x00\x00\x00" + struct.pack("<I", len(LONG)) + LONG


@pytest.mark.parametrize("window", [1, 7, 1000])
def test_files_have_their_names_and_octets(window: int) -> None:
    octets = stream(
        attribute(RENDER, b"x"), attribute(TITLE, b"a.txt\0"), attribute(DATA, b"one"),
        attribute(RENDER, b"x"), attribute(DATA, b"two"), attribute(PROPERTIES, LONG_NAME),
    )  # fmt: skip
    assert [(f.name, octets[f.span.start : f.span.stop]) for f in listed(octets, window)] == [
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
    assert listed(octets) == ()


def test_a_stream_that_breaks_off_gives_what_is_there() -> None:
    octets = stream(attribute(RENDER, b"x"), attribute(DATA, b"x" * 100))[:-50]
    (file,) = listed(octets)
    assert file.span.stop == len(octets)
    assert not file.is_whole


def test_properties_without_a_long_name_name_nothing() -> None:
    octets = stream(attribute(RENDER, b"x"), attribute(PROPERTIES, b"none"), attribute(0, b""))
    assert [file.name for file in listed(octets)] == [""]


def test_winmail_dat_is_listed_with_what_it_holds() -> None:
    inner = stream(attribute(RENDER, b"x"), attribute(TITLE, b"a.txt"), attribute(DATA, b"one"))
    head = "Content-Type: application/ms-tnef; name=winmail.dat\nContent-Transfer-Encoding: base64"
    octets = multipart("mixed", f"{head}\n\n{base64.encodebytes(inner).decode()}")
    files = read(octets).attachments
    assert [(file.name, file.size) for file in files] == [("winmail.dat", len(inner)), ("a.txt", 3)]
    assert b"".join(cut(octets, files[1].chain)) == b"one"


def test_a_large_file_in_winmail_dat_is_measured_whole() -> None:
    large = b"x" * 6_000_000
    inner = stream(attribute(RENDER, b"x"), attribute(TITLE, b"a.bin"), attribute(DATA, large))
    head = "Content-Type: application/ms-tnef; name=winmail.dat\nContent-Transfer-Encoding: base64"
    octets = multipart("mixed", f"{head}\n\n{base64.encodebytes(inner).decode()}")
    file = read(octets).attachments[1]
    assert (file.size, file.sha256) == (len(large), hashlib.sha256(large).digest())
    assert file.state == "present"


def test_a_file_that_breaks_off_is_damaged() -> None:
    inner = stream(attribute(RENDER, b"x"), attribute(DATA, b"x" * 100))[:-50]
    head = "Content-Type: application/ms-tnef\nContent-Transfer-Encoding: base64"
    octets = multipart("mixed", f"{head}\n\n{base64.encodebytes(inner).decode()}")
    assert read(octets).attachments[1].state == "damaged"


def test_a_stream_of_many_attributes_is_read_up_to_an_end() -> None:
    octets = stream(*[attribute(0, b"")] * 100_000, attribute(RENDER, b"x"))
    assert listed(octets, 32_768) == ()
