"""What follows from a decision, and contacts as of a moment."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from gateway.model.decision import (
    AttachToEntry,
    EndEnrolment,
    JudgeAnew,
    MakeContact,
    Outcome,
    Reason,
    SuggestAlias,
)
from gateway.model.envelope import Direction, Recipient
from gateway.model.facts import Lookup
from gateway.store import database
from tests.store.office import (
    ANN,
    BOB,
    DAN,
    LOGGED,
    REFUSED,
    TRACK,
    Office,
    letter,
)

TO_LOG = Recipient("log@crm.example")


def rows(office: Office, sql: str) -> list[tuple[Any, ...]]:
    connection = database.connect(office.path, read_only=True)
    try:
        return list(connection.execute(sql).fetchall())
    finally:
        connection.close()


async def test_a_made_contact_is_known_from_then_on(office: Office) -> None:
    assert (await office.facts(letter(1))).contacts == {}
    await office.log(letter(1))
    (contact,) = (await office.facts(letter(2))).contacts[ANN]
    assert (contact.primary, contact.name) == (ANN, "Ann")


async def test_a_reply_ends_an_enrolment_once_and_tells_it(office: Office) -> None:
    with office.registry() as registry:
        registry.add_contact(ANN)
        registry.enroll(ANN, "welcome", BOB)
    (enrolment,) = (await office.facts(letter(1))).enrolments
    assert (enrolment.sequence, enrolment.mailbox) == ("welcome", BOB)
    entry = await office.log(letter(1), EndEnrolment(enrolment.enrolment_id))
    await office.log(letter(2), EndEnrolment(enrolment.enrolment_id))
    await office.record(letter(9))
    assert (await office.facts(letter(3))).enrolments == ()
    told = rows(office, "SELECT told, freed_at FROM outbox WHERE kind = 'sequence.unenrolled'")
    assert len(told) == 1
    assert f'"entry":"{entry}"' in told[0][0]
    assert told[0][1] is not None


async def test_a_refused_reply_ends_no_enrolment(office: Office) -> None:
    with office.registry() as registry:
        registry.add_contact(ANN)
        enrolled = registry.enroll(ANN, "welcome", BOB)
    await office.log(letter(1), EndEnrolment(enrolled.enrolment.enrolment_id), relayed=REFUSED)
    await office.record(letter(9))
    assert len((await office.facts(letter(2))).enrolments) == 1
    assert rows(office, "SELECT void FROM outbox") == [(1,), (1,)]


async def test_an_event_waits_until_the_relay_is_settled(office: Office) -> None:
    await office.log(letter(1), relayed=None)
    assert rows(office, "SELECT kind, freed_at FROM outbox") == [("entry.logged", None)]


async def test_a_report_is_shown_on_its_entry(office: Office) -> None:
    entry = await office.log(letter(1))
    report = AttachToEntry(entry, DAN, "4.4.7", "delayed")
    await office.record(letter(2), outcome=Outcome.LOGGED, effects=(report,))
    assert rows(office, "SELECT recipient, status, action FROM reports") == [
        (DAN, "4.4.7", "delayed")
    ]


async def test_an_alias_is_suggested_once(office: Office) -> None:
    await office.log(letter(1))
    (contact,) = (await office.facts(letter(2))).contacts[ANN]
    for number in (2, 3):
        await office.log(letter(number), SuggestAlias(DAN, contact.contact_id))
    with office.registry() as registry:
        (suggestion,) = registry.suggestions()
        assert (suggestion.address, suggestion.contact.primary) == (DAN, ANN)
        registry.add_address(ANN, DAN)
        assert registry.suggestions() == ()


async def test_another_entry_can_be_judged_anew(office: Office) -> None:
    first = await office.record(letter(1))
    await office.record(letter(2), effects=(JudgeAnew(first),))
    assert await office.store.waiting() == (first,)


async def test_a_marked_answer_to_a_message_is_known(office: Office) -> None:
    first = await office.record(letter(1))
    assert not (await office.facts(letter(1), entry_id=first)).answered_with_mark
    answer = letter(2, cites=[1], author=BOB, to=ANN, X_Log_To_CRM="yes")
    await office.record(answer, by={"direction": Direction.OUTGOING})
    assert (await office.facts(letter(1), entry_id=first)).answered_with_mark


async def test_the_chosen_contact_is_known(office: Office) -> None:
    entry = await office.record(letter(1))
    with office.registry() as registry:
        contact = registry.add_contact(DAN)
        registry.choose_contact(entry, DAN)
    facts = await office.facts(letter(1), entry_id=entry)
    assert facts.chosen_contact == contact.contact_id
    assert await office.store.waiting() == (entry,)


async def test_a_thread_logged_by_hand_is_known_and_judged_anew(office: Office) -> None:
    first = await office.record(letter(1))
    second = await office.record(letter(2, cites=[1]))
    with office.registry() as registry:
        assert registry.log_thread(second) == 2
    assert set(await office.store.waiting()) == {first, second}
    assert (await office.facts(letter(3, cites=[2]))).threads[0].by_hand


async def test_a_merged_contact_forwards_to_its_keeper(office: Office) -> None:
    await office.log(letter(1))
    with office.registry() as registry:
        registry.add_contact(DAN)
        keeper = registry.merge(DAN, ANN)
    facts = await office.facts(letter(2, cites=[1]))
    assert facts.contacts[ANN] == (keeper,)
    assert facts.threads[0].contacts == (keeper,)


async def test_contacts_can_be_asked_as_of_a_moment(office: Office) -> None:
    before = office.clock()
    with office.registry() as registry:
        office.clock.pass_by(hours=1)
        registry.add_contact(ANN)
        registry.add_contact(DAN)
        office.clock.pass_by(hours=1)
        registry.merge(DAN, ANN)

    async def primaries(hours: float) -> list[str]:
        at = before + timedelta(hours=hours)
        facts = await office.store.recall(Lookup("x", addresses=frozenset({ANN}), as_of=at))
        return [contact.primary for contact in facts.contacts.get(ANN, ())]

    assert await primaries(0.5) == []
    assert await primaries(1.5) == [ANN]
    assert await primaries(2.5) == [DAN]


async def test_of_several_contacts_with_one_address_the_threads_own_is_taken(
    office: Office,
) -> None:
    with office.registry() as registry:
        registry.add_contact(ANN)
        dan = registry.add_contact(DAN)
        registry.add_address(DAN, ANN)
    await office.record(letter(1), **{**LOGGED, "contacts": (DAN,), "effects": (TRACK,)})
    await office.record(letter(2, cites=[1]), **LOGGED)
    (thread,) = (await office.facts(letter(3, cites=[1]))).threads
    assert thread.contacts == (registry_contact(office, dan.contact_id),)


def registry_contact(office: Office, number: int) -> object:
    with office.registry() as registry:
        return registry.contact(number)


async def test_of_several_contacts_the_users_own_is_taken(office: Office) -> None:
    with office.registry() as registry:
        registry.add_contact(ANN)
        registry.add_contact(DAN, owner=BOB)
        registry.add_address(DAN, ANN)
    await office.record(letter(1), **{**LOGGED, "user": BOB})
    (thread,) = (await office.facts(letter(3, cites=[1]))).threads
    assert [contact.primary for contact in thread.contacts] == [DAN]


async def test_copies_that_come_again_and_again_are_counted(office: Office) -> None:
    copies = {"route": "copies", "recipients": (TO_LOG,)}
    for number in range(3):
        await office.record(letter(number, text="Loop"), by=copies)
    facts = await office.facts(letter(7, text="Loop"), **copies)
    assert facts.recent_copies == 3
    office.clock.pass_by(minutes=121)
    assert (await office.facts(letter(8, text="Loop"), **copies)).recent_copies == 0


async def test_copies_do_not_count_against_mail_in_path(office: Office) -> None:
    copies = {"route": "copies", "recipients": (TO_LOG,)}
    for number in range(3):
        robot = letter(number, text="Out", Auto_Submitted="auto-replied")
        await office.record(robot, by=copies)
    same = letter(7, text="Out", Auto_Submitted="auto-replied")
    assert (await office.facts(same)).recent_copies == 0


async def test_copies_do_not_count_against_what_is_judged_again(office: Office) -> None:
    copies = {"route": "copies", "recipients": (TO_LOG,)}
    entries = [await office.record(letter(n, text="Loop"), by=copies) for n in range(3)]
    facts = await office.facts(letter(0, text="Loop"), entry_id=entries[0], **copies)
    assert facts.recent_copies == 0


async def test_automatic_copies_of_one_author_are_counted(office: Office) -> None:
    copies = {"route": "copies", "recipients": (TO_LOG,)}
    for number in range(3):
        robot = letter(number, text=f"Out {number}", Auto_Submitted="auto-replied")
        await office.record(robot, by=copies)
    other = letter(7, text="Other", Auto_Submitted="auto-replied")
    assert (await office.facts(other, **copies)).recent_copies == 3


async def test_what_a_robot_writes_himself_is_no_automatic_copy(office: Office) -> None:
    copies = {"route": "copies", "recipients": (TO_LOG,)}
    for number in range(3):
        robot = letter(number, text=f"Out {number}", Auto_Submitted="auto-replied")
        await office.record(robot, by=copies)
    assert (await office.facts(letter(7, text="I am back"), **copies)).recent_copies == 0


async def test_reports_of_one_mailer_daemon_are_no_loop(office: Office) -> None:
    copies = {"route": "copies", "recipients": (TO_LOG,)}
    told = {"Auto_Submitted": "auto-replied", "Content_Type": "multipart/report; boundary=x"}
    for number in range(3):
        await office.record(letter(number, text=f"Gone {number}", **told), by=copies)
    assert (await office.facts(letter(7, text="Gone too", **told), **copies)).recent_copies == 0


async def test_leaving_the_timeline_is_told(office: Office) -> None:
    entry = await office.log(letter(1))
    await office.revise(entry, reason=Reason.DISCARDED)
    kinds = [kind for (kind,) in rows(office, "SELECT kind FROM outbox ORDER BY event")]
    assert kinds == ["entry.logged", "entry.removed"]
    assert not (await office.facts(letter(2, cites=[1]))).threads[0].tracked


async def test_a_contact_is_made_for_a_stranger_by_a_revision(office: Office) -> None:
    entry = await office.record(letter(1))
    await office.revise(entry, **LOGGED, effects=(MakeContact(ANN), TRACK))
    assert (await office.facts(letter(2))).contacts[ANN][0].primary == ANN
