"""Identity: sightings of one message make one entry, whatever paths they come by."""

from __future__ import annotations

import asyncio

from gateway.model.case import Proof
from gateway.model.decision import Keep, MakeContact, Outcome, Reason
from gateway.model.envelope import Client, Direction, Recipient, RelayState
from gateway.store.entries import Entries
from tests.store.office import (
    ANN,
    BOB,
    DEFERRED,
    LOGGED,
    MAKE_ANN,
    NO,
    PASSED,
    REFUSED,
    TRACK,
    Office,
    decision,
    letter,
)

LOG = {"recipients": (Recipient("log@crm.example"),), "route": "copies"}


async def test_a_recorded_message_is_seen(office: Office) -> None:
    entry = await office.record(letter(1))
    (seen,) = (await office.facts(letter(1))).seen
    assert (seen.entry_id, seen.message_id, seen.author) == (entry, "1@client.example", ANN)
    assert (seen.outcome, seen.reason) == (Outcome.NOT_LOGGED, Reason.REPLIER_NOT_CONTACT)
    assert seen.remedy == f"{ANN} is not a contact."
    assert seen.kept
    (sighting,) = seen.sightings
    assert (sighting.route, sighting.recipients) == ("inbound", {BOB})
    assert sighting.relay is RelayState.RELAYED


async def test_its_thread_is_no_other_message(office: Office) -> None:
    await office.record(letter(1))
    assert (await office.facts(letter(1))).threads == ()


async def test_a_duplicate_joins_and_changes_nothing(office: Office) -> None:
    entry = await office.record(letter(1))
    again = await office.record(
        letter(1), outcome=Outcome.DUPLICATE, reason=Reason.REDELIVERED, joins=entry
    )
    (seen,) = (await office.facts(letter(1))).seen
    assert again == entry
    assert len(seen.sightings) == 2
    assert (seen.outcome, seen.reason) == (Outcome.NOT_LOGGED, Reason.REPLIER_NOT_CONTACT)


async def test_the_union_is_judged_by_what_joins(office: Office) -> None:
    entry = await office.record(letter(1))
    told = {**LOGGED, "reason": Reason.BCC_COPY, "effects": (MAKE_ANN, TRACK), "joins": entry}
    await office.record(letter(1), by=LOG, **told)
    (seen,) = (await office.facts(letter(1))).seen
    assert (seen.outcome, seen.reason) == (Outcome.LOGGED, Reason.BCC_COPY)
    (thread,) = (await office.facts(letter(2, cites=[1]))).threads
    assert thread.tracked


async def test_a_sighting_alone_does_not_change_the_entry(office: Office) -> None:
    entry = await office.log(letter(1))
    told = {"outcome": Outcome.HELD, "reason": Reason.COPY_SENDER_UNVERIFIED}
    await office.record(letter(1), by=LOG, joins=entry, sighting_only=True, **told)
    (seen,) = (await office.facts(letter(1))).seen
    assert (seen.outcome, len(seen.sightings)) == (Outcome.LOGGED, 2)


async def test_a_version_adds_its_digest(office: Office) -> None:
    entry = await office.record(letter(1))
    case = await office.case(letter(1, text="[EXTERNAL] Hello."))
    assert case.same_message is not None
    told = decision(outcome=Outcome.DUPLICATE, reason=Reason.SEEN_AGAIN, joins=entry, version=True)
    await office.store.record(case, told)
    (seen,) = (await office.facts(letter(1))).seen
    assert case.message.digest in seen.digests
    assert len(seen.digests) == 2


async def test_two_recorded_at_once_make_one_entry(office: Office) -> None:
    first, second = await office.case(letter(1)), await office.case(letter(1), **LOG)
    ids = await asyncio.gather(
        office.store.record(first, decision()), office.store.record(second, decision())
    )
    (seen,) = (await office.facts(letter(1))).seen
    assert ids[0] == ids[1] == seen.entry_id
    assert len(seen.sightings) == 2
    assert seen.outcome is Outcome.NOT_LOGGED
    assert await office.store.waiting() == (seen.entry_id,)


