"""Files that are on the disk when the call returns."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gateway.intake.nameless import NamelessMap, map_nameless, open_nameless
from gateway.store.files import write_durably


def nameless(folder: Path, octets: bytes) -> NamelessMap:
    descriptor = open_nameless(folder)
    os.write(descriptor, octets)
    return map_nameless(descriptor)


def test_octets_are_written(tmp_path: Path) -> None:
    write_durably(tmp_path / "kept", b"mail")
    assert (tmp_path / "kept").read_bytes() == b"mail"


def test_what_the_intake_holds_on_this_file_system_is_not_written_twice(tmp_path: Path) -> None:
    held = nameless(tmp_path, b"mail")
    write_durably(tmp_path / "kept", held)
    assert (tmp_path / "kept").stat().st_ino == os.fstat(held.descriptor).st_ino


def test_what_cannot_be_linked_is_copied(tmp_path: Path) -> None:
    class Elsewhere(bytes):
        def keep_as(self, path: Path) -> None:
            raise OSError(18, "Invalid cross-device link", path)

    write_durably(tmp_path / "kept", Elsewhere(b"mail"))
    assert (tmp_path / "kept").read_bytes() == b"mail"


def test_kept_octets_outlive_what_the_intake_held(tmp_path: Path) -> None:
    held = nameless(tmp_path, b"mail")
    write_durably(tmp_path / "kept", held)
    del held
    assert (tmp_path / "kept").read_bytes() == b"mail"


def test_name_that_is_taken_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "kept").write_bytes(b"older")
    with pytest.raises(FileExistsError):
        write_durably(tmp_path / "kept", nameless(tmp_path, b"mail"))
    assert (tmp_path / "kept").read_bytes() == b"older"
