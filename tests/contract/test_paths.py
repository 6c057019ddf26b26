"""One conversation by four paths, in any order and at the same time: always the same timeline.

In path, as BCC copies, in journal reports and as forwards (stage C of the rules). A thousand runs,
with several deliveries at once: REPLYGATE_RUNS=1000.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.model.decision import Outcome, Reason
from gateway.model.directory import LoggingAddress
from gateway.model.entry import Entry
from gateway.model.envelope import Client, Direction, Envelope, Relayed, RelayState
from gateway.model.trust import Trust
from gateway.pipeline import Pipeline, Settings
from gateway.replay import Replayer
from gateway.rules.presets import preset
from gateway.store.entries import Entries
from gateway.store.registry import Registry
from gateway.store.spool import FolderSpool
from gateway.store.sqlite import SqliteStore
from gateway.trust.keys import Keys
from gateway.trust.verifier import Verifier
from tests.letters import NOON, envelope_of, forward_of, journal_report, letter

RUNS = int(os.environ.get("REPLYGATE_RUNS", "25"))
ANNA, CAROL = "anna@corp.example", "carol@customer.example"
LOG, JOURNAL, MTA = "log@gate.example", "journal@gate.example", "192.0.2.10"
CONSUMED, RELAYED = Relayed(RelayState.CONSUMED), Relayed(RelayState.RELAYED)


def offer() -> bytes:
    """Return a letter with a file."""
    boundary = 'multipart/mixed; boundary="=_offer"'
    text = (
        "--=_offer\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nOur offer.\r\n--=_offer\r\n"
        'Content-Type: application/pdf\r\nContent-Disposition: attachment; filename="offer.pdf"'
        "\r\n\r\n%PDF-1.4 all of it\r\n--=_offer--"
    )
    plain = letter(author=ANNA, to=CAROL, message_id="offer@corp.example", text=text)
    return plain.replace(b"text/plain; charset=utf-8", boundary.encode(), 1)


def answer() -> bytes:
    return letter(
        message_id="answer@customer.example",
        text="Looks good.",
        In_Reply_To="<offer@corp.example>",
        References="<offer@corp.example>",
    )


def thanks() -> bytes:
    return letter(
        author=ANNA,
        to=CAROL,
        message_id="thanks@corp.example",
        text="Thank you.",
        In_Reply_To="<answer@customer.example>",
        References="<offer@corp.example> <answer@customer.example>",
    )


@dataclass(frozen=True)
class Arrival:
    """One message by one path."""

    name: str
    envelope: Envelope
    relayed: Relayed


def in_path(octets: bytes, *, outgoing: bool) -> Arrival:
    direction = Direction.OUTGOING if outgoing else Direction.INCOMING
    route, to = ("submission", CAROL) if outgoing else ("inbound", ANNA)
    envelope = envelope_of(octets, direction=direction, rcpt_to=to, route=route)
    if outgoing:
        envelope = replace(envelope, client=Client(login=ANNA))
    return Arrival(route, envelope, RELAYED)


def copy(octets: bytes, to: str, route: str) -> Arrival:
    envelope = envelope_of(octets, mail_from=ANNA, rcpt_to=to, route=route, trusted=False)
    return Arrival(route, replace(envelope, client=Client(address=MTA)), CONSUMED)


def by_all_paths() -> list[Arrival]:
    """Return the conversation of three messages, each by every path that it can come by."""
    arrivals = []
    for octets, outgoing in ((offer(), True), (answer(), False), (thanks(), True)):
        to = CAROL if outgoing else ANNA
        arrivals += [
            in_path(octets, outgoing=outgoing),
            copy(journal_report(octets, f"To: {to}\n"), JOURNAL, "journal"),
            copy(forward_of(octets, author=ANNA, to=LOG), LOG, "forward"),
        ]
        if outgoing:
            arrivals.append(copy(octets, LOG, "bcc"))
    return arrivals


async def play(folder: Path, turns: Sequence[Sequence[Arrival]]) -> list[Entry]:
    """Play turns of arrivals, those of one turn at the same time; return the entries."""
    path = folder / "replygate.db"
    store = SqliteStore.open(
        path,
        domains=frozenset({"corp.example"}),
        logging_addresses=[LoggingAddress(LOG), LoggingAddress(JOURNAL, "journal")],
        clock=lambda: NOON + timedelta(minutes=10),
    )
    try:
        with Registry(path, clock=lambda: NOON) as company:
            company.add_user(ANNA)
            company.add_mailbox(ANNA, ANNA, "google", at=NOON - timedelta(days=9))
            company.connect(ANNA, at=NOON - timedelta(days=9))
        verifier = Verifier(Trust(networks=(f"{MTA}/32",)), Keys(None))
        policy = preset("gateway")
        flow = Pipeline(store, FolderSpool(folder / "spool"), verifier, Settings(policy))
        replayer = Replayer(store, verifier, policy)
        moment = NOON
        for turn in turns:
            moment += timedelta(seconds=1)
            await asyncio.gather(*(take(flow, arrival, moment) for arrival in turn))
            await replayer.settle_waiting(NOON + timedelta(minutes=10))
        with Entries(path, clock=lambda: NOON) as entries:
            return sorted(entries.search(), key=lambda entry: entry.message_id)
    finally:
        store.close()


async def take(flow: Pipeline, arrival: Arrival, moment: datetime) -> None:
    await flow.take_in(replace(arrival.envelope, received_at=moment), arrival.relayed)


def told(entry: Entry) -> dict[str, object]:
    """Return what an entry is whatever path was first, and of direction and reason if they fit.

    The union decides all but these two, and what follows from them. An entry
    has the direction of its first sighting, and what is inside a forward is incoming: a user's own
    message is incoming where his forward of it came before anything else. The direction picks the
    table of stage F, and each has its own word for what logged it. Route, time, octets and the
    decisions before the last one are of the arrivals themselves.
    """
    first = min(entry.sightings, key=lambda seen: seen.received_at)
    by_direction = {
        Direction.OUTGOING: Reason.BCC_COPY,
        Direction.INCOMING: Reason.LOGGED_BY_FORWARD,
    }
    return {
        "message_id": entry.message_id,
        "author": (entry.author, entry.author_name),
        "subject": entry.subject,
        "outcome": entry.outcome,
        "thread": entry.tracked,
        "contacts": sorted(entry.contacts),
        "parties": sorted({one for seen in entry.sightings for one in seen.recipients} - {LOG}),
        "mailboxes": entry.mailboxes,
        "user": entry.user,
        "files": [(note.attachment.name, note.reason) for note in entry.attachments],
        "notes": [note.reason for note in entry.notes],
        "text": entry.text.strip(),
        "paths": sorted(seen.route for seen in entry.sightings),
        "direction fits": entry.direction is first.direction,
        "reason fits": entry.reason is by_direction[entry.direction],
    }


def row(message_id: str, text: str, *, outgoing: bool, files: bool = False) -> dict[str, object]:
    """Return what must be told of a message."""
    return {
        "message_id": message_id,
        "author": (ANNA, "") if outgoing else (CAROL, "Carol Cruz"),
        "subject": "Our offer",
        "outcome": Outcome.LOGGED,
        "thread": True,
        "contacts": [CAROL],
        "parties": [CAROL] if outgoing else [ANNA],
        "mailboxes": (ANNA,),
        "user": ANNA,
        "files": [("offer.pdf", None)] if files else [],
        "notes": [],
        "text": text,
        "paths": ["bcc", "forward", "journal", "submission"]
        if outgoing
        else ["forward", "inbound", "journal"],
        "direction fits": True,
        "reason fits": True,
    }


TIMELINE = [
    row("answer@customer.example", "Looks good.", outgoing=False),
    row("offer@corp.example", "Our offer.", outgoing=True, files=True),
    row("thanks@corp.example", "Thank you.", outgoing=True),
]


@st.composite
def turns_of(draw: st.DrawFn) -> list[list[Arrival]]:
    """Return all arrivals in a random order, cut into turns of random size."""
    shuffled = draw(st.permutations(by_all_paths()))
    turns: list[list[Arrival]] = []
    while shuffled:
        size = draw(st.integers(1, 4))
        turns.append(list(shuffled[:size]))
        shuffled = shuffled[size:]
    return turns


@pytest.mark.timeout(3600)
@settings(
    max_examples=RUNS,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(turns=turns_of())
def test_any_order_of_paths_gives_the_same_timeline(turns: list[list[Arrival]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert_is_the_timeline(asyncio.run(play(Path(folder), turns)))


def test_all_at_once_gives_the_same_timeline(tmp_path: Path) -> None:
    assert_is_the_timeline(asyncio.run(play(tmp_path, [by_all_paths()])))


def test_a_report_then_mail_in_path_then_a_forward_is_logged_by_the_forward(tmp_path: Path) -> None:
    by_path = {one.name: one for one in by_all_paths()[4:7]}
    turns = [[by_path[name]] for name in ("journal", "inbound", "forward")]
    (entry,) = asyncio.run(play(tmp_path, turns))
    assert (entry.outcome, entry.reason) == (Outcome.LOGGED, Reason.LOGGED_BY_FORWARD)


def assert_is_the_timeline(entries: Sequence[Entry]) -> None:
    assert list(map(told, entries)) == TIMELINE
    assert len({entry.thread_id for entry in entries}) == 1


@pytest.mark.parametrize("path", ["bcc", "journal", "forward"])
def test_a_path_alone_gives_the_same_words(tmp_path: Path, path: str) -> None:
    turns = [[arrival] for arrival in by_all_paths() if arrival.name == path]
    played = asyncio.run(play(tmp_path, turns))
    words = {str(want["message_id"]): want["text"] for want in TIMELINE}
    assert played
    assert {entry.message_id for entry in played} <= words.keys()
    shown = [entry for entry in played if entry.outcome.on_timeline]
    assert all(entry.text.strip() == words[entry.message_id] for entry in shown)
