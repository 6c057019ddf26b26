"""Stage E: what stops a message by its kind."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.model.case import Authenticity, Proof
from gateway.model.decision import Keep, Reason
from gateway.model.directory import Mailbox
from gateway.model.envelope import Direction, RelayState
from gateway.model.message import Kind, RecipientStatus, Report, Verdict
from gateway.rules.judge import judge
from gateway.rules.presets import HUBSPOT_2026
from gateway.rules.reach import is_junk_folder
from tests.rules.cases import (
    ANNA,
    BOB,
    CAROL,
    GATE,
    IVY,
    LOG,
    MAX,
    OURS,
    Pair,
    case,
    decided,
    holds,
    mailbox,
    marked,
    matched,
    offer,
    past,
    reply,
    sighting,
    the_directory,
    tracked,
    untracked,
    with_mailboxes,
)

VIRUS = {"verdicts": (Verdict("malware", "X-Virus-Status", "Infected"),)}
SPAM = {"verdicts": (Verdict("spam", "X-Spam-Flag", "YES"),)}
FOREIGN = {"verdicts": (Verdict("spam", "X-Their-Filter", "YES"),)}
MAXS_THREAD = tracked(starter=MAX, began_in=MAX)
SPOOFED = {"authenticity": Authenticity(dmarc="fail", domain="customer.example", authserv_id="mx")}
VOUCHED = {"authenticity": Authenticity(dmarc="fail", arc_sealer="sealer.example")}
OFFERED = past(ANNA, [CAROL], entry_id="e-offer")


def is_of(kind: Kind, **facts: object) -> dict[str, object]:
    return {"kind": kind, "kind_evidence": "a field", **facts}


def report(recipient: str = CAROL, action: str = "failed") -> Report:
    return Report((RecipientStatus(recipient, action, "5.1.1"),), ("first.anna@corp.example",))


BOUNCE = is_of(Kind.BOUNCE, report=report())
RECEIPT = is_of(Kind.RECEIPT, report=report(action="displayed"))
KNOWN = {"reported": (OFFERED,)}
UNLOGGED = {"reported": (replace(OFFERED, logged=False),)}
ALLOWED = the_directory(allowed_senders=frozenset({"customer.example"}))

PAIRS = [
    Pair(
        Reason.MALWARE,
        "not_logged",
        reply,
        {"heading": VIRUS},
        {"heading": {}},
        "logged tracked-reply",
    ),
    Pair(
        Reason.MALWARE,
        "not_logged",
        marked,
        {"heading": VIRUS},
        {"heading": {}},
        "logged opted-in",
        "even with a mark",
    ),
    Pair(
        Reason.MALWARE,
        "not_logged",
        reply,
        {"heading": VIRUS},
        {"policy": replace(OURS, trusted_filters=frozenset())},
        "logged tracked-reply",
        "by a trusted filter",
    ),
    Pair(
        Reason.SPAM,
        "not_logged",
        reply,
        {"heading": SPAM, "to": (MAX,), "thread": MAXS_THREAD},
        {"heading": FOREIGN},
        "logged tracked-reply",
    ),
    Pair(
        Reason.SPAM,
        "not_logged",
        reply,
        {"heading": SPAM, "to": (MAX,), "thread": MAXS_THREAD},
        {"directory": with_mailboxes(mailbox(MAX, MAX, "google"))},
        "logged tracked-reply",
        "for the provider",
    ),
    Pair(
        Reason.SPAM,
        "not_logged",
        reply,
        {
            "envelope": {"folder": "Junk Email"},
            "to": (MAX,),
            "thread": MAXS_THREAD,
        },
        {"envelope": {"folder": "INBOX"}},
        "logged tracked-reply",
        "by the junk folder",
    ),
    Pair(
        Reason.SPAM,
        "not_logged",
        reply,
        {"heading": SPAM, "policy": HUBSPOT_2026},
        {"heading": {}},
        "logged tracked-reply",
        "for all providers",
    ),
    Pair(
        Reason.SPAM,
        "not_logged",
        case,
        {"heading": SPAM, "policy": GATE},
        {"thread": tracked()},
        "held spam-in-thread",
        "outside tracked threads",
    ),
    Pair(
        Reason.SPAM_IN_THREAD,
        "held",
        reply,
        {"heading": SPAM, "policy": GATE},
        {"policy": replace(GATE, spam="skip")},
        "not_logged spam",
    ),
    Pair(
        Reason.SENDER_SPOOFED,
        "held",
        reply,
        {"more": SPOOFED},
        {"more": VOUCHED},
        "logged tracked-reply",
    ),
    Pair(
        Reason.SENDER_SPOOFED,
        "held",
        reply,
        {"more": SPOOFED, "policy": GATE},
        {"message": is_of(Kind.MAILING_LIST)},
        "logged tracked-reply",
        "but not by a list",
    ),
    Pair(
        Reason.SENDER_SPOOFED,
        "held",
        reply,
        {"more": SPOOFED, "policy": GATE},
        {"author": "dora@customer.example"},
        "logged reply-from-unknown",
        "of a known author",
    ),
    Pair(
        Reason.BOUNCE_UNMATCHED,
        "not_logged",
        reply,
        {"message": BOUNCE, "facts": UNLOGGED},
        {"facts": KNOWN},
        "logged bounce",
    ),
    Pair(
        Reason.BOUNCE_UNMATCHED,
        "not_logged",
        reply,
        {"message": is_of(Kind.BOUNCE, report=report(IVY)), "facts": KNOWN},
        {"message": BOUNCE},
        "logged bounce",
        "naming nobody who got it",
    ),
    Pair(
        Reason.RECEIPT_UNMATCHED,
        "not_logged",
        reply,
        {"message": RECEIPT, "facts": UNLOGGED},
        {"facts": KNOWN},
        "logged read-receipt",
    ),
    Pair(
        Reason.ABUSE_REPORT,
        "not_logged",
        reply,
        {"message": is_of(Kind.ABUSE_REPORT)},
        {"message": {}},
        "logged tracked-reply",
    ),
    Pair(
        Reason.AUTO_REPLY_UNTRACKED,
        "not_logged",
        reply,
        {"message": is_of(Kind.AUTO_REPLY), "thread": untracked()},
        {"thread": tracked()},
        "logged auto-reply",
    ),
    Pair(
        Reason.CALENDAR,
        "not_logged",
        reply,
        {"message": is_of(Kind.CALENDAR), "thread": untracked()},
        {"thread": tracked()},
        "logged calendar-in-thread",
    ),
    Pair(
        Reason.MAILING_LIST,
        "not_logged",
        case,
        {"message": is_of(Kind.MAILING_LIST), "policy": GATE},
        {"directory": ALLOWED},
        "logged received",
    ),
    Pair(
        Reason.BULK,
        "not_logged",
        case,
        {"message": is_of(Kind.BULK), "policy": GATE},
        {"directory": the_directory(allowed_senders=frozenset({CAROL}))},
        "logged received",
    ),
    Pair(
        Reason.BULK,
        "not_logged",
        reply,
        {"message": is_of(Kind.BULK), "thread": untracked()},
        {"thread": tracked()},
        "logged tracked-reply",
        "outside tracked threads",
    ),
    Pair(
        Reason.AUTO_GENERATED,
        "not_logged",
        case,
        {"message": is_of(Kind.AUTO_GENERATED), "policy": GATE},
        {"message": {}},
        "logged received",
    ),
    Pair(
        Reason.AUTO_GENERATED,
        "not_logged",
        offer,
        {"message": is_of(Kind.AUTO_GENERATED), "policy": GATE},
        {"fields": {"x-log-to-crm": "yes"}},
        "logged opted-in",
        "outgoing too",
    ),
    Pair(
        Reason.AUTO_GENERATED,
        "not_logged",
        offer,
        {"message": is_of(Kind.AUTO_REPLY), "policy": GATE, "thread": tracked()},
        {"message": {}},
        "logged sent-in-thread",
        "outgoing answers too",
    ),
    Pair(
        Reason.AUTO_GENERATED,
        "not_logged",
        offer,
        {"message": is_of(Kind.RECEIPT), "policy": GATE},
        {"directory": the_directory(allowed_senders=frozenset({ANNA}))},
        "logged sent",
        "outgoing receipts too",
    ),
]


@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_a_single_fact_decides(pair: Pair) -> None:
    holds(pair)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (Kind.ABUSE_REPORT, Reason.ABUSE_REPORT),
        (Kind.AUTO_REPLY, Reason.AUTO_REPLY_UNTRACKED),
        (Kind.CALENDAR, Reason.CALENDAR),
        (Kind.MAILING_LIST, Reason.MAILING_LIST),
        (Kind.BULK, Reason.BULK),
        (Kind.BOUNCE, Reason.BOUNCE_UNMATCHED),
    ],
)
def test_marked_mail_is_not_stopped_by_its_kind(kind: Kind, reason: Reason) -> None:
    assert not matched(marked(message=is_of(kind)), reason)


def test_forwarded_spam_is_not_stopped() -> None:
    by_forward = sighting(marked=True, relay=RelayState.CONSUMED, proof="dkim")
    assert decided(case(heading=SPAM, policy=GATE, facts={"earlier": (by_forward,)})) == (
        "logged",
        "logged-by-forward",
    )


def test_outgoing_spam_verdict_counts_for_nothing() -> None:
    assert not matched(offer(heading=SPAM, policy=GATE), Reason.SPAM)


def test_spam_is_kept_by_nobody() -> None:
    assert judge(case(heading=SPAM, policy=GATE)).keep is Keep.IDS


def test_spam_that_reached_a_mailbox_of_another_provider_passes() -> None:
    both = reply(heading=SPAM, to=(ANNA, MAX))
    assert decided(both) == ("logged", "tracked-reply")


def test_spam_speaks_of_the_starters_mailbox() -> None:
    both = reply(heading=SPAM, to=(BOB, MAX), thread=MAXS_THREAD)
    assert judge(both).evidence["mailbox"] == MAX


def test_spam_that_reached_no_mailbox_counts_only_for_all_providers() -> None:
    elsewhere = {"heading": SPAM, "to": ("anna@home.example",)}
    assert not matched(case(**elsewhere), Reason.SPAM)
    assert matched(case(**elsewhere, policy=GATE), Reason.SPAM)


def test_what_would_not_be_logged_is_not_held() -> None:
    stranger = reply(heading=SPAM, policy=replace(GATE, unknown_replier="skip"), author=IVY)
    decision = judge(stranger)
    assert decision.reason is Reason.REPLIER_NOT_CONTACT
    told = next(answer for answer in decision.trace if answer.rule == "spam-in-thread")
    assert (told.matched, told.evidence["would_hold"]) == (False, True)


def test_spoofed_mail_is_skipped_when_the_switch_says_so() -> None:
    assert decided(reply(more=SPOOFED, policy=replace(OURS, spoofed="skip"))) == (
        "not_logged",
        "sender-spoofed",
    )


def test_spoofed_user_is_held_only_if_he_would_be_logged() -> None:
    assert decided(case(author=ANNA, to=(BOB, CAROL), more=SPOOFED)) == (
        "not_logged",
        "colleague-wrote",
    )


def test_message_without_an_author_is_spoofed_by_nobody() -> None:
    assert not matched(reply(author=None, more=SPOOFED), Reason.SENDER_SPOOFED)


def test_proven_colleague_from_outside_is_no_spoof() -> None:
    proven = case(author=ANNA, to=(BOB, CAROL), more=SPOOFED, proof=Proof("dkim"))
    assert proven.direction is Direction.OUTGOING


def test_report_without_a_readable_part_is_unmatched() -> None:
    assert decided(reply(message=is_of(Kind.BOUNCE), facts=KNOWN)) == (
        "not_logged",
        "bounce-unmatched",
    )


@pytest.mark.parametrize(
    "folder", ["Junk Email", "[Gmail]/Spam", "INBOX.Junk", "INBOX/迷惑メール", "\\Junk"]
)
def test_junk_has_many_names(folder: str) -> None:
    assert is_junk_folder(folder)


@pytest.mark.parametrize("folder", ["INBOX", "Junkyard", "Projects/Spam traps"])
def test_other_folders_are_no_junk(folder: str) -> None:
    assert not is_junk_folder(folder)


def test_mailbox_of_no_known_provider_counts_as_other() -> None:
    unknown = with_mailboxes(Mailbox(ANNA, ANNA))
    assert not matched(case(heading=SPAM, directory=unknown, rcpt=(ANNA, LOG)), Reason.SPAM)
