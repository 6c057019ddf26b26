"""Stage F, incoming: who outside wrote it, and under which contact does it go?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.model.case import Proof
from gateway.model.decision import Keep, Outcome, Reason
from gateway.model.directory import NeverLog
from gateway.model.facts import Contact
from gateway.rules.judge import judge
from gateway.rules.presets import HUBSPOT_2026
from tests.rules.cases import (
    ANNA,
    ANSWERED,
    BOB,
    CAROL,
    CAROLS,
    CONTACTS,
    DAVE,
    DAVES,
    DORA,
    GATE,
    IVY,
    LONG_AGO,
    OURS,
    Pair,
    case,
    decided,
    holds,
    matched,
    reply,
    seen,
    the_directory,
    tracked,
)

TWINS = {CAROL: (CAROLS, Contact(9, "carol@private.example"))}
OWNED = {CAROL: (CAROLS, Contact(9, "carol@private.example", owner=ANNA))}
REUSED = {**ANSWERED, "seen": (seen(author="eve@evil.example", digests=frozenset({b"other"})),)}
UNCITED = tracked(original=None, parent=None, contacts=())

PAIRS = [
    Pair(
        Reason.COLLEAGUE_WROTE,
        "not_logged",
        case,
        {"author": BOB, "to": (ANNA, CAROL)},
        {"proof": Proof("dkim")},
        "not_logged sent-not-marked",
    ),
    Pair(
        Reason.ADOPTED_ORIGINAL,
        "logged",
        case,
        {"author": IVY, "facts": ANSWERED, "policy": GATE},
        {"facts": {}},
        "not_logged sender-not-contact",
    ),
    Pair(
        Reason.ADOPTED_ORIGINAL,
        "logged",
        case,
        {"author": IVY, "facts": ANSWERED, "policy": GATE},
        {"policy": HUBSPOT_2026},
        "not_logged sender-not-contact",
        "by the switch",
    ),
    Pair(
        Reason.ADOPTED_ORIGINAL,
        "logged",
        case,
        {"facts": {**ANSWERED, "judged_before": Reason.SENDER_NOT_CONTACT}, "policy": GATE},
        {"facts": {**ANSWERED, "judged_before": Reason.RECEIVED}},
        "logged received",
        "of one who was a stranger",
    ),
    Pair(
        Reason.ADOPTED_ORIGINAL,
        "logged",
        case,
        {
            "author": IVY,
            "facts": REUSED,
            "policy": GATE,
            "thread": replace(UNCITED, outside=frozenset({IVY})),
        },
        {"thread": UNCITED},
        "not_logged sender-not-contact",
        "of several with one id",
    ),
    Pair(
        Reason.REPLIER_NOT_CONTACT,
        "not_logged",
        reply,
        {"author": DORA},
        {"author": CAROL},
        "logged tracked-reply",
    ),
    Pair(
        Reason.REPLIER_NOT_CONTACT,
        "not_logged",
        reply,
        {"author": DORA},
        {"policy": GATE},
        "logged reply-from-unknown",
        "by the switch",
    ),
    Pair(
        Reason.STRANGER_IN_THREAD,
        "held",
        reply,
        {"author": IVY, "policy": GATE},
        {"author": DORA},
        "logged reply-from-unknown",
    ),
    Pair(
        Reason.STRANGER_IN_THREAD,
        "held",
        reply,
        {
            "author": "x@gmail.com",
            "policy": GATE,
            "thread": tracked(outside=frozenset({"c@gmail.com"})),
        },
        {"author": "c@gmail.com"},
        "logged reply-from-unknown",
        "at a domain of everybody",
    ),
    Pair(
        Reason.REPLY_FROM_UNKNOWN,
        "logged",
        reply,
        {"author": DORA, "policy": HUBSPOT_2026},
        {"contacts": {DORA: (DAVES,)}},
        "logged tracked-reply",
    ),
    Pair(
        Reason.CONTACT_AMBIGUOUS,
        "held",
        reply,
        {"contacts": TWINS, "thread": tracked(contacts=())},
        {"thread": tracked()},
        "logged tracked-reply",
    ),
    Pair(
        Reason.CONTACT_AMBIGUOUS,
        "held",
        case,
        {"contacts": TWINS, "policy": GATE},
        {"contacts": OWNED},
        "logged received",
        "but for the owner",
    ),
    Pair(
        Reason.CONTACT_AMBIGUOUS,
        "held",
        case,
        {"contacts": TWINS, "policy": GATE},
        {"facts": {"chosen_contact": 9}},
        "logged received",
        "but for a persons choice",
    ),
    Pair(
        Reason.RECEIVED,
        "logged",
        case,
        {"policy": GATE},
        {"policy": OURS},
        "not_logged not-a-reply",
    ),
    Pair(
        Reason.NOT_A_REPLY,
        "not_logged",
        case,
        {},
        {"contacts": {}},
        "not_logged sender-not-contact",
    ),
]


@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_a_single_fact_decides(pair: Pair) -> None:
    holds(pair)


def test_what_is_left_is_a_sender_who_is_no_contact() -> None:
    assert decided(case(author=IVY)) == ("not_logged", "sender-not-contact")
    assert not matched(case(author=DAVE), Reason.SENDER_NOT_CONTACT)


def test_stranger_in_no_thread_gets_no_contact() -> None:
    assert judge(case(author=IVY, policy=GATE)).effects == ()


def test_strangers_first_message_stays_as_it_was_when_its_answer_is_logged() -> None:
    thread = tracked(original=None, parent=None)
    facts = {**ANSWERED, "judged_before": Reason.SENDER_NOT_CONTACT}
    made = {IVY: (Contact(7, IVY),)}
    hello = {"author": IVY, "thread": thread, "facts": facts, "contacts": made}
    assert decided(case(**hello)) == ("not_logged", "sender-not-contact")
    assert decided(case(**hello, policy=HUBSPOT_2026)) == ("not_logged", "sender-not-contact")
    assert decided(case(**hello, policy=GATE)) == ("logged", "adopted-original")


def test_contacts_first_message_stays_what_it_was_when_it_is_answered() -> None:
    facts = {**ANSWERED, "judged_before": Reason.NOT_A_REPLY}
    asked = case(thread=tracked(original=None, parent=None), facts=facts)
    assert decided(asked) == ("not_logged", "not-a-reply")


def test_reply_of_unknown_goes_under_the_contact_of_its_domain() -> None:
    thread = tracked(contacts=(DAVES, CAROLS))
    decision = judge(reply(author=DORA, policy=GATE, thread=thread))
    assert decision.evidence["contact"] == CAROL


def test_else_under_the_contact_in_to_or_cc() -> None:
    thread = tracked(contacts=(DAVES, CAROLS), outside=frozenset({"x@gmail.com"}))
    decision = judge(reply(author="x@gmail.com", cc=(CAROL,), policy=GATE, thread=thread))
    assert decision.evidence["contact"] == CAROL


def test_else_under_the_first_contact_of_the_thread() -> None:
    thread = tracked(contacts=(DAVES, CAROLS), outside=frozenset({"x@gmail.com"}))
    decision = judge(reply(author="x@gmail.com", policy=GATE, thread=thread))
    assert decision.evidence["contact"] == DAVE


def test_else_under_its_first_recipient() -> None:
    decision = judge(reply(author=DORA, policy=GATE, thread=tracked(contacts=())))
    assert decision.evidence["contact"] == CAROL


def test_else_under_anybody_outside_else_the_reader_says() -> None:
    ghost = tracked(contacts=(), original=None)
    assert judge(reply(author=DORA, policy=GATE, thread=ghost)).evidence["contact"] == CAROL
    empty = replace(ghost, outside=frozenset())
    assert judge(reply(author=DORA, thread=empty)).evidence["contact"] == "CONTACT"


def test_fixable_causes_keep_the_content_for_replay() -> None:
    assert judge(reply(author=DORA)).keep is Keep.FIXABLE


def test_colleagues_mail_from_outside_is_not_kept() -> None:
    assert judge(case(author=BOB, to=(ANNA, CAROL))).keep is Keep.IDS


def test_reply_is_logged_as_of_long_ago_when_nothing_is_known_of_its_contact() -> None:
    asked = reply(asked_at=LONG_AGO, contacts=CONTACTS)
    assert judge(asked).outcome is Outcome.LOGGED


def test_message_without_an_author_is_of_no_thread() -> None:
    assert matched(reply(author=None, policy=GATE), Reason.UNPARSEABLE)
    assert not matched(reply(author=None, policy=GATE), Reason.REPLIER_NOT_CONTACT)


def test_reply_of_unknown_goes_under_nobody_who_is_listed() -> None:
    listed = the_directory(never_log=(NeverLog(CAROL),))
    thread = tracked(contacts=(CAROLS, DAVES))
    decision = judge(reply(author=DORA, policy=GATE, thread=thread, directory=listed))
    assert decision.contacts == (DAVE,)
