"""Stage F, incoming: the mailbox, the thread, the person."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.model.case import Proof
from gateway.model.decision import Keep, Outcome, Reason
from gateway.model.directory import Connection, NeverLog, ProviderChange
from gateway.model.envelope import Direction
from gateway.model.facts import Contact
from gateway.model.message import Kind, RecipientStatus, Report
from gateway.rules.judge import judge
from gateway.rules.presets import HUBSPOT_2026
from tests.rules.cases import (
    ANNA,
    ANNAS,
    BEFORE,
    BOB,
    CAROL,
    CAROLS,
    CONTACTS,
    DAVE,
    DAVES,
    GATE,
    IVY,
    LOG,
    LONG_AGO,
    LONGER_AGO,
    NOW,
    OFFER,
    OURS,
    SALES,
    Pair,
    address,
    case,
    decided,
    forward,
    holds,
    mailbox,
    matched,
    past,
    reply,
    the_directory,
    tracked,
    untracked,
    with_mailboxes,
)

YESTERDAY = NOW - timedelta(days=1)
MOVED = mailbox(
    ANNA,
    ANNA,
    providers=(ProviderChange(LONGER_AGO, "google"), ProviderChange(YESTERDAY, "microsoft365")),
)
RECONNECTED = replace(MOVED, connections=(Connection(YESTERDAY, "microsoft365"),))
CLOSED = mailbox(ANNA, ANNA, connections=(Connection(LONGER_AGO, "google", YESTERDAY),))
MOVED_AND_CLOSED = replace(MOVED, connections=CLOSED.connections)
NEVER_CONNECTED = mailbox(ANNA, ANNA, connections=())
CLOSED_AFTER = mailbox(
    ANNA, ANNA, connections=(Connection(LONGER_AGO, "google", NOW + timedelta(days=1)),)
)
DAVES_THREAD = tracked(thread_id=2, contacts=(DAVES,))
TEAM_THREAD = tracked(starter=SALES, began_in=SALES)
BOBS_ANSWER = past(BOB, [CAROL])
MOVED_THREAD = tracked(starter=SALES, began_in=SALES, parent=BOBS_ANSWER)
LISTED = the_directory(never_log=(NeverLog(IVY),))
TO_LISTED = tracked(original=replace(OFFER, recipients=frozenset({CAROL, IVY})))
REFUSED_ORIGINAL = tracked(original=replace(OFFER, reason=Reason.NEVER_LOG_ACCOUNT))
DORA = "dora@customer.example"
TWINS = {CAROL: (CAROLS, Contact(9, "carol@private.example"))}
OWNED = {CAROL: (CAROLS, Contact(9, "carol@private.example", owner=ANNA))}
ANSWERED = {"answered_with_mark": True}
IMAP = with_mailboxes(mailbox(ANNA, ANNA, "imap"))


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
        Reason.PROVIDER_CHANGED,
        "not_logged",
        reply,
        {"directory": with_mailboxes(MOVED)},
        {"directory": with_mailboxes(RECONNECTED)},
        "logged tracked-reply",
    ),
    Pair(
        Reason.PROVIDER_CHANGED,
        "not_logged",
        reply,
        {"directory": with_mailboxes(MOVED)},
        {"thread": tracked(began_at=NOW - timedelta(hours=1))},
        "logged tracked-reply",
        "after the thread began",
    ),
    Pair(
        Reason.PROVIDER_CHANGED,
        "not_logged",
        reply,
        {"directory": with_mailboxes(MOVED)},
        {"policy": GATE},
        "logged tracked-reply",
        "unless it is followed",
    ),
    Pair(
        Reason.PROVIDER_CHANGED,
        "not_logged",
        reply,
        {"directory": with_mailboxes(MOVED_AND_CLOSED), "policy": HUBSPOT_2026},
        {"policy": GATE},
        "logged tracked-reply",
        "also when the old connection is closed",
    ),
    Pair(
        Reason.MAILBOX_DISCONNECTED,
        "not_logged",
        reply,
        {"directory": with_mailboxes(CLOSED)},
        {"directory": with_mailboxes(CLOSED_AFTER)},
        "logged tracked-reply",
    ),
    Pair(
        Reason.MAILBOX_DISCONNECTED,
        "held",
        reply,
        {"directory": with_mailboxes(CLOSED), "policy": GATE},
        {"directory": with_mailboxes(MOVED_AND_CLOSED)},
        "logged tracked-reply",
        "held, but not for a change of provider",
    ),
    Pair(
        Reason.MAILBOX_DISCONNECTED,
        "not_logged",
        reply,
        {"directory": with_mailboxes(NEVER_CONNECTED)},
        {"directory": with_mailboxes(ANNAS)},
        "logged tracked-reply",
        "when it never was connected",
    ),
    Pair(
        Reason.OTHER_FOLDER,
        "not_logged",
        reply,
        {"directory": IMAP, "envelope": {"folder": "INBOX/Projects"}},
        {"envelope": {"folder": "INBOX"}},
        "logged tracked-reply",
    ),
    Pair(
        Reason.OTHER_FOLDER,
        "not_logged",
        reply,
        {"directory": IMAP, "envelope": {"folder": "Archive"}},
        {"directory": with_mailboxes(ANNAS)},
        "logged tracked-reply",
        "for imap",
    ),
    Pair(
        Reason.OTHER_FOLDER,
        "not_logged",
        reply,
        {"directory": IMAP, "envelope": {"folder": "Archive"}},
        {"policy": GATE},
        "logged tracked-reply",
        "by the switch",
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
        Reason.SHARED_THREAD_MOVED,
        "not_logged",
        reply,
        {"to": (BOB,), "thread": MOVED_THREAD},
        {"thread": replace(MOVED_THREAD, starter=BOB, began_in=BOB)},
        "logged tracked-reply",
    ),
    Pair(
        Reason.SHARED_THREAD_MOVED,
        "not_logged",
        reply,
        {"to": (BOB,), "thread": MOVED_THREAD},
        {"policy": GATE},
        "logged tracked-reply",
        "by the switch",
    ),
    Pair(
        Reason.SHARED_THREAD_MOVED,
        "not_logged",
        reply,
        {"to": (BOB,), "thread": MOVED_THREAD},
        {"to": (BOB, SALES)},
        "logged team-mail",
        "past the shared mailbox",
    ),
    Pair(
        Reason.SHARED_THREAD_MOVED,
        "not_logged",
        reply,
        {"to": (BOB,), "thread": MOVED_THREAD, "policy": HUBSPOT_2026},
        {"thread": replace(MOVED_THREAD, parent=past(SALES, [CAROL], mailbox=SALES))},
        "logged tracked-reply",
        "from a personal one",
    ),
    Pair(
        Reason.SHARED_THREAD_MOVED,
        "not_logged",
        reply,
        {"to": (BOB,), "thread": MOVED_THREAD, "policy": HUBSPOT_2026},
        {
            "thread": replace(
                MOVED_THREAD, parent=replace(BOBS_ANSWER, direction=Direction.INCOMING)
            )
        },
        "logged tracked-reply",
        "by a message of ours",
    ),
    Pair(
        Reason.NOT_STARTERS_MAILBOX,
        "not_logged",
        reply,
        {"to": (BOB,)},
        {"to": (BOB, ANNA)},
        "logged tracked-reply",
    ),
    Pair(
        Reason.NOT_STARTERS_MAILBOX,
        "not_logged",
        reply,
        {"to": (BOB,)},
        {"policy": GATE},
        "logged tracked-reply",
        "by the switch",
    ),
    Pair(
        Reason.NOT_STARTERS_MAILBOX,
        "not_logged",
        reply,
        {"to": ("anna@home.example",)},
        {"policy": GATE},
        "logged tracked-reply",
        "nor any mailbox at all",
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


def test_contacts_first_message_is_no_reply_in_the_thread_that_it_began() -> None:
    thread = tracked(original=None, parent=None)
    assert decided(case(thread=thread)) == ("not_logged", "not-a-reply")


def test_message_of_the_same_conversation_is_a_reply_when_it_came_later() -> None:
    tied = tracked(parent=None)
    earlier = tracked(parent=None, original=replace(OFFER, received_at=NOW))
    assert decided(case(thread=tied)) == ("logged", "tracked-reply")
    assert decided(case(thread=earlier)) == ("not_logged", "not-a-reply")


def test_mailbox_is_the_starters_else_the_first_reached() -> None:
    closed = with_mailboxes(CLOSED, mailbox(BOB, BOB, "imap", connections=()))
    assert judge(reply(to=(BOB, ANNA), directory=closed)).evidence["mailbox"] == ANNA
    elsewhere = reply(to=(BOB, ANNA), directory=closed, policy=GATE, thread=tracked(starter=""))
    assert judge(elsewhere).evidence["mailbox"] == BOB


def test_one_open_mailbox_is_enough() -> None:
    both = reply(to=(BOB, ANNA), directory=with_mailboxes(CLOSED), policy=HUBSPOT_2026)
    assert decided(both) == ("logged", "tracked-reply")


def test_open_mailbox_of_another_is_not_enough_where_the_starters_is_asked_for() -> None:
    both = reply(to=(BOB, ANNA), directory=with_mailboxes(CLOSED))
    assert decided(both) == ("not_logged", "mailbox-disconnected")


def test_every_bar_is_told_so_that_nobody_meets_the_next_tomorrow() -> None:
    asked = reply(author=DORA, directory=with_mailboxes(CLOSED))
    assert judge(asked).reason is Reason.MAILBOX_DISCONNECTED
    assert matched(asked, Reason.REPLIER_NOT_CONTACT)


def test_disconnected_mailbox_holds_nothing_that_is_not_logged_anyway() -> None:
    asked = case(author=IVY, directory=with_mailboxes(CLOSED), policy=GATE)
    assert decided(asked) == ("not_logged", "sender-not-contact")


def test_remedy_tells_since_when() -> None:
    closed = judge(reply(directory=with_mailboxes(CLOSED)))
    never = judge(reply(directory=with_mailboxes(NEVER_CONNECTED)))
    assert "disconnected since 2026-11-22." in closed.remedy
    assert closed.command == f"replygate mailbox connect {ANNA}"
    assert "disconnected since it was added." in never.remedy


def test_connection_that_begins_later_is_none_yet() -> None:
    later = mailbox(ANNA, ANNA, connections=(Connection(NOW + timedelta(days=1), "google"),))
    assert "since it was added" in judge(reply(directory=with_mailboxes(later))).remedy


def test_mailbox_that_moved_after_it_was_disconnected_is_disconnected() -> None:
    first_closed = replace(
        MOVED, connections=(Connection(LONGER_AGO, "google", YESTERDAY - timedelta(days=1)),)
    )
    asked = reply(directory=with_mailboxes(first_closed), policy=GATE)
    assert decided(asked) == ("held", "mailbox-disconnected")


def test_reply_is_judged_as_of_the_moment_that_is_asked() -> None:
    closed = with_mailboxes(CLOSED)
    assert decided(reply(directory=closed, asked_at=NOW)) == ("not_logged", "mailbox-disconnected")
    long_ago = reply(directory=closed, asked_at=BEFORE + timedelta(days=1))
    assert decided(long_ago) == ("logged", "tracked-reply")


def test_thread_without_a_starter_asks_for_nobodys_mailbox() -> None:
    assert decided(reply(to=(BOB,), thread=tracked(starter=""))) == ("logged", "tracked-reply")


def test_thread_without_a_beginning_moved_nowhere() -> None:
    moved = with_mailboxes(MOVED)
    asked = reply(directory=moved, thread=tracked(began_at=None))
    assert decided(asked) == ("logged", "tracked-reply")


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


def test_reply_is_logged_as_of_long_ago_when_nothing_is_known_of_its_contact() -> None:
    asked = reply(asked_at=LONG_AGO, contacts=CONTACTS)
    assert judge(asked).outcome is Outcome.LOGGED


def test_name_of_an_automatic_reply_is_its_address_where_it_has_none() -> None:
    named = reply(author=address(CAROL, "Carol"), message={"kind": Kind.AUTO_REPLY})
    assert judge(named).remedy.startswith("Automatic reply from Carol.")
    unnamed = reply(message={"kind": Kind.AUTO_REPLY})
    assert judge(unnamed).remedy.startswith(f"Automatic reply from {CAROL}.")


def test_message_without_an_author_is_of_no_thread() -> None:
    assert matched(reply(author=None, policy=GATE), Reason.UNPARSEABLE)
    assert not matched(reply(author=None, policy=GATE), Reason.REPLIER_NOT_CONTACT)


def test_reply_of_unknown_goes_under_nobody_who_is_listed() -> None:
    listed = the_directory(never_log=(NeverLog(CAROL),))
    thread = tracked(contacts=(CAROLS, DAVES))
    decision = judge(reply(author=DORA, policy=GATE, thread=thread, directory=listed))
    assert decision.contacts == (DAVE,)
