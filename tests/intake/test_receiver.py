"""Taking content off the wire, split anywhere."""

from __future__ import annotations

import hashlib
import mmap
import os
import tempfile
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.intake.nameless import NamelessMap, map_nameless
from gateway.intake.receiver import Receiver
from gateway.mail.wire import stuffed
from gateway.model.envelope import Content
from tests.ends import FALSE_ENDS

DENSE = st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b".", b"\0", b"x", b"\xff"])).map(b"".join)
NOWHERE = Path(tempfile.gettempdir())


def receive(wire: bytes, cuts: list[int], memory_octets: int = 1000) -> tuple[Content, bytes]:
    receiver = Receiver(NOWHERE, 0, memory_octets)
    places = sorted({0, len(wire), *(cut % (len(wire) + 1) for cut in cuts)})
    rest: bytes | None = None
    for start, stop in pairwise(places):
        if rest is None:
            rest = receiver.feed(wire[start:stop])
        else:
            rest += wire[start:stop]
    assert rest is not None
    return receiver.content(), rest


@given(DENSE, st.lists(st.integers(min_value=0)), st.sampled_from([0, 10, 1000]))
def test_content_is_exact_wherever_it_is_split(
    octets: bytes, cuts: list[int], memory_octets: int
) -> None:
    octets += b"\r\n"
    wire = stuffed(octets)
    content, rest = receive(wire + b".\r\nQUIT\r\n", cuts, memory_octets)
    assert content.octets[:] == octets
    assert (content.wire is content.octets) == (wire == octets)
    assert (content.size, content.sha256) == (len(octets), hashlib.sha256(octets).digest())
    assert rest == b"QUIT\r\n"


@given(st.lists(st.integers(min_value=0)))
def test_empty_content_ends_at_once(cuts: list[int]) -> None:
    content, rest = receive(b".\r\nNOOP\r\n", cuts)
    assert (content.octets, content.size, rest) == (b"", 0, b"NOOP\r\n")


@pytest.mark.parametrize("sequence", [*FALSE_ENDS, b"\r\n.\0\r\n"])
def test_false_end_stays_inside_and_is_noted_at_every_split(sequence: bytes) -> None:
    wire = b"Subject: a\r\n\r\nx" + sequence + b"MAIL FROM:<evil@x>\r\n.\r\n"
    for cut in range(1, len(wire)):
        content, rest = receive(wire, [cut])
        assert rest == b""
        assert content.octets == wire[:-3].replace(b"\r\n.", b"\r\n")
        assert bool(content.traits.ambiguous_end) == (sequence != b"\r\n.\0\r\n")


def test_content_without_dot_lines_is_one_object_in_both_forms() -> None:
    content, _ = receive(b"a\r\nb.\r\n.\r\n", [])
    assert content.wire is content.octets


def test_large_content_is_a_map_of_a_file() -> None:
    content, _ = receive(b"x" * 5000 + b"\r\n.\r\n", [])
    assert isinstance(content.octets, mmap.mmap)


def test_dot_line_late_in_large_content_is_unstuffed() -> None:
    octets = b"x" * 5000 + b"\r\n.dot\r\n" + b"y" * 5000 + b"\r\n"
    content, _ = receive(stuffed(octets) + b".\r\n", [100, 4000, 9000])
    assert content.octets[:] == octets


def test_unnamed_file_leaves_nothing_behind(tmp_path: Path) -> None:
    receiver = Receiver(tmp_path, 0, 10)
    receiver.feed(b"x" * 100 + b"\r\n.\r\n")
    receiver.content()
    assert list(tmp_path.iterdir()) == []


def test_content_over_the_limit_is_thrown_away_but_its_end_is_found() -> None:
    receiver = Receiver(NOWHERE, 100)
    assert receiver.feed(b"x" * 200) is None
    assert receiver.feed(b"\r\n.\r\nNOOP\r\n") == b"NOOP\r\n"
    assert receiver.too_large


def test_content_of_exactly_the_limit_is_taken() -> None:
    receiver = Receiver(NOWHERE, 4)
    receiver.feed(b"ab\r\n.\r\n")
    assert not receiver.too_large


def test_folder_that_is_gone_is_trouble_only_for_large_content(tmp_path: Path) -> None:
    receiver = Receiver(tmp_path / "gone", 0, 10)
    assert receiver.feed(b"x" * 100 + b"\r\n.\r\n") == b""
    assert isinstance(receiver.trouble, OSError)


def test_large_content_can_be_given_a_name_without_a_copy(tmp_path: Path) -> None:
    receiver = Receiver(tmp_path, 0, 10)
    receiver.feed(b"x" * 100 + b"\r\n.\r\n")
    content = receiver.content()
    assert isinstance(content.octets, NamelessMap)
    content.octets.keep_as(tmp_path / "kept")
    assert (tmp_path / "kept").read_bytes() == content.octets[:]
    assert (tmp_path / "kept").stat().st_ino == os.fstat(content.octets.descriptor).st_ino
    assert (tmp_path / "kept").stat().st_mode & 0o777 == 0o600


def test_large_content_can_be_named_after_it_was_written_back(tmp_path: Path) -> None:
    receiver = Receiver(tmp_path, 0, 10)
    receiver.feed(b"x" * 100 + b"\r\n.\r\n")
    content = receiver.content()
    assert isinstance(content.octets, NamelessMap)
    content.octets.write_back()
    content.octets.keep_as(tmp_path / "kept")
    assert (tmp_path / "kept").read_bytes() == content.octets[:]


def test_writing_back_leaves_errors_to_the_naming(tmp_path: Path) -> None:
    octets = map_nameless(os.open(__file__, os.O_RDONLY))
    number, octets.descriptor = octets.descriptor, 2**20
    octets.write_back()
    with pytest.raises(OSError, match="Bad file descriptor"):
        octets.keep_as(tmp_path / "kept")
    octets.descriptor = number


def test_descriptor_goes_with_the_content(tmp_path: Path) -> None:
    receiver = Receiver(tmp_path, 0, 10)
    receiver.feed(b"x" * 100 + b"\r\n.\r\n")
    content = receiver.content()
    assert isinstance(content.octets, NamelessMap)
    descriptor = content.octets.descriptor
    del content
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


def test_content_that_is_given_up_leaves_no_descriptor_open(tmp_path: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    receiver = Receiver(tmp_path, 0, 10)
    receiver.feed(b"x" * 100)
    receiver.drop()
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_trouble_is_raised_where_the_content_is_wanted(tmp_path: Path) -> None:
    receiver = Receiver(tmp_path / "gone", 0, 10)
    receiver.feed(b"x" * 100 + b"\r\n.\r\n")
    with pytest.raises(FileNotFoundError):
        receiver.content()
