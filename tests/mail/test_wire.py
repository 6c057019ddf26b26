"""Wire form: exact both ways, at every split."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mail.wire import (
    END_OF_DATA,
    Stuffer,
    false_end,
    held_back,
    stuffed,
    unstuffed,
    windows,
)
from tests.ends import FALSE_ENDS

CONTENT = st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b".", b"\0", b"x", b"\xff"])).map(
    b"".join
)
"""Content that is dense in what matters."""


def pieces(octets: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({0, len(octets), *(cut % (len(octets) + 1) for cut in cuts)})
    return [octets[a:b] for a, b in pairwise(places)]


@given(CONTENT)
def test_unstuffing_takes_back_stuffing(content: bytes) -> None:
    assert unstuffed(stuffed(content)) == content


@given(CONTENT, st.lists(st.integers(min_value=0)))
def test_stuffing_in_windows_equals_stuffing_at_once(content: bytes, cuts: list[int]) -> None:
    stuffer = Stuffer()
    assert b"".join(map(stuffer.feed, pieces(content, cuts))) == stuffed(content)


@given(CONTENT)
def test_wire_form_never_holds_the_end_of_data(content: bytes) -> None:
    assert END_OF_DATA not in b"\r\n" + stuffed(content)


@given(CONTENT)
def test_stuffed_lines_are_not_taken_for_a_false_end_behind_crlf(content: bytes) -> None:
    found = false_end(b"\r\n" + stuffed(content.replace(b"\r\n", b"").translate(None, b"\r\n\0")))
    assert found == ""


@pytest.mark.parametrize("sequence", FALSE_ENDS)
def test_each_false_end_is_found(sequence: bytes) -> None:
    assert false_end(b"Subject: a\r\n\r\nx" + sequence + b"y\r\n") != ""


@pytest.mark.parametrize(
    "octets", [b"\r\n..\r\n", b"\r\n.x\r\n", b"a.\r\n", b"\n.x\n", b"\n", b"."]
)
def test_other_dots_are_no_false_end(octets: bytes) -> None:
    assert false_end(b"\r\n" + octets) == ""


def test_false_end_is_named_by_its_octets() -> None:
    assert false_end(b"a\r\n.\r\r\nb") == r"\r\n.\r\r\n"


def test_the_true_end_is_no_false_one() -> None:
    assert false_end(b"a" + END_OF_DATA) == ""


@pytest.mark.parametrize("size", range(1, 5))
def test_every_beginning_of_the_end_is_held_back(size: int) -> None:
    assert held_back(b"abc" + END_OF_DATA[:size]) == size


@pytest.mark.parametrize("octets", [b"", b"a", b".", b"a.", b"\n", b"a\n", b"\r\n.\n"])
def test_other_octets_are_not_held_back(octets: bytes) -> None:
    assert held_back(octets) == 0


def test_windows_cover_every_octet_once() -> None:
    assert [(w.start, w.stop) for w in windows(7, 3)] == [(0, 3), (3, 6), (6, 7)]
