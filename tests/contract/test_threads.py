"""Threads: ids, ghosts, aliases, late parents, merges."""

from __future__ import annotations

import base64

from gateway.model.decision import Keep, Outcome, Reason
from gateway.model.envelope import Recipient
from tests.store.office import ANN, BOB, DAN, LOGGED, SALES, Office, decision, letter


async def test_new_mail_is_tied_to_nothing(office: Office) -> None:
    facts = await office.facts(letter(1))
    assert (facts.seen, facts.threads) == ((), ())


async def test_citing_an_id_that_nobody_saw_ties_to_nothing(office: Office) -> None:
    facts = await office.facts(letter(2, cites=[1]))
    assert facts.threads == ()


async def test_a_reply_finds_thread_parent_and_original(office: Office) -> None:
    first = await office.record(letter(1))
    second = await office.record(letter(2, cites=[1]))
    (thread,) = (await office.facts(letter(3, cites=[1, 2]))).threads
    assert thread.original is not None
    assert thread.parent is not None
    assert (thread.original.entry_id, thread.parent.entry_id) == (first, second)
    assert not thread.tracked


async def test_the_parent_is_the_nearest_known_citation(office: Office) -> None:
    await office.record(letter(1))
    await office.record(letter(2, cites=[1]))
    facts = await office.facts(letter(3, cites=[1, 2]))
    (thread,) = facts.threads
    assert thread.parent is not None
    assert thread.parent.message_id == "2@client.example"


async def test_two_that_cite_the_same_ghost_belong_together(office: Office) -> None:
    await office.record(letter(2, cites=[1]))
    facts = await office.facts(letter(3, cites=[1]))
    assert len(facts.threads) == 1
    assert facts.threads[0].original is None


async def test_a_late_parent_adopts_its_orphans_and_has_them_judged_anew(office: Office) -> None:
    orphan = await office.record(letter(2, cites=[1]))
    assert await office.store.waiting() == ()
    parent = await office.record(letter(1))
    assert await office.store.waiting() == (orphan,)
    (thread,) = (await office.facts(letter(2, cites=[1]), entry_id=orphan)).threads
    assert thread.original is not None
    assert thread.original.entry_id == parent


async def test_orphans_of_which_nothing_is_kept_do_not_wait(office: Office) -> None:
    await office.record(letter(2, cites=[1]), keep=Keep.IDS)
    await office.record(letter(1))
    assert await office.store.waiting() == ()


async def test_a_thread_that_becomes_tracked_has_the_rest_judged_anew(office: Office) -> None:
    stopped = await office.record(letter(1))
    logged = await office.log(letter(2, cites=[1]))
    await office.log(letter(3, cites=[1, 2]))
    assert await office.store.waiting() == (stopped,)
    (thread,) = (await office.facts(letter(4, cites=[2]))).threads
    assert (thread.tracked, thread.starter, thread.began_in) == (True, BOB, BOB)
    assert thread.began_at == office.clock()
    assert thread.parent is not None
    assert thread.parent.entry_id == logged


async def test_a_dismissed_entry_waits_no_longer(office: Office) -> None:
    orphan = await office.record(letter(2, cites=[1]))
    await office.record(letter(1))
    await office.store.dismiss(orphan)
    assert await office.store.waiting() == ()


async def test_a_revised_entry_waits_no_longer(office: Office) -> None:
    orphan = await office.record(letter(2, cites=[1]))
    await office.record(letter(1))
    await office.revise(orphan, outcome=Outcome.HELD, reason=Reason.STRANGER_IN_THREAD)
    assert await office.store.waiting() == ()


async def test_a_message_that_cites_two_threads_makes_them_one(office: Office) -> None:
    await office.record(letter(1))
    await office.record(letter(2))
    assert len((await office.facts(letter(3, cites=[1, 2]))).threads) == 2
    await office.record(letter(3, cites=[1, 2]))
    assert len((await office.facts(letter(4, cites=[1, 2]))).threads) == 1


async def test_merging_into_a_tracked_thread_has_the_rest_judged_anew(office: Office) -> None:
    stopped = await office.record(letter(1))
    await office.log(letter(2))
    joining = await office.record(letter(3, cites=[1, 2]))
    assert set(await office.store.waiting()) == {stopped}
    assert joining not in await office.store.waiting()


async def test_merged_threads_stay_one_when_merged_again(office: Office) -> None:
    for number in (1, 2, 3):
        await office.record(letter(number))
    await office.record(letter(4, cites=[1, 2]))
    await office.record(letter(5, cites=[3, 4]))
    facts = [await office.facts(letter(9, cites=[number])) for number in (1, 2, 3, 4, 5)]
    assert len({thread.thread_id for one in facts for thread in one.threads}) == 1


