"""What must hold of any octets that strangers or people write; a promise raises if it does not.

Whoever makes the octets, `tests.fuzz` by chance or `tests.guided` by what the code did, asks here.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import gettempdir

from gateway.config.faults import ConfigError
from gateway.config.load import parse_config
from gateway.intake.milter import codec
from gateway.intake.milter.codec import Decoder, Event, ProtocolError
from gateway.intake.milter.session import Session
from gateway.intake.milter.settings import MilterSettings
from gateway.model.directory import Directory, LoggingAddress
from gateway.model.policy import Policy
from gateway.understand import arrive, opened
from tests.intake.door import Door
from tests.letters import NOON, content_of, envelope_of, forward_of, journal_report
from tests.mail.test_reading import check

SHIPPED = Path(__file__).parents[1] / "conf" / "replygate.toml"
LOG, JOURNAL = "log@gate.example", "journal@gate.example"
DIRECTORY = Directory(
    domains=frozenset({"corp.example"}),
    logging_addresses=(LoggingAddress(LOG), LoggingAddress(JOURNAL, "journal")),
)
MILTER = MilterSettings("milter", Path(gettempdir()), size_limit=100_000)
PATIENCE_S = 30.0
MOST_S = 2.0
"""Of the processor, for any input: time on the wall is that of a busy machine."""


def read(octets: bytes) -> None:
    """Whatever the octets, a message is read, with ranges that cut out what was there."""
    check(octets)


def unwrap(octets: bytes) -> None:
    """Whatever a copy holds, at least one message is to be judged."""
    for to in (LOG, JOURNAL):
        arrival = arrive(envelope_of(octets, rcpt_to=to), DIRECTORY, Policy(), NOON)
        assert opened(arrival, check(octets))


def unwrap_inside(octets: bytes) -> None:
    """The same of what stands inside of a forward, and of a journal report."""
    for to, octets_made in ((LOG, forward_of(octets)), (JOURNAL, journal_report(octets))):
        arrival = arrive(envelope_of(octets_made, rcpt_to=to), DIRECTORY, Policy(), NOON)
        assert opened(arrival, check(octets_made))


def configure(octets: bytes) -> None:
    """Whatever stands in the file, it is a configuration, or faults with their lines."""
    faults: Sequence[object] = (None,)
    try:
        parse_config(octets.decode("utf-8", "replace"), SHIPPED, {})
    except ConfigError as error:
        faults = error.faults
    assert faults


def milter(octets: bytes) -> None:
    """Whatever an MTA says, it is messages or a broken protocol, however it is cut."""
    whole = _events(octets, len(octets))
    assert _events(octets, 1) == whole
    session = Session(MILTER)
    try:
        for event in whole:
            answer = session.apply(event)
            if isinstance(event, codec.EndOfMessage):
                _taken(session)
            assert isinstance(event, codec.Negotiate) or answer in {b"", codec.CONTINUE}
    except ProtocolError:
        pass
    finally:
        session.drop()


def _events(octets: bytes, step: int) -> list[Event]:
    """Return the events up to the end, or to where the protocol is broken."""
    decoder, found = Decoder(), []
    pieces = [octets[at : at + step] for at in range(0, len(octets), step or 1)]
    try:
        for piece in pieces:
            decoder.receive(piece)
            while (event := decoder.next_event()) is not None:
                found.append(event)
    except ProtocolError:
        pass
    return found


def _taken(session: Session) -> None:
    letter = session.take()
    assert session.idle
    assert (letter.content is None) == bool(letter.trouble)
    if letter.content is not None:
        letter.content.close()
    envelope = letter.envelope(content_of(b""), NOON)
    told = (envelope.mail_from, *(one.addr_spec for one in envelope.recipients))
    "".join(told).encode("utf-8")


async def talk(door: Door, octets: bytes) -> None:
    """Whatever a client says, replies come, and the next client is served."""
    caller = await door.call(hello=False)
    try:
        async with asyncio.timeout(PATIENCE_S):
            caller.send(octets)
            caller.writer.write_eof()
            replies = (await caller.reader.read()).split(b"\r\n")
            assert all(reply[:1] in {b"2", b"3", b"4", b"5"} for reply in replies if reply)
            other = await door.call()
            assert (await other.deliver(b"Subject: x\r\n\r\nx\r\n")).startswith("250")
            other.writer.close()
    except ConnectionError:
        # It may close on whoever talks nonsense, even before all was said.
        pass
    finally:
        caller.writer.close()
        door.callers.clear()
        door.envelopes.clear()
        door.hop.taken.clear()


Promise = Callable[[bytes], None]


def in_time(promise: Promise) -> Promise:
    """Return the promise, and that it takes no longer than anything may."""

    def kept(octets: bytes) -> None:
        began = time.thread_time()
        promise(octets)
        took = time.thread_time() - began
        assert took < MOST_S, f"it took {took:.1f} s"

    return kept


PROMISES: dict[str, Promise] = {
    "reader": in_time(read),
    "unwrap": in_time(unwrap),
    "unwrap inside": in_time(unwrap_inside),
    "configuration": in_time(configure),
    "milter": in_time(milter),
}
