"""What a person decides."""

from __future__ import annotations

import pytest

from gateway.model.decision import Keep, MakeContact, Outcome, Reason, TrackThread
from gateway.model.directory import NeverLog
from gateway.model.facts import Contact
from gateway.model.message import Attachment
from gateway.rules.by_hand import discard_by_hand, log_by_hand
from tests.rules.cases import ANNA, CAROL, GATE, IVY, case, offer, reply, the_directory

OVER = Attachment("2", "a.bin", "application/octet-stream", 50_000_001, b"\5" * 32)


@pytest.mark.parametrize("reason", [Reason.LOGGED_BY_HAND, Reason.APPROVED, Reason.IMPORTED])
def test_person_decides_whatever_the_rules_say(reason: Reason) -> None:
    decision = log_by_hand(offer(), reason, ANNA)
    assert (decision.outcome, decision.reason, decision.keep) == (
        Outcome.LOGGED,
        reason,
        Keep.CONTENT,
    )
    assert (decision.remedy, decision.command, decision.evidence) == ("", "", {"by": ANNA})


def test_trace_still_tells_what_the_rules_said() -> None:
    decision = log_by_hand(offer(), Reason.LOGGED_BY_HAND, ANNA)
    assert "sent-not-marked" in {answer.rule for answer in decision.trace if answer.matched}


def test_its_people_become_contacts_and_its_thread_is_tracked() -> None:
    decision = log_by_hand(offer(to=(CAROL, IVY)), Reason.LOGGED_BY_HAND, ANNA)
    assert decision.effects == (MakeContact(IVY), TrackThread(ANNA, ANNA))
    assert decision.contacts == (CAROL, IVY)


def test_hand_that_tracks_a_thread_begins_it_for_the_user_whose_mail_it_is() -> None:
    decision = log_by_hand(case(author=IVY), Reason.LOGGED_BY_HAND, ANNA)
    assert TrackThread(ANNA, ANNA) in decision.effects


def test_listed_people_are_left_out() -> None:
    listed = the_directory(never_log=(NeverLog(IVY),))
    decision = log_by_hand(offer(to=(CAROL, IVY), directory=listed), Reason.APPROVED, ANNA)
    assert decision.contacts == (CAROL,)


def test_contact_is_named_by_its_primary_address() -> None:
    other = Contact(1, "primary@customer.example", "Carol", (CAROL,))
    decision = log_by_hand(reply(contacts={CAROL: (other,)}, policy=GATE), Reason.APPROVED, ANNA)
    assert decision.contacts == ("primary@customer.example",)


def test_files_over_the_limit_are_left_out_by_hand_too() -> None:
    asked = offer(message={"attachments": (OVER,)})
    assert log_by_hand(asked, Reason.LOGGED_BY_HAND, ANNA).outcome is Outcome.PARTIAL


def test_what_is_discarded_is_not_logged_and_its_content_not_kept() -> None:
    decision = discard_by_hand(reply(policy=GATE), ANNA)
    assert (decision.outcome, decision.reason, decision.keep) == (
        Outcome.NOT_LOGGED,
        Reason.DISCARDED,
        Keep.IDS,
    )
    assert (decision.effects, decision.evidence) == ((), {"by": ANNA})