async def test_two_versions_recorded_at_once_make_one_entry(office: Office) -> None:
    first = await office.case(letter(1))
    second = await office.case(letter(1, text="Hello.\r\n-- \r\nscanned"), **LOG)
    ids = await asyncio.gather(
        office.store.record(first, decision()), office.store.record(second, decision())
    )
    assert ids[0] == ids[1]
    assert len((await office.facts(letter(1))).seen[0].digests) == 2


async def test_of_two_at_once_the_logged_one_holds(office: Office) -> None:
    first, second = await office.case(letter(1)), await office.case(letter(1), **LOG)
    logged = decision(**{**LOGGED, "effects": (MAKE_ANN, TRACK)})
    await asyncio.gather(
        office.store.record(first, decision()), office.store.record(second, logged)
    )
    (seen,) = (await office.facts(letter(1))).seen
    assert (seen.outcome, len(seen.sightings)) == (Outcome.LOGGED, 2)


async def test_another_message_with_the_same_id_is_an_entry_of_its_own(office: Office) -> None:
    first = await office.record(letter(1))
    second = await office.record(letter(1, author="dan@client.example", text="Other."))
    assert first != second
    assert len((await office.facts(letter(1))).seen) == 2


async def test_a_settled_state_is_seen_before_its_commit(office: Office) -> None:
    entry = await office.record(letter(1), relayed=None)
    content = office.envelope(letter(1)).content
    assert (await office.facts(letter(1))).seen[0].sightings[0].relay is RelayState.RELAYING
    office.store.settle(entry, content.sha256, DEFERRED)
    assert (await office.facts(letter(1))).seen[0].sightings[0].relay is RelayState.DEFERRED


async def test_what_is_refused_for_good_is_not_on_the_timeline(office: Office) -> None:
    entry = await office.log(letter(1), relayed=REFUSED)
    await office.record(letter(9))
    facts = await office.facts(letter(2, cites=[1]))
    assert not facts.threads[0].tracked
    assert (facts.threads[0].outside, facts.threads[0].contacts) == (frozenset(), ())
    (seen,) = (await office.facts(letter(1))).seen
    assert (seen.outcome, seen.reason) == (Outcome.NOT_LOGGED, Reason.NOT_DELIVERED)
    assert seen.remedy == f"The next hop refused it: {NO.code} {NO.text[0]}."
    with Entries(office.path, clock=office.clock) as entries:
        found = entries.find(entry)
        assert found is not None
        assert found.relayed == REFUSED
        assert [past.reason for past in found.decisions] == ["tracked-reply", "not-delivered"]
        assert list(entries.timeline(ANN)) == []


async def test_a_retry_of_what_was_refused_goes_on_as_the_same_entry(office: Office) -> None:
    entry = await office.log(letter(1), relayed=REFUSED)
    await office.record(letter(9))
    again = await office.log(letter(1), joins=entry)
    await office.record(letter(8))
    (seen,) = (await office.facts(letter(1))).seen
    assert (again, seen.outcome) == (entry, Outcome.LOGGED)
    assert (await office.facts(letter(2, cites=[1]))).threads[0].tracked


async def test_a_retry_of_what_was_deferred_adds_no_decision(office: Office) -> None:
    entry = await office.log(letter(1), relayed=DEFERRED)
    await office.log(letter(1), joins=entry)
    with Entries(office.path, clock=office.clock) as entries:
        found = entries.find(entry)
    assert found is not None
    assert len(found.decisions) == 1
    assert len(found.sightings) == 2


