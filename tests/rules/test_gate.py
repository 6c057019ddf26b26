"""Stage 0: the privacy gate."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace

import pytest

from gateway.model.arrival import Wrapping
from gateway.model.case import Case
from gateway.model.decision import Keep, Reason
from gateway.model.directory import NeverLog, User
from gateway.model.message import Heading, Kind
from gateway.rules.judge import judge, judge_gate
from tests.rules.cases import (
    ANNA,
    BOB,
    BOBS,
    CAROL,
    DAVE,
    DIRECTORY,
    GATE,
    IVY,
    LOG,
    NOW,
    SALES,
    Pair,
    address,
    arrival,
    bcc,
    case,
    forward,
    holds,
    marked,
    matched,
    offer,
    reply,
    sighting,
    the_directory,
    with_mailboxes,
)

CAROL_LISTED = the_directory(never_log=(NeverLog(CAROL),))
DOMAIN_LISTED = the_directory(never_log=(NeverLog("customer.example"),))
ANNAS_LIST = the_directory(never_log=(NeverLog(CAROL, ANNA),))
REMOVED = the_directory(never_log=(NeverLog(CAROL, removed_at=NOW),))
ANNA_OUT = the_directory(users=(User(ANNA, logging=False), User(BOB)))
KEY = b"k" * 32


def digest(key: str) -> str:
    return hmac.new(KEY, key.encode(), hashlib.sha256).hexdigest()


ERASED = the_directory(erased_key=KEY, erased=frozenset({digest(CAROL), digest(DAVE)}))

PAIRS = [
    Pair(
        Reason.NEVER_LOG_ACCOUNT,
        "not_logged",
        reply,
        {"directory": CAROL_LISTED},
        {"directory": DIRECTORY},
        "logged tracked-reply",
    ),
    Pair(
        Reason.NEVER_LOG_ACCOUNT,
        "not_logged",
        reply,
        {"directory": DOMAIN_LISTED, "policy": GATE},
        {"author": "carol@sub.customer.example"},
        "held stranger-in-thread",
        "by domain",
    ),
    Pair(
        Reason.NEVER_LOG_ACCOUNT,
        "not_logged",
        reply,
        {"directory": CAROL_LISTED},
        {"directory": REMOVED},
        "logged tracked-reply",
        "until it is removed",
    ),
    Pair(
        Reason.NEVER_LOG_ACCOUNT,
        "not_logged",
        marked,
        {"directory": CAROL_LISTED},
        {"to": (CAROL, DAVE)},
        "logged opted-in",
        "outgoing to nobody else",
    ),
    Pair(
        Reason.NEVER_LOG_USER,
        "not_logged",
        reply,
        {"directory": ANNAS_LIST},
        {"to": (ANNA, BOB)},
        "not_logged original-to-never-log",
    ),
    Pair(
        Reason.MARKED_PRIVATE,
        "not_logged",
        reply,
        {"heading": {"private": "Sensitivity: private"}},
        {"heading": {"private": ""}},
        "logged tracked-reply",
    ),
    Pair(
        Reason.NO_TRACKED_MAILBOX,
        "not_logged",
        case,
        {"to": ("eve@corp.example",)},
        {"to": (ANNA,)},
        "not_logged not-a-reply",
    ),
    Pair(
        Reason.NO_TRACKED_MAILBOX,
        "not_logged",
        case,
        {"to": ("eve@corp.example",)},
        {"to": ("anna@home.example",)},
        "not_logged not-a-reply",
        "nor a further address",
    ),
    Pair(
        Reason.NO_TRACKED_MAILBOX,
        "not_logged",
        case,
        {"to": ("eve@corp.example",)},
        {"directory": with_mailboxes(replace(BOBS, aliases=("eve@corp.example",)))},
        "not_logged not-a-reply",
        "nor an alias",
    ),
    Pair(
        Reason.USER_OPTED_OUT,
        "not_logged",
        reply,
        {"directory": ANNA_OUT},
        {"directory": DIRECTORY},
        "logged tracked-reply",
    ),
    Pair(
        Reason.USER_OPTED_OUT,
        "not_logged",
        case,
        {"directory": ANNA_OUT, "to": (ANNA,)},
        {"to": (ANNA, SALES)},
        "logged team-mail",
        "and no team is on it",
    ),
    Pair(
        Reason.USER_OPTED_OUT,
        "not_logged",
        reply,
        {"directory": ANNA_OUT},
        {"to": (ANNA, BOB)},
        "logged tracked-reply",
        "and nobody else is",
    ),
    Pair(
        Reason.INTERNAL_ONLY,
        "not_logged",
        offer,
        {"to": (BOB,)},
        {"to": (BOB, CAROL)},
        "not_logged sent-not-marked",
    ),
    Pair(
        Reason.INTERNAL_ONLY,
        "not_logged",
        case,
        {"author": "mailer-daemon@corp.example", "envelope": {"mail_from": "x@corp.example"}},
        {"envelope": {"mail_from": ""}},
        "not_logged colleague-wrote",
        "but a delivery report",
    ),
    Pair(
        Reason.INTERNAL_ONLY,
        "not_logged",
        case,
        {"author": "gate@corp.example", "message": {"kind": Kind.PERSONAL}},
        {"message": {"kind": Kind.BOUNCE}},
        "not_logged bounce-unmatched",
        "but a report by its body",
    ),
    Pair(
        Reason.ERASED,
        "not_logged",
        reply,
        {"directory": ERASED},
        {"cc": (IVY,)},
        "logged tracked-reply",
    ),
]


@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_a_single_fact_decides(pair: Pair) -> None:
    holds(pair)


def test_listed_author_leaves_digests_only() -> None:
    decision = judge(reply(directory=CAROL_LISTED))
    assert (decision.keep, decision.notes, decision.mailboxes) == (Keep.DIGESTS, (), ())


def test_remedy_of_a_list_names_the_entry_that_matched() -> None:
    decision = judge(reply(directory=DOMAIN_LISTED))
    assert decision.remedy.startswith(
        f"{CAROL} is on the company never-log list (customer.example)"
    )


def test_command_for_a_users_own_list_names_the_user() -> None:
    assert judge(reply(directory=ANNAS_LIST)).command.endswith(f"--user {ANNA}")


def test_listed_participant_is_not_tied_and_no_contact_is_made() -> None:
    decision = judge(marked(to=(CAROL, IVY), directory=the_directory(never_log=(NeverLog(IVY),))))
    notes = [(note.reason, note.subject) for note in decision.notes]
    assert notes == [(Reason.NEVER_LOG_PARTICIPANT, IVY)]
    assert decision.contacts == (CAROL,)
    assert IVY not in str(decision.effects)


def test_participant_on_the_only_users_list_is_noted() -> None:
    listed = the_directory(never_log=(NeverLog(IVY, ANNA),))
    assert [note.subject for note in judge(reply(cc=(IVY,), directory=listed)).notes] == [IVY]


def test_participant_on_one_of_two_users_lists_is_not_noted() -> None:
    listed = the_directory(never_log=(NeverLog(IVY, ANNA),))
    assert judge(reply(to=(ANNA, BOB), cc=(IVY,), directory=listed)).notes == ()


def test_gate_asks_no_more_than_the_gate() -> None:
    decision = judge_gate(arrival(directory=CAROL_LISTED))
    assert decision is not None
    assert {answer.stage.value for answer in decision.trace} == {"0"}


def test_gate_lets_pass_what_it_has_no_opinion_of() -> None:
    assert judge_gate(arrival()) is None


def test_message_without_an_author_is_no_business_of_the_lists() -> None:
    assert judge_gate(arrival(author=None, directory=CAROL_LISTED)) is None


def test_no_tracked_mailbox_names_the_address_of_the_company() -> None:
    decision = judge_gate(arrival(to=(IVY, "eve@corp.example")))
    assert decision is not None
    assert decision.evidence == {"address": "eve@corp.example"}


def test_of_a_forward_only_privacy_is_asked_before_it_is_unwrapped() -> None:
    outer = arrival(author=ANNA, to=(LOG,), directory=ANNA_OUT)
    private = arrival(author=ANNA, to=(LOG,), heading={"private": "[nolog]"})
    assert judge_gate(outer) is None
    decision = judge_gate(private)
    assert decision is not None
    assert decision.reason is Reason.MARKED_PRIVATE


def test_of_a_journal_report_only_privacy_is_asked() -> None:
    report = {"x-ms-journal-report": ""}
    assert (
        judge_gate(
            arrival(author="journal@corp.example", rcpt=("journal@crm.example",), fields=report)
        )
        is None
    )


def test_message_inside_a_forward_passes_the_gate_itself() -> None:
    wrapping = Wrapping("forward", address(ANNA), Heading((), 0, authors=(address(ANNA),)))
    decision = judge_gate(arrival(rcpt=(LOG,), wrapping=wrapping, directory=CAROL_LISTED))
    assert decision is not None
    assert decision.reason is Reason.NEVER_LOG_ACCOUNT


def test_forward_from_nobodys_address_is_not_the_gates() -> None:
    wrapping = Wrapping("forward", address(IVY), Heading((), 0, authors=(address(IVY),)))
    assert judge_gate(arrival(rcpt=(LOG,), wrapping=wrapping, directory=CAROL_LISTED)) is None


def test_forwarder_counts_as_a_tracked_user_of_what_he_forwards() -> None:
    assert decided_reason(forward(to=("eve@corp.example",))) is Reason.LOGGED_BY_FORWARD


def test_forward_by_a_user_without_a_mailbox_has_no_tracked_mailbox() -> None:
    directory = the_directory(users=(*DIRECTORY.users, User("eve@corp.example")))
    eves = forward("eve@corp.example", to=("zoe@corp.example",), directory=directory)
    assert decided_reason(eves) is Reason.NO_TRACKED_MAILBOX


def test_bcc_copy_from_nobody_is_no_matter_of_mailboxes() -> None:
    stray = bcc(author=IVY, to=("other@elsewhere.example",), proof=None)
    assert not matched(stray, Reason.NO_TRACKED_MAILBOX)


def test_copy_with_nothing_but_a_logging_address_has_no_tracked_mailbox() -> None:
    by_team = forward(to=(), author=IVY, by=SALES)
    assert not matched(by_team, Reason.NO_TRACKED_MAILBOX)


def test_bcc_copy_is_judged_on_the_parties_of_all_sightings() -> None:
    in_path = sighting(recipients=frozenset({CAROL, DAVE}), route="submission")
    alone = bcc(directory=CAROL_LISTED)
    together = bcc(directory=CAROL_LISTED, facts={"earlier": (in_path,)})
    assert matched(alone, Reason.NEVER_LOG_ACCOUNT)
    assert not matched(together, Reason.NEVER_LOG_ACCOUNT)


def test_erased_party_among_others_gets_no_contact() -> None:
    decision = judge(marked(to=(CAROL, IVY), directory=ERASED, contacts={}))
    assert [getattr(effect, "address", "") for effect in decision.effects][:1] == [IVY]
    assert decision.contacts == (IVY,)


def decided_reason(asked: Case) -> Reason:
    return judge(asked).reason
