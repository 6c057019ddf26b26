"""Stage C: sightings of one message make one entry."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.model.case import Proof
from gateway.model.decision import JudgeAnew, Keep, MakeContact, Outcome, Reason
from gateway.model.envelope import Client, Direction, RelayState
from gateway.model.facts import Sighting
from gateway.rules.judge import judge
from tests.rules.cases import (
    ANNA,
    BOB,
    CAROL,
    DAVE,
    GATE,
    IVY,
    LOG,
    NOW,
    OURS,
    Pair,
    again,
    already,
    bcc,
    case,
    decided,
    forward,
    holds,
    marked,
    matched,
    offer,
    reply,
    seen,
    sighting,
    tracked,
)

SUBMITTED = sighting(
    route="submission", direction=Direction.OUTGOING, recipients=frozenset({CAROL})
)
QUIET = seen(
    SUBMITTED,
    author=ANNA,
    outcome=Outcome.NOT_LOGGED,
    reason=Reason.SENT_NOT_MARKED,
    direction=Direction.OUTGOING,
)
STORED = seen(outcome=Outcome.NOT_LOGGED, reason=Reason.NOT_A_REPLY, kept=True)

PAIRS = [
    Pair(
        Reason.REDELIVERED,
        "duplicate",
        again,
        {"entry": seen()},
        {"entry": seen(sighting(relay=RelayState.DEFERRED))},
        "logged tracked-reply",
    ),
    Pair(
        Reason.REDELIVERED,
        "duplicate",
        again,
        {"entry": seen(sighting(relay=RelayState.UNKNOWN))},
        {"entry": seen(sighting(relay=RelayState.REFUSED))},
        "logged tracked-reply",
        "with unknown fate",
    ),
    Pair(
        Reason.REDELIVERED,
        "duplicate",
        again,
        {"entry": seen()},
        {"to": (ANNA, BOB)},
        "duplicate seen-again",
        "to nobody new",
    ),
    Pair(
        Reason.FORWARD_OF_SEEN,
        "duplicate",
        forward,
        {"policy": GATE, "facts": already(STORED)},
        {"facts": already(replace(STORED, kept=False))},
        "logged logged-by-forward",
    ),
    Pair(
        Reason.FORWARD_OF_SEEN,
        "duplicate",
        forward,
        {"policy": GATE, "facts": already(STORED)},
        {"policy": OURS},
        "logged logged-by-forward",
        "by the switch",
    ),
    Pair(
        Reason.SEEN_AGAIN,
        "duplicate",
        again,
        {"entry": seen(sighting(route="journal"))},
        {"entry": seen(sighting())},
        "duplicate redelivered",
        "by a new path",
    ),
    Pair(
        Reason.SEEN_AGAIN,
        "duplicate",
        again,
        {"entry": seen(), "proof": Proof("dkim")},
        {"proof": None},
        "duplicate redelivered",
        "with a new proof",
    ),
]


@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_a_single_fact_decides(pair: Pair) -> None:
    holds(pair)


def test_new_message_joins_nothing() -> None:
    assert judge(reply()).joins == ""


def test_duplicate_joins_its_entry_and_leaves_its_decision() -> None:
    decision = judge(again(seen()))
    assert (decision.joins, decision.sighting_only, decision.version) == ("e-seen", True, False)


def test_duplicate_keeps_no_second_content() -> None:
    assert judge(again(seen())).keep is Keep.IDS


def test_same_author_and_date_with_another_digest_is_a_version() -> None:
    decision = judge(again(seen(digests=frozenset({b"other"}))))
    assert (decision.joins, decision.version) == ("e-seen", True)


def test_same_id_of_another_author_is_another_message() -> None:
    decision = judge(again(seen(digests=frozenset({b"other"}), author=DAVE)))
    assert decision.joins == ""
    assert [note.reason for note in decision.notes] == [Reason.MESSAGE_ID_REUSED]


def test_same_id_is_not_noted_for_the_same_message() -> None:
    assert judge(again(seen())).notes == ()


def test_message_without_an_id_is_noted() -> None:
    decision = judge(reply(heading={"message_id": ""}, message={"message_id": "made@up"}))
    assert [note.evidence for note in decision.notes] == [{"message_id": "made@up"}]


def test_seen_again_tells_what_the_copy_added() -> None:
    decision = judge(again(seen(sighting(route="journal")), to=(ANNA, BOB)))
    assert decision.remedy == (
        "Already logged at 2026-11-23 11:00 UTC by journal; this copy added a recipient and a path."
    )


def test_entry_without_a_sighting_is_seen_again_at_an_unknown_time() -> None:
    assert "an unknown time" in judge(again(replace(seen(), sightings=()))).remedy


def test_bcc_copy_logs_what_was_sent_without_a_mark() -> None:
    decision = judge(bcc(facts=already(QUIET)))
    assert (decision.outcome, decision.reason) == (Outcome.LOGGED, Reason.BCC_COPY)
    assert (decision.joins, decision.sighting_only) == ("e-seen", False)


def test_bcc_copy_that_came_first_marks_what_comes_in_path() -> None:
    copied = sighting(
        route="copies",
        direction=Direction.OUTGOING,
        recipients=frozenset({LOG}),
        relay=RelayState.CONSUMED,
        marked=True,
        proof="dkim",
    )
    entry = replace(QUIET, outcome=Outcome.LOGGED, reason=Reason.BCC_COPY, sightings=(copied,))
    assert decided(offer(facts=already(entry))) == ("duplicate", "seen-again")


def test_mark_on_what_was_logged_without_one_makes_contacts() -> None:
    entry = replace(QUIET, outcome=Outcome.LOGGED, reason=Reason.SENT)
    decision = judge(marked(to=(CAROL, IVY), policy=GATE, facts=already(entry)))
    assert decision.reason is Reason.OPTED_IN
    assert MakeContact(IVY) in decision.effects


def test_further_sighting_does_not_take_a_message_off_the_timeline() -> None:
    filed = again(seen(sighting(route="submission")), envelope={"folder": "Old"}, to=(BOB,))
    assert decided(filed) == ("duplicate", "seen-again")


def test_further_sighting_does_not_rename_what_its_own_entry_tracks() -> None:
    entry = seen(sighting(route="journal"), reason=Reason.RECEIVED)
    assert decided(again(entry, policy=GATE)) == ("duplicate", "seen-again")


@pytest.mark.parametrize("reason", [Reason.DISCARDED, Reason.LOGGED_BY_HAND, Reason.IMPORTED])
def test_what_a_person_decided_stands(reason: Reason) -> None:
    entry = replace(QUIET, reason=reason)
    assert decided(bcc(facts=already(entry))) == ("duplicate", "seen-again")


def test_union_is_judged_where_the_entry_was_not_logged() -> None:
    entry = seen(
        sighting(recipients=frozenset({BOB})),
        outcome=Outcome.NOT_LOGGED,
        reason=Reason.NOT_STARTERS_MAILBOX,
    )
    decision = judge(again(entry))
    assert (decision.outcome, decision.reason) == (Outcome.LOGGED, Reason.TRACKED_REPLY)
    assert decision.mailboxes == (ANNA, BOB)
    assert not decision.sighting_only


def test_forward_has_the_stored_message_judged_anew() -> None:
    decision = judge(forward(policy=GATE, facts=already(STORED)))
    assert decision.effects == (JudgeAnew("e-seen"),)


def test_forward_is_the_mark_of_the_stored_message() -> None:
    by_forward = sighting(
        route="copies",
        recipients=frozenset(),
        relay=RelayState.CONSUMED,
        marked=True,
        proof="dkim",
        user=ANNA,
    )
    decision = judge(case(policy=GATE, facts={"earlier": (by_forward,)}))
    assert (decision.reason, decision.user) == (Reason.LOGGED_BY_FORWARD, ANNA)


def test_forward_of_what_is_logged_already_adds_nothing() -> None:
    assert decided(forward(facts=already(seen()))) == ("duplicate", "seen-again")


def test_retry_goes_on_as_first_judged() -> None:
    first = seen(
        sighting(relay=RelayState.DEFERRED),
        outcome=Outcome.NOT_LOGGED,
        reason=Reason.REPLIER_NOT_CONTACT,
        remedy="Add it.",
    )
    decision = judge(again(first))
    assert (decision.outcome, decision.reason) == (Outcome.NOT_LOGGED, Reason.REPLIER_NOT_CONTACT)
    assert (decision.remedy, decision.effects) == ("Add it.", ())


def test_retry_of_what_was_refused_is_judged_by_the_facts_of_today() -> None:
    first = seen(
        sighting(relay=RelayState.REFUSED),
        outcome=Outcome.NOT_LOGGED,
        reason=Reason.NOT_DELIVERED,
    )
    decision = judge(again(first))
    assert (decision.outcome, decision.joins) == (Outcome.LOGGED, "e-seen")


def test_entry_has_the_direction_of_its_first_sighting() -> None:
    back = case(author=ANNA, to=(BOB,), facts=already(QUIET))
    assert back.direction is Direction.OUTGOING


def test_replayed_entry_has_the_direction_of_its_first_sighting() -> None:
    later = replace(SUBMITTED, received_at=NOW)
    assert case(facts={"earlier": (SUBMITTED,)}).direction is Direction.OUTGOING
    assert case(facts={"earlier": (later,)}).direction is Direction.INCOMING


def test_exact_digest_goes_before_a_version() -> None:
    version = seen(entry_id="e-version", digests=frozenset({b"other"}))
    found = reply(facts={"seen": (version, seen())}).same_message
    assert found is not None
    assert found.entry_id == "e-seen"


def test_mark_of_an_earlier_sighting_counts() -> None:
    earlier: Sighting = replace(SUBMITTED, marked=True)
    assert offer(facts={"earlier": (earlier,)}).mark == "earlier"


def test_logging_address_of_an_earlier_sighting_goes_before_a_field() -> None:
    earlier = replace(SUBMITTED, marked=True, recipients=frozenset({CAROL, LOG}))
    assert marked(facts={"earlier": (earlier,)}).mark == "logging-address"


def test_thread_is_asked_of_the_union_too() -> None:
    assert matched(again(seen(), thread=tracked()), Reason.TRACKED_REPLY)


def test_mark_of_a_copy_that_nothing_proved_counts_for_nothing() -> None:
    forged = sighting(
        route="copies",
        direction=Direction.OUTGOING,
        recipients=frozenset({LOG}),
        relay=RelayState.CONSUMED,
        marked=True,
    )
    entry = replace(QUIET, sightings=(replace(SUBMITTED, proof=""), forged))
    asked = offer(facts=already(entry), envelope={"route": "journal", "client": Client()})
    assert (asked.mark, asked.is_bcc_copy) == ("", False)
    proven = replace(QUIET, sightings=(SUBMITTED, replace(forged, proof="dkim")))
    assert offer(facts=already(proven)).is_bcc_copy


def test_login_of_the_message_proves_the_mark_of_every_copy_of_it() -> None:
    copied = sighting(
        route="copies",
        direction=Direction.OUTGOING,
        recipients=frozenset({LOG}),
        relay=RelayState.CONSUMED,
        marked=True,
    )
    entry = replace(QUIET, sightings=(copied, replace(SUBMITTED, proof="login")))
    assert offer(facts=already(entry), envelope={"route": "journal"}).is_bcc_copy


def test_what_comes_in_is_no_bcc_copy() -> None:
    assert not reply().is_bcc_copy
