"""One conversation by four paths, in any order and at the same time: always the same timeline.

In path, as BCC copies, in journal reports and as forwards: rules.md, stage C. A thousand runs, with
several deliveries at once: REPLYGATE_RUNS=1000.
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
    return letter(author=ANNA, to=CAROL, message_id="offer@corp.example", text="Our offer.")


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


async def play(folder: Path, turns: Sequence[Sequence[Arrival]]) -> list[tuple[object, ...]]:
    """Play turns of arrivals, those of one turn at the same time; return the timeline."""
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
            return sorted(map(told, entries.search()), key=str)
    finally:
        store.close()


async def take(flow: Pipeline, arrival: Arrival, moment: datetime) -> None:
    await flow.take_in(replace(arrival.envelope, received_at=moment), arrival.relayed)


def told(entry: Entry) -> tuple[object, ...]:
    """Return what a person sees of an entry on the timeline, whatever path was first."""
    return (
        entry.message_id,
        entry.author,
        entry.outcome.on_timeline,
        tuple(sorted(entry.contacts)),
        entry.user,
        entry.tracked,
        entry.text.strip(),
        len(entry.sightings),
    )


TIMELINE = [
    ("answer@customer.example", CAROL, True, (CAROL,), ANNA, True, "Looks good.", 3),
    ("offer@corp.example", ANNA, True, (CAROL,), ANNA, True, "Our offer.", 4),
    ("thanks@corp.example", ANNA, True, (CAROL,), ANNA, True, "Thank you.", 4),
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
        assert asyncio.run(play(Path(folder), turns)) == TIMELINE


def test_all_at_once_gives_the_same_timeline(tmp_path: Path) -> None:
    assert asyncio.run(play(tmp_path, [by_all_paths()])) == TIMELINE


@pytest.mark.parametrize("path", ["bcc", "journal", "forward"])
def test_a_path_alone_gives_the_same_words(tmp_path: Path, path: str) -> None:
    turns = [[arrival] for arrival in by_all_paths() if arrival.name == path]
    played = asyncio.run(play(tmp_path, turns))
    assert {row[0] for row in played} <= {row[0] for row in TIMELINE}
    assert all(row[6] in {want[6] for want in TIMELINE} for row in played if row[2])
