"""What follows from a decision: contacts, threads, sequences, reports, and who has the credit."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.model.decision import (
    AttachToEntry,
    EndEnrolment,
    JudgeAnew,
    MakeContact,
    Outcome,
    Reason,
    SuggestAlias,
    TrackThread,
)
from gateway.model.directory import NeverLog
from gateway.model.facts import Contact, Enrolment
from gateway.model.message import Kind, RecipientStatus, Report
from gateway.rules.judge import judge
from gateway.rules.presets import HUBSPOT_2026
from tests.rules.cases import (
    ANNA,
    BOB,
    CAROL,
    CAROLS,
    DAVE,
    DAVES,
    DORA,
    GATE,
    IVY,
    OFFER,
    OURS,
    SALES,
    TEAM_THREAD,
    address,
    case,
    forward,
    marked,
    past,
    reply,
    the_directory,
    tracked,
    untracked,
)

HELLO = past(IVY, [ANNA], logged=False, reason=Reason.SENDER_NOT_CONTACT, entry_id="e-hello")
TRACKED_BY_ANNA = TrackThread(ANNA, ANNA)
ENROLLED = {"enrolments": (Enrolment(5, "spring", 1, ANNA), Enrolment(6, "autumn", 2, ANNA))}
ROBOT = "no-reply@customer.example"


def test_mark_makes_contacts_of_all_its_recipients() -> None:
    decision = judge(marked(to=(CAROL,), cc=(IVY,)))
    assert decision.effects == (MakeContact(IVY), TRACKED_BY_ANNA)
    assert decision.contacts == (CAROL, IVY)


def test_contact_gets_the_display_name() -> None:
    asked = marked(to=(CAROL,), heading={"to": (address(IVY, "Ivy Ito"),)})
    assert MakeContact(IVY, "Ivy Ito") in judge(asked).effects


def test_policy_may_make_no_contacts() -> None:
    decision = judge(marked(cc=(IVY,), policy=replace(OURS, create_contacts="never")))
    assert decision.effects == (TRACKED_BY_ANNA,)
    assert decision.contacts == (CAROL,)


@pytest.mark.parametrize(
    "key",
    [
        "info@customer.example",
        "sales+web@customer.example",
        "no-reply@customer.example",
        "donotreply-7@customer.example",
        "dev-list@customer.example",
        "owner-dev@customer.example",
        "dev-bounces@customer.example",
    ],
)
def test_gateway_makes_no_contact_of_a_role_a_list_or_a_robot(key: str) -> None:
    assert MakeContact(key) not in judge(marked(cc=(key,), policy=GATE)).effects
    assert MakeContact(key) in judge(marked(cc=(key,))).effects


@pytest.mark.parametrize("key", ["list.anna@x.example", "noah@x.example", "infomann@x.example"])
def test_people_are_no_roles(key: str) -> None:
    assert MakeContact(key) in judge(marked(cc=(key,), policy=GATE)).effects


def test_tracked_thread_is_not_tracked_again() -> None:
    assert judge(marked(thread=tracked())).effects == ()


def test_received_mail_tracks_a_thread_that_nobody_started() -> None:
    assert judge(case(policy=GATE)).effects == (TrackThread("", ANNA),)


def test_received_at_no_mailbox_tracks_it_in_none() -> None:
    home = judge(case(policy=GATE, to=("anna@home.example",)))
    assert home.effects == (TrackThread("", ""),)
    assert home.user == ""


def test_team_mail_makes_a_contact_and_tracks_the_thread_of_the_team() -> None:
    decision = judge(case(author=IVY, to=(ANNA, SALES)))
    assert decision.effects == (MakeContact(IVY), TrackThread(SALES, SALES))
    assert (decision.contacts, decision.user) == ((IVY,), "")


def test_reply_ends_the_enrolments_of_its_contact_alone() -> None:
    assert judge(reply(facts=ENROLLED)).effects == (EndEnrolment(5),)


def test_reply_of_unknown_ends_those_of_the_contact_that_it_goes_under() -> None:
    decision = judge(reply(author=DORA, policy=GATE, facts=ENROLLED))
    assert EndEnrolment(5) in decision.effects


def test_team_mail_in_a_thread_ends_enrolments() -> None:
    decision = judge(reply(to=(SALES,), thread=TEAM_THREAD, facts=ENROLLED))
    assert (decision.reason, decision.effects) == (Reason.TEAM_MAIL, (EndEnrolment(5),))


def test_new_team_mail_ends_none() -> None:
    assert EndEnrolment(5) not in judge(case(to=(SALES,), facts=ENROLLED)).effects


@pytest.mark.parametrize("kind", [Kind.AUTO_REPLY, Kind.AUTO_GENERATED, Kind.CALENDAR])
def test_automatic_answers_never_end_an_enrolment(kind: Kind) -> None:
    assert judge(reply(message={"kind": kind}, facts=ENROLLED)).effects == ()


def test_what_is_not_logged_ends_no_enrolment() -> None:
    assert judge(reply(thread=untracked(), facts=ENROLLED)).effects == ()


def test_held_reply_ends_no_enrolment() -> None:
    decision = judge(reply(author=IVY, policy=GATE, facts=ENROLLED))
    assert (decision.outcome, decision.effects) == (Outcome.HELD, ())


def test_alias_is_suggested_where_the_switch_says_so() -> None:
    assert SuggestAlias(DORA, 1) in judge(reply(author=DORA, policy=GATE)).effects
    assert judge(reply(author=DORA, policy=HUBSPOT_2026)).effects == ()


def test_first_recipient_of_a_thread_without_contacts_becomes_one() -> None:
    decision = judge(reply(author=DORA, policy=GATE, thread=tracked(contacts=()), contacts={}))
    assert decision.effects == (MakeContact(CAROL),)
    assert decision.contacts == (CAROL,)


def test_bounce_is_shown_on_the_entry_of_each_recipient() -> None:
    results = (
        RecipientStatus(CAROL, "failed", "5.1.1"),
        RecipientStatus(DAVE, "delayed", "4.4.1"),
        RecipientStatus(IVY, "failed", "5.1.1"),
    )
    original = replace(OFFER, recipients=frozenset({CAROL, DAVE}))
    message = {"kind": Kind.BOUNCE, "report": Report(results)}
    decision = judge(reply(message=message, facts={"reported": (original,)}))
    assert decision.effects == (
        AttachToEntry("e-anna@corp.example", CAROL, "5.1.1", "failed"),
        AttachToEntry("e-anna@corp.example", DAVE, "4.4.1", "delayed"),
    )
    assert decision.contacts == (CAROL, DAVE)


def test_report_tracks_no_thread() -> None:
    message = {"kind": Kind.BOUNCE, "report": Report((RecipientStatus(CAROL),))}
    asked = reply(message=message, facts={"reported": (OFFER,)}, thread=untracked(), policy=GATE)
    assert [type(effect) for effect in judge(asked).effects] == [AttachToEntry]


def test_answer_with_a_mark_has_the_strangers_message_judged_anew() -> None:
    answer = marked(to=(IVY,), policy=GATE, thread=untracked(original=HELLO, parent=HELLO))
    assert JudgeAnew("e-hello") in judge(answer).effects


@pytest.mark.parametrize(
    "parent", [replace(HELLO, reason=Reason.SPAM), past(ANNA, [IVY], reason=HELLO.reason)]
)
def test_nothing_else_is_adopted(parent: object) -> None:
    thread = untracked(original=parent, parent=parent)
    answer = marked(to=(IVY,), policy=GATE, thread=thread)
    assert JudgeAnew not in {type(effect) for effect in judge(answer).effects}


def test_forward_goes_under_its_author_who_becomes_a_contact() -> None:
    decision = judge(forward(author=IVY))
    assert decision.effects == (MakeContact(IVY), TRACKED_BY_ANNA)
    assert (decision.contacts, decision.user) == ((IVY,), ANNA)


def test_forward_in_a_thread_goes_under_its_contact_and_suggests_the_alias() -> None:
    decision = judge(forward(author=DORA, thread=tracked()))
    assert decision.effects == (SuggestAlias(DORA, 1),)
    assert decision.contacts == (CAROL,)


def test_forward_of_a_contacts_mail_in_a_thread_suggests_nothing() -> None:
    decision = judge(forward(author=DAVE, thread=tracked()))
    assert (decision.effects, decision.contacts) == ((), (CAROL, DAVE))


def test_forward_in_a_thread_without_contacts_makes_one_of_its_author() -> None:
    decision = judge(forward(author=DORA, thread=tracked(contacts=()), contacts={}))
    assert MakeContact(DORA) in decision.effects


def test_forward_of_a_users_own_mail_goes_under_its_outside_recipients() -> None:
    decision = judge(forward(by=BOB, author=ANNA, to=(CAROL, IVY)))
    assert decision.contacts == (CAROL, IVY)
    assert MakeContact(IVY) in decision.effects
    assert (decision.user, decision.evidence) == (BOB, {"by": BOB, "proof": "dkim"})


def test_forward_from_a_team_is_credited_to_nobody() -> None:
    decision = judge(forward(by=SALES, author=IVY))
    assert decision.user == ""


def test_forward_by_nobody_known_has_no_credit() -> None:
    wrapped = forward(author=IVY)
    nobody = replace(wrapped, wrapping=replace(wrapped.wrapping, author=None))  # type: ignore[type-var]
    assert judge(nobody).reason is Reason.COPY_SENDER_UNKNOWN


def test_starter_has_the_credit_of_a_reply() -> None:
    assert judge(reply(to=(BOB, ANNA))).user == ANNA


def test_reached_user_has_the_credit_where_a_team_began() -> None:
    decision = judge(reply(to=(BOB,), thread=TEAM_THREAD, policy=GATE))
    assert decision.user == BOB


def test_contact_is_named_by_its_primary_address() -> None:
    other = Contact(1, "primary@customer.example", "Carol", (CAROL,))
    assert judge(reply(contacts={CAROL: (other,)})).contacts == ("primary@customer.example",)


def test_settled_contact_is_named_among_several() -> None:
    twins = {CAROL: (CAROLS, DAVES)}
    assert judge(reply(contacts=twins)).contacts == (CAROL,)


def test_unsettled_recipient_is_named_by_the_address_itself() -> None:
    twins = {CAROL: (CAROLS, DAVES)}
    assert judge(marked(contacts=twins)).contacts == (CAROL,)


def test_sent_mail_concerns_the_senders_mailbox_first() -> None:
    assert judge(marked(to=(BOB, CAROL))).mailboxes == (ANNA, BOB)


def test_role_address_gets_no_contact_by_a_forward_in_the_gateway() -> None:
    assert MakeContact(ROBOT) not in judge(forward(author=ROBOT, policy=GATE)).effects


def test_listed_first_recipient_becomes_no_contact() -> None:
    listed = the_directory(never_log=(NeverLog(CAROL),))
    thread = tracked(contacts=())
    decision = judge(reply(author=DORA, policy=GATE, thread=thread, contacts={}, directory=listed))
    assert (decision.reason, decision.effects) == (Reason.REPLY_FROM_UNKNOWN, ())
    assert decision.contacts == ()
