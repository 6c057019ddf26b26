from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from gateway.model.decision import Keep, Outcome, Reason
from gateway.model.envelope import Direction, RelayState
from gateway.store.entries import Entries, Filters
from tests.store.office import ANN, BOB, DAN, NOON, PASSED, TRACE, Office, decision, letter


@pytest.fixture
async def entries(office: Office, path: Path) -> Entries:
    """Three letters an hour apart: stopped, logged, held without content."""
    await office.record(letter(1))
    office.clock.pass_by(hours=1)
    await office.log(letter(2, cites=[1], author="Ann Arbor <ann@client.example>"))
    office.clock.pass_by(hours=1)
    told = {"outcome": Outcome.HELD, "reason": Reason.UNPARSEABLE, "keep": Keep.IDS}
    await office.record(letter(3, author=DAN), **told)
    await office.store.dismiss("")
    return Entries(path, clock=office.clock)


def ids(entries: Entries, **filters: object) -> list[str]:
    found = entries.search(Filters(**filters))  # type: ignore[arg-type]
    return [entry.message_id.partition("@")[0] for entry in found]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, ["3", "2", "1"]),
        ({"outcome": Outcome.LOGGED}, ["2"]),
        ({"reason": Reason.UNPARSEABLE}, ["3"]),
        ({"address": "Ann@client.example"}, ["2", "1"]),
        ({"address": "nobody@client.example"}, []),
        ({"since": NOON + timedelta(hours=1)}, ["3", "2"]),
        ({"until": NOON + timedelta(hours=1)}, ["1"]),
        ({"kept": True}, ["2", "1"]),
        ({"kept": False}, ["3"]),
        ({"limit": 1}, ["3"]),
        ({"outcome": Outcome.NOT_LOGGED, "address": BOB}, ["1"]),
        ({"thread": 1}, ["2", "1"]),
        ({"thread": 77}, []),
    ],
)
def test_a_search_gives_what_passes_all_filters(
    entries: Entries, filters: dict[str, object], expected: list[str]
) -> None:
    with entries:
        assert ids(entries, **filters) == expected


def test_without_filters_all_is_found(entries: Entries) -> None:
    with entries:
        assert len(list(entries.search())) == 3
        assert entries.kept_count() == 2
        assert entries.kept_count(Filters(outcome=Outcome.NOT_LOGGED)) == 1


@pytest.mark.parametrize("asked", ["2@client.example", " <2@client.example> "])
def test_an_entry_is_found_by_message_id(entries: Entries, asked: str) -> None:
    with entries:
        found = entries.find(asked)
        assert found is not None
        assert entries.find(found.entry_id) == found


@pytest.mark.parametrize("asked", ["nobody@client.example", "", "00000000000000ff", "f" * 16])
def test_what_is_not_there_is_not_found(entries: Entries, asked: str) -> None:
    with entries:
        assert entries.find(asked) is None


def test_an_entry_tells_all(entries: Entries) -> None:
    with entries:
        found = entries.find("2@client.example")
    assert found is not None
    assert (found.author, found.author_name, found.subject) == (ANN, "Ann Arbor", "Re: offer")
    assert (found.direction, found.route) == (Direction.INCOMING, "inbound")
    assert (found.outcome, found.reason, found.tracked) == (
        Outcome.LOGGED,
        Reason.TRACKED_REPLY,
        True,
    )
    assert (found.contacts, found.kept) == ((ANN,), True)
    assert found.trace == TRACE
    assert found.text.strip() == "Hello."
    (seen,) = found.sightings
    assert seen.recipients == {BOB}
    (past,) = found.decisions
    assert (past.decided_at, past.preset, past.by) == (
        NOON + timedelta(hours=1),
        "hubspot-2020",
        "gateway",
    )


def test_a_timeline_has_what_is_logged_newest_first(entries: Entries) -> None:
    with entries:
        assert [e.message_id for e in entries.timeline(ANN)] == ["2@client.example"]
        assert [e.message_id for e in entries.timeline(1)] == ["2@client.example"]
        assert list(entries.timeline("nobody@client.example")) == []


async def test_a_timeline_goes_along_with_a_merge(entries: Entries, office: Office) -> None:
    with office.registry() as registry:
        registry.add_contact(DAN)
        registry.merge(DAN, ANN)
    with entries:
        assert [e.message_id for e in entries.timeline(DAN)] == ["2@client.example"]
        assert [e.contacts for e in entries.timeline(ANN)] == [(DAN,)]


async def test_how_the_relay_ended_is_read(office: Office, path: Path) -> None:
    entry = await office.record(letter(1))
    await office.record(letter(2), relayed=None)
    with Entries(path) as entries:
        found, other = entries.find(entry), entries.find("2@client.example")
    assert found is not None
    assert other is not None
    assert found.relayed == PASSED
    assert other.relayed.state is RelayState.RELAYING


async def test_a_duplicate_is_no_past_decision(office: Office, path: Path) -> None:
    entry = await office.record(letter(1))
    await office.record(letter(1), outcome=Outcome.DUPLICATE, joins=entry, remedy="Handled.")
    with Entries(path) as entries:
        found = entries.find(entry)
    assert found is not None
    assert len(found.sightings) == 2
    assert [past.remedy for past in found.decisions] == [decision().remedy]
