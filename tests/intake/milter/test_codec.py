from __future__ import annotations

import itertools
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.intake.milter import codec
from gateway.intake.milter.codec import (
    FRAME_LIMIT,
    Actions,
    Connect,
    Decoder,
    Event,
    ProtocolError,
    Steps,
)
from tests.intake.milter.mta import connect, frame, macros, offer, strings


def events(octets: bytes) -> list[Event]:
    decoder = Decoder()
    decoder.receive(octets)
    found = []
    while (event := decoder.next_event()) is not None:
        found.append(event)
    return found


@pytest.mark.parametrize(
    ("octets", "event"),
    [
        (offer(6, 8, 0x80), codec.Negotiate(6, Actions.DELETE_RECIPIENT, Steps.NO_REPLY_HEADER)),
        (
            macros(b"M", i="4Xy", auth_authen="ann"),
            codec.Macros(b"M", {"i": "4Xy", "auth_authen": "ann"}),
        ),
        (frame(b"D", b"C"), codec.Macros(b"C", {})),
        (connect(b"a.example", b"192.0.2.7"), Connect("a.example", b"4", "192.0.2.7", 4711)),
        (
            connect(b"a.example", b"IPv6:2001:db8::1"),
            Connect("a.example", b"6", "2001:db8::1", 4711),
        ),
        (connect(b"a.example", b"2001:db8::1"), Connect("a.example", b"6", "2001:db8::1", 4711)),
        (frame(b"C", b"a.example\0U"), Connect("a.example", b"U")),
        (frame(b"C", b"a\0L\0\0/run/x\0"), Connect("a", b"L", "/run/x")),
        (frame(b"H", b"helo.example\0"), codec.Helo("helo.example")),
        (
            frame(b"M", strings(b"<a@b>", b"ENVID=Ab+3D")),
            codec.Mail(b"<a@b>", (b"ENVID=Ab+3D",)),
        ),
        (frame(b"R", strings(b"<a@b>", b"NOTIFY=NEVER")), codec.Rcpt(b"<a@b>", (b"NOTIFY=NEVER",))),
        (frame(b"T"), codec.Data()),
        (frame(b"L", strings(b"Subject", b" a\n b")), codec.HeaderField(b"Subject", b" a\n b")),
        (frame(b"L", strings(b"X", b"")), codec.HeaderField(b"X", b"")),
        (frame(b"N"), codec.EndOfHeader()),
        (frame(b"B", b"a\0b\r\n"), codec.Body(b"a\0b\r\n")),
        (frame(b"E"), codec.EndOfMessage(b"")),
        (frame(b"E", b"end\r\n"), codec.EndOfMessage(b"end\r\n")),
        (frame(b"A"), codec.Abort()),
        (frame(b"K"), codec.QuitNewConnection()),
        (frame(b"Q"), codec.Quit()),
        (frame(b"U", b"HTTP/1.1\0"), codec.UnknownCommand(b"HTTP/1.1")),
    ],
)
def test_each_command_is_read(octets: bytes, event: Event) -> None:
    assert events(octets) == [event]


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        (struct.pack("!I", 0), "a frame of 0 octets"),
        (struct.pack("!I", FRAME_LIMIT + 1), f"a frame of {FRAME_LIMIT + 1} octets"),
        (b"HTTP/1.1 GET", "a frame of 1213486160 octets"),
        (struct.pack("!I", 1000) + b"z", "unknown command b'z'"),
        (frame(b"O", b"\0\0\0\6"), "a negotiation of 4 octets"),
        (offer(version=1), "protocol version 1"),
        (frame(b"D"), "macros of no stage"),
        (frame(b"D", b"Mi"), "a macro does not end with NUL"),
        (frame(b"D", b"Mi\0"), "a macro without a value"),
        (frame(b"C", b"name"), "no known address family"),
        (frame(b"C", b"name\0"), "no known address family"),
        (frame(b"C", b"name\0X"), "no known address family"),
        (frame(b"C", b"name\x004\0"), "a client without an address"),
        (frame(b"C", b"name\x004\0\0"), "a client without an address"),
        (frame(b"C", b"name\x004\0\x00192.0.2.7"), "a client without an address"),
        (frame(b"C", b"name\x004\0\x00192.0\0.2.7\0"), "a client without an address"),
        (frame(b"H", b"helo"), "HELO does not end with NUL"),
        (frame(b"M"), "MAIL does not end with NUL"),
        (frame(b"R", b"<a@b>"), "RCPT does not end with NUL"),
        (frame(b"L", b"Subject\0"), "a header field without name or end"),
        (frame(b"L", b"\0value\0"), "a header field without name or end"),
        (frame(b"L", b"Subject\0value"), "a header field without name or end"),
        (frame(b"L", b"Subject"), "a header field without name or end"),
        (frame(b"N", b"?"), "EndOfHeader with 1 octets too many"),
        (frame(b"Q", b"??"), "Quit with 2 octets too many"),
        (frame(b"U", b"what"), "an SMTP command does not end with NUL"),
    ],
)
def test_a_broken_frame_is_a_protocol_error(octets: bytes, words: str) -> None:
    with pytest.raises(ProtocolError, match=words.replace("(", r"\(")):
        events(octets)


