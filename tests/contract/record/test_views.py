"""The record read for people, page by page, over each engine."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.model.decision import Outcome, SuggestAlias
from gateway.store.directory import Configured
from gateway.store.people_views import Scope
from gateway.store.registry import Registry
from gateway.store.speech import Speech
from gateway.store.views import Views, Wanted
from tests.store.office import ANN, BOB, NOON, Clock, Office, letter

FIX = f"replygate contact add {ANN}"
MINE = Scope(BOB, (BOB,))
STRANGER = Scope("eve@acme.example", ("eve@acme.example",))


@pytest.fixture
async def ids(office: Office, registry: Registry) -> list[str]:
    """Three letters of Ann to Bob: logged, logged, and not."""
    registry.add_user(BOB, "Bob")
    registry.add_mailbox(BOB, BOB, "google")
    registry.connect(BOB)
    alias = SuggestAlias("ann@home.example", 1)
    made = [
        await office.log(letter(1), user=BOB, mailboxes=(BOB,)),
        await office.log(letter(2, cites=[1]), alias, user=BOB, mailboxes=(BOB,)),
    ]
    office.clock.pass_by(hours=1)
    made.append(await office.record(letter(3), command=FIX, mailboxes=(BOB,)))
    await office.record(letter("ride"), keep="ids", mailboxes=())
    return made


@pytest.fixture
def views(path: Path, clock: Clock, ids: list[str]) -> Iterator[Views]:
    """The record of them."""
    with Views(path, clock=clock) as made:
        yield made


WANTED: list[tuple[dict[str, Any], tuple[int, ...]]] = [
    ({"outcome": "logged"}, (2, 1)),
    ({"reason": "replier-not-contact", "command": FIX}, (3,)),
    ({"user": BOB, "shown": True}, (2, 1)),
    ({"mailbox": BOB}, (3, 2, 1)),
    ({"address": ANN, "outcome": "logged"}, (2, 1)),
    ({"address": "no address"}, ()),
    ({"domain": "CLIENT.example", "mailbox": BOB}, (3, 2, 1)),
    ({"domain": "cli%.example"}, ()),
    ({"contact": 1}, (2, 1)),
    ({"contact": 99}, ()),
    ({"since": NOON + timedelta(minutes=30), "mailbox": BOB}, (3,)),
    ({"until": NOON + timedelta(minutes=30)}, (2, 1)),
    ({"route": "outbound"}, ()),
]


@pytest.mark.parametrize(("asked", "numbers"), WANTED, ids=lambda one: str(one)[:40])
def test_a_page_holds_what_is_asked_newest_first(
    views: Views, ids: list[str], asked: dict[str, Any], numbers: tuple[int, ...]
) -> None:
    lines, after = views.page(Wanted(**asked), None)
    assert [line.entry_id for line in lines] == [ids[number - 1] for number in numbers]
    assert not after


def test_pages_follow_one_another(views: Views) -> None:
    seen, after = [], ""
    for _ in range(4):
        lines, after = views.page(Wanted(), None, after, count=1)
        seen += [line.entry_id for line in lines]
    assert len(set(seen)) == 4
    assert seen == sorted(seen, reverse=True)


def test_a_member_sees_his_own_and_no_others(views: Views, ids: list[str]) -> None:
    assert [views.sees(one, MINE) for one in ids] == [True] * 3
    assert [views.sees(one, STRANGER) for one in ids] == [False] * 3
    wanted = Wanted(address=ANN, domain="client.example")
    assert len(views.page(wanted, MINE)[0]) == 3
    assert views.page(wanted, STRANGER)[0] == []


@pytest.mark.parametrize(
    ("by", "label"),
    [("day", "2026-11-23"), ("reason", "tracked-reply"), ("user", BOB), ("route", "inbound")],
)
def test_messages_are_counted(views: Views, by: str, label: str) -> None:
    tallies = views.tallies(Wanted(outcome="logged"), MINE, by)
    assert [(one.label, one.outcome, one.messages) for one in tallies] == [
        (label, Outcome.LOGGED, 2)
    ]


@pytest.mark.parametrize("scope", [None, MINE])
def test_the_fix_that_cures_most_is_told(views: Views, ids: list[str], scope: Scope | None) -> None:
    (fix,) = views.fixes(scope, NOON)
    assert (fix.command, fix.messages, fix.newest) == (FIX, 1, ids[2])
    assert fix.remedy == f"{ANN} is not a contact."
    assert views.same_cause(FIX) == [ids[2]]
    assert views.command(ids[2]) == FIX


def test_what_is_new_is_told_oldest_first(views: Views, ids: list[str]) -> None:
    newer = views.since_entry(int(ids[0], 16), 2)
    assert [line.entry_id for line in newer] == ids[1:]
    assert views.newest() > int(ids[2], 16)
    assert views.routes() == ["inbound"]


def test_what_is_kept_is_listed_newest_first(views: Views, ids: list[str]) -> None:
    first, *others = views.kept_ids(None, 10)
    assert (first, set(others)) == (ids[2], set(ids[:2]))
    assert views.kept_ids(NOON + timedelta(minutes=30), 10) == [ids[2]]


def test_lines_come_with_their_words(views: Views, ids: list[str]) -> None:
    told = views.told([int(one, 16) for one in ids], Wanted(), None)
    assert told[int(ids[0], 16)][1].strip() == "Hello."
    assert [entry.entry_id for entry in views.entries([told[int(ids[1], 16)][0]])] == [ids[1]]


@pytest.mark.parametrize("asked", ["", "ANN", "client.ex", "Ann"])
def test_people_are_found_by_name_and_address(views: Views, asked: str) -> None:
    for scope in (None, MINE):
        (ann,) = views.people(asked, scope)
        assert (ann.address, ann.logged) == (ANN, 2)
    assert views.people(asked, STRANGER) == []
    assert views.people("100%", None) == []
    assert views.people("", None, after=1) == []


def test_a_contact_is_known_to_who_wrote_with_him(views: Views) -> None:
    assert views.contact_of(ANN) == 1
    assert views.knows(1, MINE)
    assert not views.knows(1, STRANGER)
    assert not views.owns("eve@acme.example", 1)
    contact = views.contact(1)
    assert contact is not None
    assert contact.primary == ANN


def test_the_company_is_read(views: Views) -> None:
    assert [user.key for user in views.users()] == [BOB]
    assert [box.address for box in views.mailboxes()] == [BOB]
    assert [one.address for one in views.suggestions()] == ["ann@home.example"]
    assert views.directory(Configured()).users == views.users()


def test_octets_are_read(views: Views, ids: list[str]) -> None:
    kept = views.kept(ids[0])
    assert kept is not None
    assert bytes(kept.envelope.content.octets) == letter(1)


def test_what_the_index_is_made_of_is_read(path: Path, clock: Clock, ids: list[str]) -> None:
    with Speech(path, clock=clock) as speech:
        spoken = list(speech.after(0, 10))
        assert [one.entry for one in spoken][:3] == [int(one, 16) for one in ids]
        before = list(speech.before(int(ids[2], 16), 1))
        assert [one.entry for one in before] == [int(ids[1], 16)]
        assert len(list(speech.these([int(ids[0], 16)]))) == 1
        assert speech.held(0, int(ids[2], 16), 10)
        assert speech.first_since(NOON + timedelta(minutes=30)) <= int(ids[2], 16)