async def test_tracked_threads_of_different_contacts_stay_apart(office: Office) -> None:
    with office.registry() as registry:
        registry.add_contact(DAN)
    await office.log(letter(1))
    await office.record(letter(2, author=DAN), **{**LOGGED, "contacts": (DAN,)})
    await office.record(letter(3, cites=[1, 2]), outcome=Outcome.HELD)
    assert len((await office.facts(letter(4, cites=[1, 2]))).threads) == 2


async def test_tracked_threads_of_one_contact_become_one(office: Office) -> None:
    await office.log(letter(1))
    await office.log(letter(2))
    await office.log(letter(3, cites=[1, 2]))
    (thread,) = (await office.facts(letter(4, cites=[1, 2]))).threads
    assert [contact.primary for contact in thread.contacts] == [ANN]


async def test_an_alias_leads_to_the_message(office: Office) -> None:
    alias = {"X_Microsoft_Original_Message_ID": "<old@client.example>"}
    entry = await office.record(letter(1, **alias))
    (thread,) = (await office.facts(letter(2, cites=["old"]))).threads
    assert thread.parent is not None
    assert thread.parent.entry_id == entry
    assert (await office.facts(letter("old"))).seen[0].entry_id == entry


async def test_one_conversation_needs_a_shared_participant(office: Office) -> None:
    index = base64.b64encode(bytes(range(1, 23))).decode()
    await office.record(letter(1, Thread_Index=index))
    shared = await office.facts(letter(2, Thread_Index=index))
    other = letter(3, author="eve@elsewhere.example", to=SALES, Thread_Index=index)
    assert len(shared.threads) == 1
    assert (await office.facts(other, recipients=(Recipient(SALES),))).threads == ()


async def test_a_conversation_ties_what_is_recorded(office: Office) -> None:
    index = base64.b64encode(bytes(range(1, 23))).decode()
    await office.record(letter(1, Thread_Index=index))
    await office.record(letter(2, Thread_Index=index))
    (thread,) = (await office.facts(letter(3, cites=[2]))).threads
    assert thread.original is not None
    assert thread.original.message_id == "1@client.example"


async def test_an_entry_alone_in_its_thread_is_new_when_judged_again(office: Office) -> None:
    entry = await office.record(letter(2, cites=[1]))
    facts = await office.facts(letter(2, cites=[1]), entry_id=entry)
    assert (facts.seen, facts.threads) == ((), ())


async def test_an_entry_is_not_its_own_original(office: Office) -> None:
    entry = await office.record(letter(1))
    await office.record(letter(2, cites=[1]))
    (thread,) = (await office.facts(letter(1), entry_id=entry)).threads
    assert thread.original is None


async def test_outside_parties_of_logged_messages_are_known(office: Office) -> None:
    await office.log(letter(1, to=f"{BOB}, {DAN}"))
    await office.record(letter(2, cites=[1], author="eve@elsewhere.example"))
    (thread,) = (await office.facts(letter(3, cites=[1]))).threads
    assert thread.outside == {ANN, DAN}


async def test_a_never_log_original_is_known_by_its_digest_alone(office: Office) -> None:
    arrival = office.arrival(letter(1))
    stopped = decision(reason=Reason.NEVER_LOG_ACCOUNT, keep=Keep.DIGESTS)
    entry = await office.store.record(arrival, stopped)
    (thread,) = (await office.facts(letter(2, cites=[1]))).threads
    assert thread.original is not None
    assert thread.original.entry_id == entry
    assert thread.original.reason is Reason.NEVER_LOG_ACCOUNT
    assert (thread.original.message_id, thread.original.author) == ("", "")


REPORT = b"""\
From: Mail Delivery System <mailer-daemon@mx.client.example>
To: bob@corp.example
Subject: Undelivered Mail Returned to Sender
Message-ID: <report@mx.client.example>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="=_r"

--=_r
Content-Type: text/plain

It could not be delivered.

--=_r
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.client.example

Final-Recipient: rfc822; ann@client.example
Action: failed
Status: 5.1.1

--=_r
Content-Type: text/rfc822-headers

Message-ID: <1@client.example>
From: bob@corp.example
To: ann@client.example

--=_r--
""".replace(b"\n", b"\r\n")


async def test_a_report_leads_to_the_message_that_it_speaks_of(office: Office) -> None:
    entry = await office.record(letter(1))
    facts = await office.facts(REPORT)
    assert [message.entry_id for message in facts.reported] == [entry]


async def test_an_answer_reports_on_nothing(office: Office) -> None:
    await office.record(letter(1))
    assert (await office.facts(letter(2, cites=[1]))).reported == ()
