"""Who is told, and who never is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.interfaces import Passage
from gateway.model.decision import Decision, Note, Outcome, Reason
from gateway.model.directory import Directory, LoggingAddress, User
from gateway.model.envelope import Relayed, RelayState
from gateway.notices.occasion import Occasion, occasions_of
from gateway.rules.notices import notice_id
from tests.letters import envelope_of, letter

ANNA, LOG, KEY = "anna@corp.example", "log@gate.example", b"k" * 32
OURS = Directory(
    domains=frozenset({"corp.example"}),
    users=(User(ANNA), User("noreply@corp.example")),
    logging_addresses=(LoggingAddress(LOG), LoggingAddress("journal@gate.example", "journal")),
    notice_key=KEY,
)
HELD = Decision(Outcome.HELD, Reason.COPY_SENDER_UNVERIFIED, "Approve it once.", {}, ())


def passage(
    octets: bytes | None = None,
    *,
    decision: Decision = HELD,
    mail_from: str = ANNA,
    to: str = LOG,
    state: RelayState = RelayState.CONSUMED,
) -> Passage:
    octets = letter(author=f"Anna <{ANNA}>") if octets is None else octets
    envelope = envelope_of(octets, mail_from=mail_from, rcpt_to=to)
    return Passage(envelope, "", "e", decision, Relayed(state), decisions=(("e", decision),))


def told(given: Passage) -> list[Occasion]:
    return list(occasions_of(given, OURS))


def test_a_user_is_told_of_a_copy_that_is_held() -> None:
    (occasion,) = told(passage())
    assert (occasion.user, occasion.recipient) == (ANNA, ANNA)
    assert occasion.faults[0].remedy == "Approve it once."


def test_a_user_is_told_of_each_file_that_was_left_out() -> None:
    notes = tuple(
        Note(Reason.ATTACHMENT_TOO_LARGE, part, f"{part} is too large.", {}, partial=True)
        for part in ("1", "2")
    )
    partial = Decision(Outcome.PARTIAL, Reason.BCC_COPY, "", {}, (), notes)
    (occasion,) = told(passage(decision=partial))
    assert [fault.remedy for fault in occasion.faults] == ["1 is too large.", "2 is too large."]


def test_nobody_is_told_of_what_was_logged() -> None:
    assert not told(passage(decision=replace(HELD, outcome=Outcome.LOGGED)))


def test_nobody_is_told_of_mail_in_path() -> None:
    assert not told(passage(state=RelayState.RELAYED))


def test_a_stranger_is_never_told() -> None:
    assert not told(passage(letter()))


def test_a_null_sender_is_never_told() -> None:
    assert not told(passage(mail_from=""))


def test_a_journal_is_never_told() -> None:
    assert not told(passage(to="journal@gate.example"))


def test_a_robot_is_never_told() -> None:
    assert not told(passage(letter(author="noreply@corp.example")))


def test_who_redirected_it_is_told() -> None:
    (occasion,) = told(passage(letter(Resent_From=ANNA)))
    assert occasion.recipient == ANNA


@pytest.mark.parametrize(
    "fields",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Auto_Submitted": "auto-generated"},
        {"Precedence": "bulk"},
        {"Precedence": "list"},
        {"List_Id": "<all.corp.example>"},
        {"X_Auto_Response_Suppress": "DR, AutoReply"},
        {"X_Auto_Response_Suppress": "All"},
        {"In_Reply_To": f"<{notice_id('t', 'corp.example', KEY)}>"},
    ],
)
def test_what_a_program_sent_is_never_answered(fields: dict[str, str]) -> None:
    assert not told(passage(letter(author=ANNA, **fields)))


@pytest.mark.parametrize(
    "reason", [Reason.COPY_SENDER_UNKNOWN, Reason.MAIL_LOOP, Reason.OWN_NOTICE]
)
def test_some_reasons_are_never_told(reason: Reason) -> None:
    assert not told(passage(decision=replace(HELD, outcome=Outcome.NOT_LOGGED, reason=reason)))
