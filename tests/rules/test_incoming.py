"""Stage F, incoming: the thread, what stands in for its original, and what kind it is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.model.decision import Reason
from gateway.model.directory import NeverLog
from gateway.model.envelope import Direction
from gateway.model.message import Kind, RecipientStatus, Report
from gateway.rules.judge import judge
from gateway.rules.presets import HUBSPOT_2026
from tests.rules.cases import (
    ANNA,
    CAROL,
    CAROLS,
    DAVE,
    DAVES,
    DORA,
    GATE,
    IVY,
    LOG,
    NOW,
    OFFER,
    OURS,
    SALES,
    TEAM_THREAD,
    Pair,
    address,
    case,
    decided,
    forward,
    holds,
    mailbox,
    past,
    reply,
    the_directory,
    tracked,
    untracked,
    with_mailboxes,
)

DAVES_THREAD = tracked(thread_id=2, contacts=(DAVES,))
LISTED = the_directory(never_log=(NeverLog(IVY),))
TO_LISTED = tracked(original=replace(OFFER, recipients=frozenset({CAROL, IVY})))
REFUSED_ORIGINAL = tracked(original=replace(OFFER, reason=Reason.NEVER_LOG_ACCOUNT))


def failed(action: str = "failed", status: str = "5.1.1") -> dict[str, object]:
    return {"kind": Kind.BOUNCE, "report": Report((RecipientStatus(CAROL, action, status),))}


PAIRS = [
    Pair(
        Reason.LOGGED_BY_FORWARD,
        "logged",
        forward,
        {},
        {"wrapping": None},
        "not_logged copy-sender-unknown",
    ),
    Pair(
        Reason.THREAD_CONFLICT,
        "held",
        case,
        {"threads": (tracked(), DAVES_THREAD)},
        {"threads": (tracked(), replace(DAVES_THREAD, contacts=(DAVES, CAROLS)))},
        "logged tracked-reply",
    ),
    Pair(
        Reason.THREAD_CONFLICT,
        "held",
        case,
        {"threads": (tracked(), DAVES_THREAD), "policy": GATE},
        {"threads": (tracked(), replace(DAVES_THREAD, tracked=False))},
        "logged tracked-reply",
        "of tracked threads",
    ),
    Pair(
        Reason.THREAD_CONFLICT,
        "held",
        case,
        {"threads": (tracked(), DAVES_THREAD)},
        {"facts": {"chosen_contact": 1}},
        "logged tracked-reply",
        "unless a person chose",
    ),
    Pair(
        Reason.ORIGINAL_TO_NEVER_LOG,
        "not_logged",
        reply,
        {"thread": TO_LISTED, "directory": LISTED},
        {"thread": tracked()},
        "logged tracked-reply",
    ),
    Pair(
        Reason.ORIGINAL_TO_NEVER_LOG,
        "not_logged",
        reply,
        {"thread": TO_LISTED, "directory": LISTED},
        {"policy": GATE},
        "logged tracked-reply",
        "for the thread",
    ),
    Pair(
        Reason.ORIGINAL_TO_NEVER_LOG,
        "not_logged",
        reply,
        {
            "thread": TO_LISTED,
            "directory": LISTED,
            "policy": HUBSPOT_2026,
            "heading": {"base_subject": "Offer"},
        },
        {"directory": the_directory()},
        "logged tracked-reply",
        "while it is listed",
    ),
    Pair(
        Reason.ORIGINAL_TO_NEVER_LOG,
        "not_logged",
        reply,
        {"thread": REFUSED_ORIGINAL},
        {"thread": tracked()},
        "logged tracked-reply",
        "when only digests are left",
    ),
    Pair(
        Reason.TEAM_MAIL,
        "logged",
        case,
        {"to": (SALES,), "author": IVY},
        {"to": (ANNA,)},
        "not_logged sender-not-contact",
    ),
    Pair(
        Reason.TEAM_MAIL,
        "logged",
        reply,
        {"to": (SALES,), "thread": TEAM_THREAD, "policy": GATE},
        {"thread": tracked()},
        "logged tracked-reply",
        "in a thread that began there",
    ),
    Pair(
        Reason.TEAM_MAIL,
        "logged",
        case,
        {"to": (SALES,), "policy": GATE},
        {"message": {"kind": Kind.AUTO_REPLY}},
        "not_logged auto-reply-untracked",
        "written by a person",
    ),
    Pair(
        Reason.TEAM_MAIL,
        "logged",
        case,
        {"to": (SALES,), "cc": (CAROL,), "author": IVY},
        {"author": "eve@corp.example"},
        "not_logged colleague-wrote",
        "of the outside",
    ),
    Pair(
        Reason.TEAM_MAIL,
        "logged",
        case,
        {"to": (SALES, ANNA)},
        {"directory": with_mailboxes(mailbox(SALES, connections=()))},
        "not_logged not-a-reply",
        "by the mailbox of the team itself",
    ),
    Pair(
        Reason.ORIGINAL_NOT_LOGGED,
        "not_logged",
        reply,
        {"thread": untracked()},
        {"thread": untracked(tracked=True)},
        "logged tracked-reply",
    ),
    Pair(
        Reason.ORIGINAL_NOT_LOGGED,
        "not_logged",
        reply,
        {"thread": untracked()},
        {"policy": GATE},
        "logged received",
        "under replies",
    ),
    Pair(
        Reason.ORIGINAL_UNKNOWN,
        "not_logged",
        case,
        {"heading": {"in_reply_to": ("lost@corp.example",)}},
        {"heading": {"in_reply_to": ()}},
        "not_logged not-a-reply",
    ),
    Pair(
        Reason.ORIGINAL_UNKNOWN,
        "not_logged",
        reply,
        {"thread": untracked(original=None)},
        {"thread": untracked()},
        "not_logged original-not-logged",
        "while it is a ghost",
    ),
    Pair(
        Reason.BOUNCE,
        "logged",
        reply,
        {"message": failed(), "facts": {"reported": (OFFER,)}},
        {"facts": {"reported": ()}},
        "not_logged bounce-unmatched",
    ),
    Pair(
        Reason.READ_RECEIPT,
        "logged",
        reply,
        {"message": {**failed("displayed"), "kind": Kind.RECEIPT}, "facts": {"reported": (OFFER,)}},
        {"facts": {"reported": (past(ANNA, [DAVE]),)}},
        "not_logged receipt-unmatched",
    ),
    Pair(
        Reason.AUTO_REPLY,
        "logged",
        reply,
        {"message": {"kind": Kind.AUTO_REPLY}},
        {"message": {"kind": Kind.PERSONAL}},
        "logged tracked-reply",
    ),
    Pair(
        Reason.AUTO_REPLY,
        "logged",
        reply,
        {"message": {"kind": Kind.AUTO_GENERATED}, "author": DORA, "policy": GATE},
        {"policy": OURS},
        "not_logged replier-not-contact",
        "by a domain of the thread",
    ),
    Pair(
        Reason.AUTO_REPLY,
        "logged",
        reply,
        {"message": {"kind": Kind.AUTO_REPLY}, "author": DORA, "policy": GATE},
        {"author": IVY},
        "held stranger-in-thread",
        "of the threads people",
    ),
    Pair(
        Reason.CALENDAR_IN_THREAD,
        "logged",
        reply,
        {"message": {"kind": Kind.CALENDAR}},
        {"message": {"kind": Kind.PERSONAL}},
        "logged tracked-reply",
    ),
    Pair(
        Reason.SUBJECT_CHANGED,
        "not_logged",
        reply,
        {"policy": HUBSPOT_2026, "heading": {"base_subject": "Lunch"}},
        {"heading": {"base_subject": "OFFER"}},
        "logged tracked-reply",
    ),
    Pair(
        Reason.SUBJECT_CHANGED,
        "not_logged",
        reply,
        {"policy": HUBSPOT_2026, "heading": {"base_subject": "Lunch"}},
        {"policy": GATE},
        "logged tracked-reply",
        "by the switch",
    ),
    Pair(
        Reason.TRACKED_REPLY,
        "logged",
        reply,
        {},
        {"thread": untracked()},
        "not_logged original-not-logged",
    ),
    Pair(
        Reason.TRACKED_REPLY,
        "logged",
        reply,
        {"policy": GATE},
        {"thread": untracked()},
        "logged received",
        "under all",
    ),
]


@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_a_single_fact_decides(pair: Pair) -> None:
    holds(pair)


def test_contacts_first_message_is_no_reply_in_the_thread_that_it_began() -> None:
    thread = tracked(original=None, parent=None)
    assert decided(case(thread=thread)) == ("not_logged", "not-a-reply")


def test_message_of_the_same_conversation_is_a_reply_when_it_came_later() -> None:
    tied = tracked(parent=None)
    earlier = tracked(parent=None, original=replace(OFFER, received_at=NOW))
    assert decided(case(thread=tied)) == ("logged", "tracked-reply")
    assert decided(case(thread=earlier)) == ("not_logged", "not-a-reply")


def test_users_own_list_keeps_out_replies_to_what_he_sent_there() -> None:
    listed = the_directory(never_log=(NeverLog(IVY, ANNA),))
    assert decided(reply(thread=TO_LISTED, directory=listed))[1] == "original-to-never-log"


def test_bounce_tells_the_recipient_and_the_status() -> None:
    decision = judge(reply(message=failed(), facts={"reported": (OFFER,)}))
    assert decision.remedy.startswith(f"Your email to {CAROL} was not delivered: 5.1.1.")


def test_bounce_without_a_status_says_so() -> None:
    decision = judge(reply(message=failed(status=""), facts={"reported": (OFFER,)}))
    assert "not delivered: no status was given." in decision.remedy


def test_delay_is_a_note_on_the_entry_and_asks_for_nothing() -> None:
    decision = judge(reply(message=failed("delayed"), facts={"reported": (OFFER,)}))
    assert (decision.reason, decision.remedy, decision.command) == (Reason.BOUNCE, "", "")


def test_automatic_reply_of_a_colleague_is_not_of_the_thread() -> None:
    asked = reply(author="eve@corp.example", cc=(CAROL,), message={"kind": Kind.AUTO_REPLY})
    assert decided(asked) == ("not_logged", "colleague-wrote")


def test_redirected_mail_of_an_outside_author_is_incoming() -> None:
    redirected = case(outgoing=True, author=CAROL, to=(ANNA,))
    assert redirected.direction is Direction.INCOMING


def test_mail_of_the_crm_is_outgoing_whoever_wrote_it() -> None:
    asked = case(outgoing=True, author=IVY, to=(CAROL,), cc=(ANNA,), envelope={"by_crm": True})
    assert asked.direction is Direction.OUTGOING


def test_delivery_report_to_us_is_incoming_through_submission_too() -> None:
    asked = case(
        outgoing=True,
        author="gate@corp.example",
        to=(ANNA,),
        fields={"content-type": "multipart/report; report-type=delivery-status"},
        envelope={"mail_from": ""},
    )
    assert asked.direction is Direction.INCOMING


def test_message_without_an_author_has_the_direction_of_its_listener() -> None:
    assert case(author=None, outgoing=True).direction is Direction.OUTGOING


def test_mark_from_outside_counts_for_nothing() -> None:
    asked = case(author=IVY, fields={"x-log-to-crm": "yes"}, rcpt=(ANNA, LOG))
    assert decided(asked) == ("not_logged", "sender-not-contact")


def test_name_of_an_automatic_reply_is_its_address_where_it_has_none() -> None:
    named = reply(author=address(CAROL, "Carol"), message={"kind": Kind.AUTO_REPLY})
    assert judge(named).remedy.startswith("Automatic reply from Carol.")
    unnamed = reply(message={"kind": Kind.AUTO_REPLY})
    assert judge(unnamed).remedy.startswith(f"Automatic reply from {CAROL}.")
