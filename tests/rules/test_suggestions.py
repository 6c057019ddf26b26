"""Suggestions for mail that cites nothing: each hint with what it misses by one fact."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from msgspec import structs

from gateway.mail.hints import Hints
from gateway.model.message import Heading
from gateway.model.suggestion import Candidate, Hint, Suggestion
from gateway.rules.suggestions import WITHIN, suggest

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
CAROL, DAVE = "carol@customer.example", "dave@dorn.example"
PLAN = "would you come to the fair in osaka?"
OTHERS = frozenset({"a second line of the offer", "a third line of the offer"})
OFFER = Candidate(
    "e1",
    "offer@corp.example",
    "The fair in Osaka",
    frozenset({CAROL}),
    NOON - timedelta(days=1),
    OTHERS | {PLAN},
)
REPLY = Heading((), 0, subject="Re: The fair in Osaka", base_subject="The fair in Osaka")
OTHER = structs.replace(REPLY, subject="Re: Lunch", base_subject="Lunch")


def asked(
    heading: Heading = REPLY,
    hints: Hints | None = None,
    people: str = CAROL,
    candidates: tuple[Candidate, ...] = (OFFER,),
) -> Suggestion | None:
    return suggest(
        heading,
        hints or Hints(),
        people=frozenset({people}),
        received_at=NOON,
        candidates=candidates,
    )


@pytest.mark.parametrize(
    ("heading", "hints", "hint"),
    [
        (OTHER, Hints(ids=("offer@corp.example",)), Hint.QUOTED_ID),
        (REPLY, Hints(lines=frozenset({PLAN})), Hint.QUOTED_LINES),
        (REPLY, Hints(), Hint.SUBJECT),
        (OTHER, Hints(lines=OTHERS | {PLAN}), Hint.LINES_ALONE),
    ],
)
def test_each_hint_suggests(heading: Heading, hints: Hints, hint: Hint) -> None:
    found = asked(heading, hints)
    assert found is not None
    assert (found.entry_id, found.hint) == ("e1", hint)


@pytest.mark.parametrize(
    ("heading", "hints", "people"),
    [
        (OTHER, Hints(ids=("other@corp.example",)), CAROL),
        (OTHER, Hints(lines=OTHERS), CAROL),
        (REPLY, Hints(), DAVE),
        (structs.replace(REPLY, subject="The fair in Osaka"), Hints(), CAROL),
        (structs.replace(REPLY, base_subject="The fair in Kobe"), Hints(), CAROL),
    ],
)
def test_each_misses_by_one_fact(heading: Heading, hints: Hints, people: str) -> None:
    assert asked(heading, hints, people) is None


@pytest.mark.parametrize("words", ["Invoice", "見積書", "abc"])
def test_a_subject_that_says_nothing_suggests_nothing(words: str) -> None:
    heading = structs.replace(REPLY, subject=f"Re: {words}", base_subject=words)
    assert asked(heading, candidates=(replace(OFFER, base_subject=words),)) is None


@pytest.mark.parametrize("late", [WITHIN + timedelta(seconds=1), timedelta(seconds=-1)])
def test_what_is_too_old_or_came_later_is_not_suggested(late: timedelta) -> None:
    assert asked(candidates=(replace(OFFER, received_at=NOON - late),)) is None


def test_the_strongest_hint_wins_over_the_newest() -> None:
    newer = replace(OFFER, entry_id="e2", received_at=NOON - timedelta(hours=1), lines=frozenset())
    found = asked(hints=Hints(lines=frozenset({PLAN})), candidates=(OFFER, newer))
    assert found is not None
    assert found.entry_id == "e1"


def test_of_equal_hints_the_newest_wins() -> None:
    newer = replace(OFFER, entry_id="e2", received_at=NOON - timedelta(hours=1))
    found = asked(candidates=(newer, OFFER))
    assert found is not None
    assert found.entry_id == "e2"


@pytest.mark.parametrize(
    ("hints", "detail"),
    [
        (Hints(ids=("offer@corp.example",)), "it quotes the id offer@corp.example"),
        (Hints(lines=frozenset({PLAN})), "it quotes 1 line of it under the same subject"),
        (Hints(), 'the same subject "The fair in Osaka" among the same people'),
    ],
)
def test_what_was_seen_is_said(hints: Hints, detail: str) -> None:
    found = asked(hints=hints)
    assert found is not None
    assert found.detail == detail


def test_lines_alone_are_said_too() -> None:
    found = asked(OTHER, Hints(lines=OTHERS | {PLAN}))
    assert found is not None
    assert found.detail == "it quotes 3 lines of it"
