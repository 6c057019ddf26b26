"""Stage F, outgoing, with what a mark is."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.model.case import Proof
from gateway.model.decision import Reason, TrackThread
from gateway.model.directory import Connection, User
from gateway.model.message import Kind
from gateway.rules.judge import judge
from gateway.rules.presets import HUBSPOT_2026
from tests.rules.cases import (
    ANNA,
    BOB,
    CAROL,
    DIRECTORY,
    GATE,
    IVY,
    LOG,
    LONGER_AGO,
    NOW,
    OURS,
    SALES,
    TEAM_THREAD,
    Pair,
    bcc,
    case,
    decided,
    holds,
    mailbox,
    marked,
    matched,
    offer,
    the_directory,
    tracked,
    untracked,
    with_mailboxes,
)

YESTERDAY = NOW - timedelta(days=1)
CLOSED = with_mailboxes(
    mailbox(ANNA, ANNA, connections=(Connection(LONGER_AGO, "google", YESTERDAY),))
)
ALWAYS = with_mailboxes(mailbox(ANNA, ANNA, log_sent="always"))
TEAM_ALWAYS = with_mailboxes(mailbox(SALES, log_sent="always"))

PAIRS = [
    Pair(
        Reason.MAILBOX_DISCONNECTED,
        "not_logged",
        marked,
        {"directory": CLOSED},
        {"directory": DIRECTORY},
        "logged opted-in",
    ),
    Pair(
        Reason.MAILBOX_DISCONNECTED,
        "held",
        marked,
        {"directory": CLOSED, "policy": GATE},
        {"rcpt": (CAROL, LOG)},
        "logged opted-in",
        "held, but not with a logging address",
    ),
    Pair(
        Reason.MAILBOX_DISCONNECTED,
        "not_logged",
        marked,
        {"directory": CLOSED},
        {"fields": {}},
        "not_logged sent-not-marked",
        "when marked",
    ),
    Pair(
        Reason.BCC_COPY,
        "logged",
        bcc,
        {},
        {"rcpt": (LOG, CAROL)},
        "logged opted-in",
    ),
    Pair(
        Reason.BCC_COPY,
        "logged",
        bcc,
        {"directory": CLOSED, "policy": GATE},
        {"rcpt": (CAROL,)},
        "logged sent",
        "though disconnected",
    ),
    Pair(
        Reason.OPTED_IN,
        "logged",
        marked,
        {},
        {"fields": {"x-log-to-crm": "no"}},
        "not_logged sent-not-marked",
    ),
    Pair(
        Reason.OPTED_IN,
        "logged",
        offer,
        {"envelope": {"by_crm": True}},
        {"envelope": {"by_crm": False}},
        "not_logged sent-not-marked",
        "by the CRM itself",
    ),
    Pair(
        Reason.OPTED_IN,
        "logged",
        offer,
        {"directory": ALWAYS},
        {"directory": DIRECTORY},
        "not_logged sent-not-marked",
        "by the mailbox",
    ),
    Pair(
        Reason.OPTED_IN,
        "logged",
        offer,
        {"directory": ALWAYS},
        {"fields": {"auto-submitted": "auto-replied"}},
        "not_logged sent-not-marked",
        "but never automatic answers",
    ),
    Pair(
        Reason.OPTED_IN,
        "logged",
        offer,
        {"directory": ALWAYS},
        {"message": {"kind": Kind.RECEIPT}},
        "not_logged auto-generated",
        "nor receipts",
    ),
    Pair(
        Reason.OPTED_IN,
        "logged",
        offer,
        {"rcpt": (CAROL, LOG)},
        {"rcpt": (CAROL,)},
        "not_logged sent-not-marked",
        "by a logging address",
    ),
    Pair(
        Reason.SHARED_THREAD_MOVED,
        "not_logged",
        offer,
        {"thread": TEAM_THREAD},
        {"thread": tracked()},
        "not_logged sent-not-marked",
    ),
    Pair(
        Reason.SHARED_THREAD_MOVED,
        "not_logged",
        offer,
        {"thread": TEAM_THREAD, "policy": HUBSPOT_2026},
        {"policy": GATE},
        "logged sent-in-thread",
        "by the switch",
    ),
    Pair(
        Reason.SHARED_THREAD_MOVED,
        "not_logged",
        offer,
        {"thread": TEAM_THREAD, "policy": HUBSPOT_2026},
        {"author": SALES},
        "logged sent-in-thread",
        "from a personal mailbox",
    ),
    Pair(
        Reason.SHARED_THREAD_MOVED,
        "not_logged",
        offer,
        {"thread": TEAM_THREAD},
        {"fields": {"x-log-to-crm": "YES "}},
        "logged opted-in",
        "without a mark",
    ),
    Pair(
        Reason.SENT_IN_THREAD,
        "logged",
        offer,
        {"thread": tracked(), "policy": GATE},
        {"thread": untracked()},
        "logged sent",
    ),
    Pair(
        Reason.SENT_IN_THREAD,
        "logged",
        offer,
        {"thread": tracked(), "policy": GATE},
        {"policy": OURS},
        "not_logged sent-not-marked",
        "by the switch",
    ),
    Pair(
        Reason.SENT,
        "logged",
        offer,
        {"policy": GATE},
        {"to": (IVY,)},
        "not_logged recipient-not-contact",
    ),
    Pair(
        Reason.SENT_NOT_MARKED,
        "not_logged",
        offer,
        {},
        {"policy": GATE},
        "logged sent",
    ),
    Pair(
        Reason.RECIPIENT_NOT_CONTACT,
        "not_logged",
        offer,
        {"to": (IVY,), "policy": GATE},
        {"policy": OURS},
        "not_logged sent-not-marked",
    ),
]


@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_a_single_fact_decides(pair: Pair) -> None:
    holds(pair)


def test_shared_mailbox_logs_what_it_sends() -> None:
    decision = judge(offer(author=SALES, directory=TEAM_ALWAYS))
    assert (decision.reason, decision.user) == (Reason.OPTED_IN, "")
    assert TrackThread(SALES, SALES) in decision.effects


def test_user_without_a_mailbox_of_his_own_has_none_that_is_disconnected() -> None:
    directory = the_directory(users=(*DIRECTORY.users, User("eve@corp.example")))
    asked = marked(author="eve@corp.example", cc=(ANNA,), directory=directory)
    decision = judge(asked)
    assert decision.reason is Reason.OPTED_IN
    assert TrackThread("eve@corp.example", ANNA) in decision.effects


def test_user_who_writes_from_home_writes_from_his_mailbox() -> None:
    asked = marked(author="anna@home.example", directory=CLOSED)
    assert decided(asked) == ("not_logged", "mailbox-disconnected")


def test_mailbox_that_was_never_connected_has_no_date() -> None:
    never = with_mailboxes(mailbox(ANNA, ANNA, connections=()))
    assert judge(marked(directory=never)).evidence["date"] == "it was added"


def test_thread_of_an_unknown_mailbox_began_in_no_shared_one() -> None:
    gone = tracked(began_in="gone@corp.example")
    assert not matched(offer(thread=gone), Reason.SHARED_THREAD_MOVED)


def test_proven_colleague_from_outside_is_judged_as_outgoing() -> None:
    asked = case(author=BOB, to=(CAROL, ANNA), proof=Proof("dkim"), fields={"x-log-to-crm": "yes"})
    decision = judge(asked)
    assert (decision.reason, decision.direction) == (Reason.OPTED_IN, "outgoing")