def test_an_error_stays_an_error() -> None:
    decoder = Decoder()
    decoder.receive(frame(b"z") + frame(b"Q"))
    for _ in range(2):
        with pytest.raises(ProtocolError, match="unknown command"):
            decoder.next_event()


@pytest.mark.parametrize("cut", range(1, len(connect())))
def test_an_end_in_the_middle_of_a_frame_is_a_protocol_error(cut: int) -> None:
    decoder = Decoder()
    decoder.receive(connect()[:cut])
    assert decoder.next_event() is None
    decoder.receive(b"")
    with pytest.raises(ProtocolError, match="in the middle of a frame"):
        decoder.next_event()


def test_an_end_between_frames_is_no_error() -> None:
    decoder = Decoder()
    decoder.receive(frame(b"A"))
    decoder.receive(b"")
    assert decoder.next_event() == codec.Abort()
    assert decoder.next_event() is None


def test_the_largest_frame_of_sendmail_is_read() -> None:
    body = b"x" * 1_048_576
    assert events(frame(b"B", body)) == [codec.Body(body)]


def test_octets_that_are_no_utf_8_become_escapes() -> None:
    assert events(frame(b"H", b"caf\xe9\0")) == [codec.Helo("caf\\xe9")]


DIALOGUE = b"".join(
    (
        offer(),
        macros(b"C", j="mx.example.com"),
        connect(),
        frame(b"H", b"client\0"),
        macros(b"M", i="4Xy"),
        frame(b"M", strings(b"<a@b>", b"SIZE=3")),
        frame(b"R", strings(b"<c@d>")),
        frame(b"T"),
        frame(b"L", strings(b"Subject", b" x\n y")),
        frame(b"N"),
        frame(b"B", b"body\r\n" * 9),
        frame(b"E"),
        frame(b"Q"),
    )
)


@given(st.lists(st.integers(1, len(DIALOGUE) - 1), max_size=30))
def test_where_the_octets_are_cut_makes_no_difference(cuts: list[int]) -> None:
    decoder = Decoder()
    found = []
    places = sorted({0, len(DIALOGUE), *cuts})
    for start, stop in itertools.pairwise(places):
        decoder.receive(DIALOGUE[start:stop])
        while (event := decoder.next_event()) is not None:
            found.append(event)
    assert found == events(DIALOGUE)


def drain(pieces: list[bytes]) -> None:
    decoder = Decoder()
    for piece in pieces:
        decoder.receive(piece)
        try:
            while decoder.next_event() is not None:
                pass
        except ProtocolError:
            return


@given(st.lists(st.binary(max_size=80), max_size=6))
def test_no_octets_raise_anything_but_a_protocol_error(pieces: list[bytes]) -> None:
    drain(pieces)


@given(
    st.lists(
        st.builds(
            frame,
            st.sampled_from([bytes((c,)) for c in b"ODCHMRTLNBEAKQU"]),
            st.one_of(
                st.binary(max_size=40),
                st.lists(st.binary(max_size=8), max_size=4).map(lambda w: strings(*w)),
                st.binary(max_size=20).map(lambda o: b"name\x004\0\1" + o),
            ),
        ),
        max_size=6,
    )
)
def test_no_arguments_raise_anything_but_a_protocol_error(frames: list[bytes]) -> None:
    drain(frames)


def test_our_answers_have_the_octets_of_libmilter() -> None:
    assert codec.CONTINUE == b"\0\0\0\1c"
    assert codec.ACCEPT == b"\0\0\0\1a"
    assert codec.DISCARD == b"\0\0\0\1d"
    assert codec.PROGRESS == b"\0\0\0\1p"
    assert codec.delete_recipient(b"<log@example.com>") == b"\0\0\0\x13-<log@example.com>\0"
    assert (
        codec.negotiated(6, Actions.NONE, Steps.LEADING_SPACE)
        == b"\0\0\0\rO\0\0\0\6\0\0\0\0\0\x10\0\0"
    )
