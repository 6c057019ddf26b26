from __future__ import annotations

import mmap
import os
from pathlib import Path

import pytest

from gateway.store import blobs
from gateway.store.blobs import Blobs, Place


@pytest.fixture
def kept(tmp_path: Path) -> Blobs:
    return Blobs(tmp_path)


def put(kept: Blobs, octets: bytes) -> Place:
    place = kept.put_small(octets)
    kept.flush()
    kept.settle()
    return place


def test_small_octets_share_a_segment(kept: Blobs) -> None:
    places = [put(kept, octets) for octets in (b"one", b"", b"three")]
    assert len({place.file for place in places}) == 1
    assert [kept.get(place) for place in places] == [b"one", b"", b"three"]


def test_a_group_is_written_at_once(kept: Blobs) -> None:
    first, second = kept.put_small(b"one"), kept.put_small(memoryview(b"two"))
    kept.flush()
    assert (kept.get(first), kept.get(second)) == (b"one", b"two")


def test_what_is_undone_leaves_no_octet(kept: Blobs, tmp_path: Path) -> None:
    place = put(kept, b"stays")
    kept.put_small(b"goes")
    kept.flush()
    kept.undo()
    assert (tmp_path / place.file).read_bytes() == b"stays"
    assert kept.get(put(kept, b"next")) == b"next"


def test_what_is_taken_back_makes_room(kept: Blobs, tmp_path: Path) -> None:
    first = kept.put_small(b"stays")
    kept.take_back(kept.put_small(b"goes"))
    kept.put_small(b"next")
    kept.flush()
    assert (tmp_path / first.file).read_bytes() == b"staysnext"


def test_a_segment_goes_on_after_a_restart(kept: Blobs, tmp_path: Path) -> None:
    first = put(kept, b"one")
    kept.close()
    again = Blobs(tmp_path)
    second = put(again, b"two")
    assert (second.file, second.start) == (first.file, 3)
    assert again.get(first) == b"one"


def test_two_writers_use_segments_of_their_own(kept: Blobs, tmp_path: Path) -> None:
    first, second = put(kept, b"one"), put(Blobs(tmp_path), b"two")
    assert first.file != second.file


def test_a_full_segment_is_followed_by_another(
    kept: Blobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blobs, "_SEGMENT_LIMIT", 4)
    first, second = put(kept, b"12345"), put(kept, b"67890")
    assert first.file != second.file
    assert kept.segments() == (first.file, second.file)


def test_freed_octets_are_gone_from_the_disk(kept: Blobs, tmp_path: Path) -> None:
    first, second = put(kept, b"secret"), put(kept, b"public")
    kept.free(first)
    assert (tmp_path / first.file).read_bytes() == bytes(6) + b"public"
    assert kept.get(second) == b"public"


def test_freeing_twice_is_no_error(kept: Blobs) -> None:
    place = kept.put_large(b"large")
    kept.free(place)
    kept.free(place)
    kept.free(Place("segments/00000009", 0, 3))
    with pytest.raises(FileNotFoundError):
        kept.get(place)


def test_an_empty_segment_is_dropped_unless_somebody_writes_to_it(
    kept: Blobs, tmp_path: Path
) -> None:
    place = put(kept, b"one")
    other = Blobs(tmp_path)
    assert not kept.drop_segment(place.file)
    assert not other.drop_segment(place.file)
    kept.close()
    assert other.drop_segment(place.file)
    assert kept.segments() == ()


def test_a_large_file_that_no_commit_named_is_swept_after_an_hour(
    kept: Blobs, tmp_path: Path
) -> None:
    kept.sweep(frozenset())
    named, fresh, lost = (kept.put_large(octets) for octets in (b"named", b"fresh", b"lost"))
    for place in (named, lost):
        os.utime(tmp_path / place.file, (0, 0))
    kept.sweep(frozenset({named.file}))
    assert {f"large/{path.name}" for path in (tmp_path / "large").iterdir()} == {
        named.file,
        fresh.file,
    }


def test_large_octets_are_a_file_of_their_own(kept: Blobs, tmp_path: Path) -> None:
    place = kept.put_large(b"large")
    assert place.start is None
    assert (tmp_path / place.file).read_bytes() == b"large"
    assert (tmp_path / place.file).stat().st_mode & 0o077 == 0
    assert kept.get(place)[:] == b"large"


def test_a_window_over_a_file_can_be_kept(kept: Blobs, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"spooled")
    with source.open("rb") as file:
        window = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    large, small = kept.put_large(window), put(kept, window)  # type: ignore[arg-type]
    assert kept.get(large)[:] == kept.get(small) == b"spooled"
    window.close()


def test_an_empty_large_file_reads_as_nothing(kept: Blobs) -> None:
    assert kept.get(kept.put_large(b"")) == b""


def test_undoing_never_fails(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    blobs.put_small(b"one")
    assert blobs._segment is not None
    os.close(blobs._segment)
    blobs.undo()
    blobs._segment = None
