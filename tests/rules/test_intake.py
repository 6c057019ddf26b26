"""Stages A and B: is it a message, who sent the copy, and what is inside."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.model.arrival import Wrapping
from gateway.model.case import Proof
from gateway.model.decision import Keep, Reason
from gateway.model.directory import LoggingAddress, User
from gateway.model.envelope import Client, Content, Direction, RelayState
from gateway.model.facts import Facts
from gateway.model.message import Forward, Heading, JournalReport, Kind
from gateway.rules.judge import judge
from gateway.rules.notices import is_notice_id, notice_id
from tests.rules.cases import (
    ANNA,
    BOB,
    CAROL,
    CONTACTS,
    DIRECTORY,
    GATE,
    IVY,
    JOURNAL,
    LOG,
    SALES,
    Pair,
    address,
    bcc,
    case,
    decided,
    forward,
    holds,
    mailbox,
    marked,
    matched,
    reply,
    seen,
    sighting,
    the_directory,
)

KEY = b"notice key"
NOTICE = notice_id("1", "corp.example", KEY)
SIGNED = the_directory(notice_key=KEY)
NOT_ANNA = the_directory(users=(User(ANNA, permitted=False), User(BOB)))
ANNAS_SECRET = the_directory(logging_addresses=(LoggingAddress(LOG, user=ANNA),))
BOBS_SECRET = the_directory(logging_addresses=(LoggingAddress(LOG, user=BOB),))
ROBERT = "robert@corp.example"
ROBERT_IS_BOB = the_directory(mailboxes=(*DIRECTORY.mailboxes, mailbox(ROBERT, BOB, "imap")))
SUBMITTED = sighting(
    route="submission", direction=Direction.OUTGOING, recipients=frozenset({CAROL})
)


def octets(size: int) -> dict[str, Content]:
    return {"content": Content(b"", size, b"\2" * 32)}


PAIRS = [
    Pair(
        Reason.TOO_LARGE_TO_INSPECT,
        "not_logged",
        reply,
        {"envelope": octets(150_000_001)},
        {"envelope": octets(150_000_000)},
        "logged tracked-reply",
    ),
    Pair(
        Reason.MAIL_LOOP,
        "not_logged",
        reply,
        {"heading": {"received_count": 51}},
        {"heading": {"received_count": 50}},
        "logged tracked-reply",
        "by Received fields",
    ),
    Pair(
        Reason.MAIL_LOOP,
        "not_logged",
        case,
        {"facts": {"recent_copies": 21}},
        {"facts": {"recent_copies": 20}},
        "not_logged not-a-reply",
        "by copies",
    ),
    Pair(
        Reason.OWN_NOTICE,
        "not_logged",
        case,
        {"directory": SIGNED, "message": {"message_id": NOTICE}},
        {"message": {"message_id": NOTICE.replace("corp", "evil")}},
        "not_logged not-a-reply",
    ),
    Pair(
        Reason.OWN_NOTICE,
        "not_logged",
        case,
        {
            "directory": SIGNED,
            "heading": {"in_reply_to": (NOTICE,)},
            "message": {"kind": Kind.AUTO_REPLY},
        },
        {"message": {"kind": Kind.PERSONAL}},
        "not_logged original-unknown",
        "answered automatically",
    ),
    Pair(
        Reason.UNPARSEABLE,
        "held",
        case,
        {"author": None},
        {"author": CAROL},
        "not_logged not-a-reply",
        "no author",
    ),
    Pair(
        Reason.UNPARSEABLE,
        "held",
        case,
        {"message": {"unparseable": "no header section"}},
        {"message": {"unparseable": ""}},
        "not_logged not-a-reply",
        "no message",
    ),
    Pair(
        Reason.COPY_SENDER_UNKNOWN,
        "not_logged",
        bcc,
        {"author": IVY},
        {"author": ANNA},
        "logged bcc-copy",
    ),
    Pair(
        Reason.COPY_SENDER_UNKNOWN,
        "not_logged",
        forward,
        {"by": IVY},
        {"by": ANNA},
        "logged logged-by-forward",
        "of a forward",
    ),
    Pair(
        Reason.COPY_SENDER_UNVERIFIED,
        "held",
        bcc,
        {"proof": None},
        {"proof": Proof("dkim")},
        "logged bcc-copy",
    ),
    Pair(
        Reason.COPY_SENDER_UNVERIFIED,
        "held",
        forward,
        {"proof": None},
        {"proof": Proof("arc")},
        "logged logged-by-forward",
        "of a forward",
    ),
    Pair(
        Reason.COPY_SENDER_UNVERIFIED,
        "held",
        bcc,
        {"proof": None},
        {"client": Client(login=ANNA)},
        "logged bcc-copy",
        "nor a login",
    ),
    Pair(
        Reason.COPY_SENDER_UNVERIFIED,
        "held",
        bcc,
        {"proof": None, "client": Client(login=BOB)},
        {"client": Client(login="anna-the-login")},
        "logged bcc-copy",
        "the login of another",
    ),
    Pair(
        Reason.COPY_SENDER_UNVERIFIED,
        "held",
        bcc,
        {"proof": None, "directory": ROBERT_IS_BOB, "client": Client(login=ROBERT)},
        {"client": Client(login=ANNA)},
        "logged bcc-copy",
        "the login of another by a mailbox of his",
    ),
    Pair(
        Reason.COPY_SENDER_UNVERIFIED,
        "held",
        bcc,
        {"proof": None, "client": Client(trusted=True)},
        {"outgoing": True},
        "logged bcc-copy",
        "our own MTA behind port 25",
    ),
    Pair(
        Reason.COPY_SENDER_UNVERIFIED,
        "held",
        bcc,
        {"proof": None, "directory": BOBS_SECRET},
        {"directory": ANNAS_SECRET},
        "logged bcc-copy",
        "nor his secret address",
    ),
    Pair(
        Reason.COPY_SENDER_UNVERIFIED,
        "held",
        bcc,
        {"proof": None, "facts": {"earlier": (SUBMITTED,)}},
        {"facts": {"earlier": (replace(SUBMITTED, proof="login"),)}},
        "logged bcc-copy",
        "nor an earlier login",
    ),
    Pair(
        Reason.USER_NOT_PERMITTED,
        "not_logged",
        marked,
        {"directory": NOT_ANNA},
        {"directory": DIRECTORY},
        "logged opted-in",
    ),
    Pair(
        Reason.USER_NOT_PERMITTED,
        "not_logged",
        forward,
        {"directory": NOT_ANNA},
        {"by": BOB},
        "logged logged-by-forward",
        "to forward",
    ),
    Pair(
        Reason.JOURNAL_UNREADABLE,
        "held",
        case,
        {"rcpt": (JOURNAL,), "message": {"journal": "unreadable"}},
        {"message": {"journal": ""}},
        "not_logged not-a-reply",
    ),
    Pair(
        Reason.JOURNAL_REPORT,
        "not_logged",
        case,
        {"rcpt": (JOURNAL,), "message": {"journal": "notice"}},
        {"message": {"journal": ""}},
        "not_logged not-a-reply",
    ),
    Pair(
        Reason.FORWARD_ORIGINAL_UNKNOWN,
        "held",
        case,
        {"author": ANNA, "to": (ANNA,), "rcpt": (LOG,), "proof": Proof("dkim")},
        {"to": (CAROL,)},
        "logged bcc-copy",
    ),
    Pair(
        Reason.FORWARD_INTERNAL,
        "not_logged",
        forward,
        {"author": BOB},
        {"author": CAROL},
        "logged logged-by-forward",
    ),
]


@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_a_single_fact_decides(pair: Pair) -> None:
    holds(pair)


def test_remedy_of_a_large_message_tells_both_sizes() -> None:
    decision = judge(reply(envelope=octets(150_000_001)))
    assert "(150 000 001 octets)" in decision.remedy
    assert "(150 MB)" in decision.remedy


def test_copy_of_nobody_is_not_kept() -> None:
    assert judge(bcc(author=IVY)).keep is Keep.IDS


def test_copy_from_a_team_is_no_copy_of_nobody() -> None:
    assert decided(bcc(author=SALES)) == ("logged", "bcc-copy")


def test_spoofed_author_who_is_not_permitted_is_not_named_so() -> None:
    assert not matched(case(author=ANNA, to=(BOB,), directory=NOT_ANNA), Reason.USER_NOT_PERMITTED)


def test_forward_with_a_readable_author_is_judged_as_what_is_inside() -> None:
    quoted = Forward("inline", None)
    told = case(author=ANNA, to=(LOG,), proof=Proof("dkim"), message={"forwards": (quoted,)})
    assert judge(told).evidence == {"forwards": 1}


def test_what_was_seen_in_path_is_a_bcc_copy_though_nobody_outside_is_named() -> None:
    in_path = sighting(recipients=frozenset({CAROL}), route="submission")
    copied = case(
        author=ANNA, to=(BOB,), rcpt=(LOG,), proof=Proof("dkim"), facts={"earlier": (in_path,)}
    )
    assert copied.copy == "bcc"


def test_what_was_seen_as_a_copy_only_stays_a_forward() -> None:
    copied = sighting(relay=RelayState.CONSUMED)
    assert case(author=ANNA, to=(LOG,), facts={"earlier": (copied,)}).copy == "forward"


def test_journal_report_is_known_by_its_field() -> None:
    report = case(rcpt=(JOURNAL,), fields={"x-ms-journal-report": ""})
    assert report.copy == "journal-report"


def test_report_that_nothing_was_taken_out_of_is_unreadable() -> None:
    report = {"x-ms-journal-report": ""}
    assert decided(case(rcpt=(JOURNAL,), fields=report)) == ("held", "journal-unreadable")


def test_word_of_exchange_to_a_journal_address_is_journalling() -> None:
    notice = case(author="microsoftexchange329e71ec@corp.example", rcpt=(JOURNAL,), to=(JOURNAL,))
    assert notice.copy == "journal-report"


def test_word_of_exchange_in_path_is_no_matter_of_journals() -> None:
    assert not matched(case(message={"journal": "notice"}), Reason.JOURNAL_REPORT)


def test_message_inside_a_journal_report_goes_by_its_author() -> None:
    agent = address("microsoftexchange329e71ec@corp.example")
    wrapping = Wrapping("journal", agent, Heading((), 0, authors=(agent,)))
    plain = {"rcpt": (JOURNAL,), "wrapping": wrapping, "policy": GATE}
    plain["proof"] = Proof("trusted-client")
    sent = case(author=ANNA, to=(CAROL,), **plain)
    came = case(**plain)
    inside = case(author=BOB, to=(ANNA,), **plain)
    assert [decided(one) for one in (sent, came, inside)] == [
        ("logged", "sent"),
        ("logged", "received"),
        ("not_logged", "internal-only"),
    ]


def test_user_who_opted_out_forwards_nothing() -> None:
    opted_out = the_directory(users=(User(ANNA, logging=False), User(BOB)))
    assert decided(forward(to=(), directory=opted_out)) == ("not_logged", "user-opted-out")
    assert decided(forward(by=BOB, directory=opted_out)) == ("logged", "logged-by-forward")


def test_copy_of_an_mta_needs_no_proof() -> None:
    assert decided(case(rcpt=(JOURNAL,), policy=GATE)) == ("logged", "received")


def test_notice_is_none_without_a_key() -> None:
    assert not is_notice_id(NOTICE, b"")


def test_notice_of_another_gateway_is_none_of_ours() -> None:
    assert not is_notice_id(notice_id("1", "corp.example", b"another key"), KEY)


def test_without_notices_no_id_is_looked_at() -> None:
    assert not matched(case(message={"message_id": NOTICE}), Reason.OWN_NOTICE)


def test_stopped_copy_of_a_seen_message_leaves_its_entry_alone() -> None:
    entry = seen(sighting(route="submission"), author=ANNA, reason=Reason.SENT_NOT_MARKED)
    decision = judge(bcc(proof=None, facts=known(entry)))
    assert decision.reason is Reason.COPY_SENDER_UNVERIFIED
    assert (decision.joins, decision.sighting_only) == ("e-seen", True)


def known(entry: object) -> dict[str, object]:
    return {"seen": (entry,), "contacts": CONTACTS, "threads": Facts().threads}


def test_colleague_in_an_mtas_copy_that_nobody_vouches_for_is_unverified() -> None:
    copied = case(author=ANNA, to=(CAROL,), rcpt=(JOURNAL,))
    assert decided(copied) == ("held", "copy-sender-unverified")


def test_stranger_in_an_mtas_copy_is_judged_as_in_path() -> None:
    assert not matched(case(rcpt=(JOURNAL,)), Reason.COPY_SENDER_UNVERIFIED)


@pytest.mark.parametrize(("proof", "held"), [(None, True), (Proof("trusted-client"), False)])
def test_journal_report_counts_by_who_brought_it(proof: Proof | None, *, held: bool) -> None:
    agent = address("microsoftexchange329e71ec@corp.example")
    wrapping = Wrapping("journal", agent, Heading((), 0, authors=(agent,)))
    report = {"journal_report": JournalReport()}
    told = case(wrapping=wrapping, message=report, proof=proof)
    assert matched(told, Reason.COPY_SENDER_UNVERIFIED) is held
