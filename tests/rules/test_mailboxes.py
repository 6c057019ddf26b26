"""Stage F, incoming: did it reach a mailbox that we follow, and the right one?"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.model.decision import Reason
from gateway.model.directory import Connection, ProviderChange
from gateway.model.envelope import Direction
from gateway.rules.judge import judge
from gateway.rules.presets import HUBSPOT_2026
from tests.rules.cases import (
    ANNA,
    ANNAS,
    BEFORE,
    BOB,
    CAROL,
    DORA,
    GATE,
    IVY,
    LONGER_AGO,
    NOW,
    SALES,
    Pair,
    case,
    decided,
    holds,
    mailbox,
    matched,
    past,
    reply,
    tracked,
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
BOBS_ANSWER = past(BOB, [CAROL])
MOVED_THREAD = tracked(starter=SALES, began_in=SALES, parent=BOBS_ANSWER)
IMAP = with_mailboxes(mailbox(ANNA, ANNA, "imap"))

PAIRS = [
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
]


@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_a_single_fact_decides(pair: Pair) -> None:
    holds(pair)


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
