"""Counting while content arrives."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from gateway.intake.tally import STRETCH_OCTETS, Tally
from gateway.model.envelope import Traits

DENSE = st.lists(
    st.sampled_from([b"\r", b"\n", b"\r\n", b"\0", b"x", b"y" * 76, b"\xff", b"z" * 9000])
).map(b"".join)


def tally(*pieces: bytes) -> Traits:
    counted = Tally()
    for piece in pieces:
        counted.feed(piece, piece)
    return counted.traits


def slowly(octets: bytes) -> tuple[int, int, int, bool, int]:
    return (
        len(re.findall(rb"(?<!\r)\n", octets)),
        len(re.findall(rb"\r(?!\n)", octets)),
        octets.count(b"\0"),
        not octets.isascii(),
        max(map(len, octets.split(b"\r\n"))),
    )


def fields(traits: Traits) -> tuple[int, int, int, bool, int]:
    return (
        traits.bare_lf,
        traits.bare_cr,
        traits.nul,
        traits.eight_bit,
        traits.longest_line,
    )


@given(DENSE)
def test_counts_are_those_of_a_slow_count(octets: bytes) -> None:
    assert fields(tally(octets)) == slowly(octets)


@given(DENSE, DENSE, DENSE)
def test_pieces_count_as_much_as_the_whole(first: bytes, second: bytes, third: bytes) -> None:
    # No piece ends between CR and LF: the receiver holds a CR back.
    pieces = [piece.rstrip(b"\r") for piece in (first, second, third)]
    assert fields(tally(*pieces)) == slowly(b"".join(pieces))


def test_lines_of_one_width_are_measured_exactly() -> None:
    body = b"".join(b"x" * 76 + b"\r\n" for _ in range(4 * STRETCH_OCTETS // 78))
    odd = b"y" * 400 + b"\r\n"
    assert fields(tally(body + odd + body)) == (0, 0, 0, False, 400)


def test_stray_line_end_among_lines_of_one_width_is_counted() -> None:
    line = b"x" * 76 + b"\r\n"
    body = line * 200 + b"x" * 30 + b"\n" + b"x" * 45 + b"\r\n" + line * 200
    assert tally(body).bare_lf == 1


def test_false_end_across_a_seam_is_found() -> None:
    assert tally(b"a\n.", b"\r\nb\r\n").ambiguous_end == r"\n.\r\n"


def test_first_false_end_is_kept() -> None:
    assert tally(b"a\r.\r", b"b\n.\n").ambiguous_end == r"\r.\r"


def test_dot_line_at_the_very_start_is_behind_a_line_end() -> None:
    assert tally(b".\nb\r\n").ambiguous_end == r"\r\n.\n"


def test_line_end_hidden_in_a_line_of_the_same_width_is_counted() -> None:
    body = b"z" * 9002 + b"\r\n" + b"z" * 9000 + b"\r\n" + b"\r\n"
    assert fields(tally(body)) == (0, 0, 0, False, 9002)
