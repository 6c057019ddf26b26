"""Whatever facts come together: judge gives a decision, and what it promises holds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.model.case import Authenticity, Case, Proof
from gateway.model.decision import JudgeAnew, Keep, Outcome
from gateway.model.directory import NeverLog
from gateway.model.envelope import Direction, RelayState
from gateway.model.message import Kind, RecipientStatus, Report, Verdict
from gateway.rules.judge import judge
from gateway.rules.presets import PRESETS
from tests.rules.cases import (
    ANNA,
    BOB,
    CAROL,
    DAVE,
    DAVES,
    DIRECTORY,
    IVY,
    JOURNAL,
    LOG,
    MAX,
    OFFER,
    SALES,
    case,
    forward,
    mailbox,
    seen,
    sighting,
    the_directory,
    tracked,
    untracked,
    with_mailboxes,
)

PEOPLE = st.sampled_from([ANNA, BOB, MAX, SALES, CAROL, DAVE, IVY, LOG, JOURNAL, "x@gmail.com"])
DIRECTORIES = st.sampled_from(
    [
        DIRECTORY,
        the_directory(never_log=(NeverLog(CAROL), NeverLog(IVY, ANNA))),
        with_mailboxes(mailbox(ANNA, ANNA, connections=()), mailbox(SALES, log_sent="always")),
    ]
)
THREADS = st.lists(
    st.sampled_from(
        [
            tracked(),
            tracked(thread_id=2, contacts=(DAVES,), starter=SALES, began_in=SALES),
            tracked(thread_id=3, contacts=(), original=None, parent=None, starter=""),
            untracked(thread_id=4),
        ]
    ),
    max_size=2,
    unique_by=lambda thread: thread.thread_id,
)
COPY = sighting(route="copies", relay=RelayState.CONSUMED, marked=True, recipients=frozenset({LOG}))
SIGHTINGS = st.sampled_from(
    [
        sighting(),
        sighting(relay=RelayState.DEFERRED),
        sighting(route="submission", direction=Direction.OUTGOING, proof="login"),
        COPY,
    ]
)
SEEN = st.builds(
    lambda arrived, outcome, kept: (replace(seen(arrived), outcome=outcome, kept=kept),),
    SIGHTINGS,
    st.sampled_from([Outcome.LOGGED, Outcome.PARTIAL, Outcome.HELD, Outcome.NOT_LOGGED]),
    st.booleans(),
)
FACTS = st.fixed_dictionaries(
    {},
    optional={
        "seen": SEEN,
        "earlier": SIGHTINGS.map(lambda one: (one,)),
        "reported": st.just((OFFER,)),
        "answered_with_mark": st.booleans(),
    },
)
REPORT = Report((RecipientStatus(CAROL),))
MESSAGES = st.fixed_dictionaries(
    {}, optional={"kind": st.sampled_from(list(Kind)), "report": st.just(REPORT)}
)
SPAM = {"verdicts": (Verdict("spam", "X-Spam-Flag", "YES"),)}
ASKED: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "author": st.none() | PEOPLE,
        "to": st.lists(PEOPLE, max_size=3, unique=True),
        "policy": st.sampled_from(list(PRESETS.values())),
        "directory": DIRECTORIES,
        "threads": THREADS,
        "facts": FACTS,
        "message": MESSAGES,
    },
    optional={
        "rcpt": st.lists(PEOPLE, max_size=2, unique=True),
        "outgoing": st.booleans(),
        "heading": st.sampled_from([SPAM, {"private": "[nolog]"}, {"message_id": ""}]),
        "fields": st.just({"x-log-to-crm": "yes"}),
        "proof": st.just(Proof("dkim")),
        "more": st.just({"authenticity": Authenticity(dmarc="fail")}),
    },
)


def built(told: dict[str, Any], inside: bool) -> Case:
    return forward(**{**told, "by": BOB}) if inside else case(**told)


@settings(max_examples=400, deadline=None)
@given(told=ASKED, inside=st.booleans())
def test_every_case_is_decided_and_explained(told: dict[str, Any], *, inside: bool) -> None:
    decision = judge(built(told, inside))
    shown = decision.outcome.on_timeline
    assert "{" not in decision.remedy + decision.command
    assert shown or all(isinstance(effect, JudgeAnew) for effect in decision.effects)
    assert (decision.keep is Keep.HELD) == (decision.outcome is Outcome.HELD) or decision.joins
    assert (decision.keep is Keep.CONTENT) == shown or decision.joins
    assert decision.keep is not Keep.DIGESTS or not (decision.notes or decision.mailboxes)


@settings(max_examples=200, deadline=None)
@given(told=ASKED, inside=st.booleans())
def test_reason_is_in_the_trace(told: dict[str, Any], *, inside: bool) -> None:
    decision = judge(built(told, inside))
    matched = {answer.rule for answer in decision.trace if answer.matched}
    assert decision.reason.value in matched or decision.joins


@settings(max_examples=200, deadline=None)
@given(told=ASKED)
def test_listed_people_are_tied_to_nothing(told: dict[str, Any]) -> None:
    listed = the_directory(never_log=(NeverLog(IVY), NeverLog(CAROL)))
    decision = judge(case(**{**told, "directory": listed}))
    named = {getattr(effect, "address", "") for effect in decision.effects}
    assert {IVY, CAROL}.isdisjoint({*decision.contacts, *named})
