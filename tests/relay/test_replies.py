"""Replies of a next hop, read from octets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.envelope import Reply
from gateway.relay.replies import LINE_OCTETS, TEXT_OCTETS, ReplyReader, ReplySyntaxError


def test_reply_of_one_line_is_read() -> None:
    assert ReplyReader().feed(b"250 2.0.0 Ok\r\n") == [Reply(250, ("2.0.0 Ok",))]


def test_reply_of_several_lines_is_one() -> None:
    assert ReplyReader().feed(b"250-a\r\n250 b\r\n") == [Reply(250, ("a", "b"))]


def test_several_replies_in_one_packet_stay_several() -> None:
    assert [r.code for r in ReplyReader().feed(b"250 a\r\n550 b\r\n354 c\r\n")] == [250, 550, 354]


@given(st.integers(min_value=0, max_value=19))
def test_reply_may_be_split_anywhere(cut: int) -> None:
    octets, reader = b"250-first\r\n250 last\r\n", ReplyReader()
    assert [*reader.feed(octets[:cut]), *reader.feed(octets[cut:])] == [
        Reply(250, ("first", "last"))
    ]


def test_code_without_text_is_a_reply() -> None:
    assert ReplyReader().feed(b"250\r\n") == [Reply(250, ("",))]


def test_odd_octets_are_made_harmless() -> None:
    assert ReplyReader().feed(b"550 caf\xc3\xa9\r \0x\r\n") == [Reply(550, ("caf??? ?x",))]


def test_long_text_is_cut() -> None:
    (reply,) = ReplyReader().feed(b"550 " + b"x" * 1000 + b"\r\n")
    assert len(reply.text[0]) == TEXT_OCTETS


@pytest.mark.parametrize(
    "octets",
    [
        b"250-a\r\n550 b\r\n",
        b"hello\r\n",
        b"150 a\r\n",
        b"25 a\r\n",
        b"\r\n",
        b"x" * (LINE_OCTETS + 1),
        b"250-a\r\n" * 200,
    ],
)
def test_nonsense_is_an_error(octets: bytes) -> None:
    with pytest.raises(ReplySyntaxError):
        ReplyReader().feed(octets)


@given(st.binary(max_size=300))
def test_any_octets_give_replies_or_a_syntax_error(octets: bytes) -> None:
    try:
        replies = ReplyReader().feed(octets)
    except ReplySyntaxError:
        return
    assert all(line.isascii() and line.isprintable() for r in replies for line in r.text)
