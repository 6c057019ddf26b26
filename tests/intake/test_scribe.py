"""The thread that hashes and writes a large message."""

from __future__ import annotations

import errno
import hashlib
from contextlib import suppress
from pathlib import Path

import pytest

from gateway.intake.scribe import Scribe
from gateway.mail.ahead import Ahead
from gateway.mail.reading import read_heading, read_message
from tests.letting_go import nothing_collected
from tests.mail.build import multipart


class Exhausted(Scribe):
    """One for which there is no memory any more."""

    def _keep(self, piece: bytes, mark: bool) -> None:
        raise MemoryError


def test_what_is_given_is_hashed_and_written_in_order(tmp_path: Path) -> None:
    scribe = Scribe(tmp_path)
    for piece in (b"one", b"two", b"three"):
        scribe.take(piece)
    scribe.wait()
    assert scribe.read(0, 100) == b"onetwothree"
    assert scribe.digest() == hashlib.sha256(b"onetwothree").digest()
    scribe.drop()


def test_memory_that_is_used_up_is_told_to_who_waits(tmp_path: Path) -> None:
    scribe = Exhausted(tmp_path)
    scribe.take(b"one")
    with pytest.raises(OSError, match="memory") as caught:
        scribe.wait()
    assert caught.value.errno == errno.ENOMEM
    scribe.drop()


def test_the_file_can_be_let_go_after_trouble(tmp_path: Path) -> None:
    scribe = Exhausted(tmp_path)
    scribe.take(b"one")
    scribe.drop()
    assert not scribe.busy


class FullDisk(Scribe):
    """One whose disk is full."""

    def _keep(self, piece: bytes, mark: bool) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("kind", [FullDisk, Exhausted])
def test_trouble_keeps_nothing_of_the_letter(tmp_path: Path, kind: type[Scribe]) -> None:
    with nothing_collected(kind) as left:
        scribe = kind(tmp_path)
        scribe.take(b"one")
        with suppress(OSError):
            scribe.wait()
        scribe.drop()
        del scribe
        assert left.now() == {}


def test_files_are_measured_while_they_arrive(tmp_path: Path) -> None:
    octets = multipart(
        "mixed", f"Content-Type: image/png\nContent-Transfer-Encoding: base64\n\n{'QUJD' * 19}\n"
    )
    scribe = Scribe(tmp_path)
    scribe.take(octets)
    scribe.wait()
    held = scribe.octets()
    (found,) = read_message(held, read_heading(held)).attachments
    assert held.ahead is not None
    assert held.ahead.measured(found.chain) == (found.size, found.sha256)
    scribe.drop()


def test_a_defect_in_looking_ahead_leaves_the_letter_to_the_reader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(Ahead, "feed")
    scribe = Scribe(tmp_path)
    scribe.take(b"one")
    scribe.wait()
    held = scribe.octets()
    assert (bytes(held), held.ahead) == (b"one", None)
    scribe.drop()