async def test_what_another_path_delivered_stays_on_the_timeline(office: Office) -> None:
    entry = await office.log(letter(1))
    again = {"outcome": Outcome.DUPLICATE, "reason": Reason.SEEN_AGAIN, "joins": entry}
    await office.record(letter(1), by={"route": "second"}, relayed=REFUSED, **again)
    await office.record(letter(9))
    assert (await office.facts(letter(1))).seen[0].outcome is Outcome.LOGGED


async def test_another_logged_message_keeps_the_thread_tracked(office: Office) -> None:
    case = await office.case(letter(1))
    made = await office.store.record(case, decision(**{**LOGGED, "effects": (MAKE_ANN, TRACK)}))
    second = await office.log(letter(2, cites=[1]))
    office.store.settle(made, case.envelope.content.sha256, REFUSED)
    await office.record(letter(9))
    (thread,) = (await office.facts(letter(3, cites=[2]))).threads
    assert thread.tracked
    assert thread.parent is not None
    assert thread.parent.entry_id == second


async def test_a_joined_entry_that_is_gone_makes_a_new_one(office: Office) -> None:
    entry = await office.record(letter(1), joins="00000000000000ff")
    assert (await office.facts(letter(1))).seen[0].entry_id == entry


async def test_marks_proofs_and_users_of_sightings_are_kept(office: Office) -> None:
    told = {"direction": Direction.OUTGOING, "route": "submission", "client": Client(login=BOB)}
    marked = letter(1, author=BOB, to=ANN, X_Log_To_CRM="yes")
    await office.record(marked, by={**told, "proof": Proof("login")})
    (sighting,) = (await office.facts(marked, **told)).seen[0].sightings
    assert (sighting.marked, sighting.proof, sighting.user) == (True, "login", BOB)


async def test_the_gate_keeps_ids_alone(office: Office) -> None:
    arrival = office.arrival(letter(1))
    stopped = decision(reason=Reason.INTERNAL_ONLY, keep=Keep.IDS, remedy="Internal.")
    entry = await office.store.record(arrival, stopped)
    assert await office.store.kept(entry) is None
    assert (await office.facts(letter(1))).seen == ()
    with Entries(office.path, clock=office.clock) as entries:
        found = entries.find("1@client.example")
    assert found is not None
    assert (found.entry_id, found.author, found.subject) == (entry, "", "")
    assert found.remedy == "Internal."


async def test_a_never_log_entry_names_nobody(office: Office) -> None:
    arrival = office.arrival(letter(1))
    stopped = decision(reason=Reason.NEVER_LOG_ACCOUNT, keep=Keep.DIGESTS)
    entry = await office.store.record(arrival, stopped)
    with Entries(office.path, clock=office.clock) as entries:
        found = entries.find("1@client.example")
    assert found is not None
    assert (found.entry_id, found.message_id) == (entry, "")
    assert found.remedy == "… is not a contact."
    assert all(not answer.evidence for answer in found.trace)
    assert found.sha256_in != arrival.envelope.content.sha256


async def test_a_gate_stop_that_is_retried_stays_one_entry(office: Office) -> None:
    stopped = decision(reason=Reason.NEVER_LOG_ACCOUNT, keep=Keep.DIGESTS)
    ids = []
    for relayed in (DEFERRED, PASSED):
        arrival = office.arrival(letter(1))
        ids.append(await office.store.record(arrival, stopped))
        office.store.settle(ids[-1], arrival.envelope.content.sha256, relayed)
    await office.record(letter(9))
    assert ids[0] == ids[1]
    with Entries(office.path, clock=office.clock) as entries:
        found = entries.find(ids[0])
    assert found is not None
    assert [seen.relay for seen in found.sightings] == [RelayState.DEFERRED, RelayState.RELAYED]
    assert found.relayed.state is RelayState.RELAYED


async def test_a_contact_is_made_once(office: Office) -> None:
    await office.log(letter(1))
    await office.log(letter(2), MakeContact(ANN, "Another name"))
    (contact,) = (await office.facts(letter(3))).contacts[ANN]
    assert contact.name == "Ann"
