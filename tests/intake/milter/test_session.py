"""No order of commands does harm."""

from __future__ import annotations

from pathlib import Path
from tempfile import gettempdir

from hypothesis import given
from hypothesis import strategies as st

from gateway.intake.milter import codec
from gateway.intake.milter.codec import Actions, Event, ProtocolError, Steps
from gateway.intake.milter.session import WANTED, Session
from gateway.intake.milter.settings import MilterSettings

SETTINGS = MilterSettings("milter", Path(gettempdir()), size_limit=60)
OPENING: tuple[Event, ...] = (
    codec.Negotiate(6, Actions.NONE, WANTED),
    codec.Connect("client.example.com", b"4", "192.0.2.7", 4711),
)
EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.sampled_from(
        [
            *OPENING,
            codec.Negotiate(2, Actions.NONE, Steps.NONE),
            codec.Connect("x", b"L", "/run/smtp"),
            codec.Macros(b"M", {"i": "4Xy"}),
            codec.Macros(b"?", {"i": "no stage"}),
            codec.Helo("helo"),
            codec.Mail(b"<ann@example.com>"),
            codec.Mail(b"@:>\xff"),
            codec.Rcpt(b"<bob@example.org>", (b"NOTIFY=\xff",)),
            codec.Data(),
            codec.EndOfHeader(),
            codec.EndOfMessage(),
            codec.Abort(),
            codec.Quit(),
            codec.QuitNewConnection(),
            codec.UnknownCommand(b"HTTP"),
        ]
    ),
    st.builds(codec.HeaderField, st.binary(min_size=1, max_size=9), st.binary(max_size=9)),
    st.builds(codec.Body, st.binary(max_size=90)),
    st.builds(codec.EndOfMessage, st.binary(max_size=9)),
)


@given(st.lists(EVENTS, max_size=30))
def test_no_order_of_commands_raises_anything_but_a_protocol_error(events: list[Event]) -> None:
    session = Session(SETTINGS)
    for event in (*OPENING, *events):
        try:
            answer = session.apply(event)
            if isinstance(event, codec.EndOfMessage):
                letter = session.take()
                assert (letter.content is None) == bool(letter.trouble)
                assert session.idle
        except ProtocolError:
            break
        assert isinstance(event, codec.Negotiate) or answer in {b"", codec.CONTINUE}
    session.drop()
    assert session.idle


def test_macros_of_an_unknown_stage_are_not_kept() -> None:
    session = Session(SETTINGS)
    for event in (*OPENING, codec.Mail(b"<a@b>"), codec.Macros(b"?", {"i": "4Xy"})):
        session.apply(event)
    session.apply(codec.EndOfMessage())
    assert session.take().queue_id == ""
