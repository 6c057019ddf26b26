"""What files are, told by their octets, and mail that is read with all that the edges know."""

from __future__ import annotations

import base64
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import pytest

from gateway.config.scanners import all_signatures
from gateway.filetypes import FileTypes, reader
from gateway.mail.reading import read_heading, read_message
from gateway.model.message import Message
from tests.mail.build import letter, multipart

PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n"
PROGRAM = b"MZ" + bytes(58) + b"\x80\0\0\0" + bytes(64) + b"PE\0\0d\x86" + bytes(200)


def file(name: str, octets: bytes, media_type: str = "application/pdf") -> str:
    return (
        f'Content-Type: {media_type}\nContent-Disposition: attachment; filename="{name}"\n'
        f"Content-Transfer-Encoding: base64\n\n{base64.encodebytes(octets).decode()}"
    )


def with_files(*files: str) -> bytes:
    return multipart("mixed", "\nHello", *files)


def detected(octets: bytes, types: FileTypes | None = None) -> list[str]:
    message: Message = reader(types=types)(octets, read_heading(octets))
    return [found.detected_type for found in message.attachments]


def test_a_file_is_what_its_octets_say() -> None:
    octets = with_files(file("a.pdf", PDF), file("b.pdf", PROGRAM))
    first, second = detected(octets)
    assert first == "application/pdf"
    assert second in {"application/x-dosexec", "application/vnd.microsoft.portable-executable"}


def test_the_head_of_a_large_file_is_enough() -> None:
    assert detected(with_files(file("a.pdf", PDF + bytes(300_000)))) == ["application/pdf"]


def test_a_program_that_is_declared_as_text_is_found_out() -> None:
    (found,) = detected(with_files(file("a.txt", PROGRAM, "text/plain")))
    assert "exec" in found


def test_text_that_is_text_is_not_asked_about() -> None:
    assert detected(with_files(file("a.txt", b"some words\n" * 9, "text/plain"))) == [""]


def test_an_empty_file_is_nothing() -> None:
    assert detected(with_files(file("a.pdf", b""))) == [""]


def test_each_thread_has_an_instance_of_its_own() -> None:
    types, octets = FileTypes(), with_files(file("a.pdf", PDF))

    def often(_: int) -> Iterable[str]:
        return [found for _ in range(20) for found in detected(octets, types)]

    with ThreadPoolExecutor(4) as pool:
        told = {found for some in pool.map(often, range(8)) for found in some}
    assert told == {"application/pdf"}


def test_mail_without_files_loads_nothing() -> None:
    program = (
        "import sys; from gateway.filetypes import reader;"
        "from gateway.mail.reading import read_heading;"
        "octets = b'From: a@b.example\\r\\n\\r\\nHello\\r\\n';"
        "reader()(octets, read_heading(octets)); print('magic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout.strip() == b"False"


def test_without_libmagic_mail_is_read_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pylibmagic", None)
    types = FileTypes()
    assert detected(with_files(file("a.pdf", PDF)), types) == [""]
    assert types.trouble().startswith("libmagic cannot be loaded: ")


def test_with_libmagic_there_is_no_trouble() -> None:
    assert not FileTypes().trouble()


def test_the_reader_knows_scanners_too() -> None:
    octets = with_files(file("Removed Attachment.txt", b"gone", "text/plain"))
    message = reader(all_signatures())(octets, read_heading(octets))
    assert message.attachments[0].state == "stripped"


def test_nothing_else_is_changed() -> None:
    octets = letter("Hello")
    heading = read_heading(octets)
    assert reader()(octets, heading) == read_message(octets, heading)
