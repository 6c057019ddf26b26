"""What every outbox keeps to: order, leases, the dead-letter list; and how it is drained."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from gateway.interfaces import SinkDeniedError, SinkRefusedError, SinkUnavailableError
from gateway.model.decision import EndEnrolment, Outcome, Reason
from gateway.model.handover import Kind, Parcel, State
from gateway.model.policy import Policy
from gateway.outbox import Drain, Drained, Manner
from gateway.store import database
from gateway.store.entries import Entries
from gateway.store.erasing import Eraser
from gateway.store.outbox import SqliteOutbox
from tests.shelf import Shelf
from tests.store.office import ANN, BOB, DAN, LOGGED, REFUSED, Office, letter

LEASE = timedelta(minutes=15)


@dataclass
class Post:
    """An office whose outbox is drained into a shelf."""

    office: Office
    outbox: SqliteOutbox
    shelf: Shelf
    manner: Manner = field(default_factory=Manner)

    async def drain(self) -> Drained:
        await self.settled()
        return await self.draining(self.outbox).drain()

    def draining(self, outbox: SqliteOutbox) -> Drain:
        return Drain(
            outbox,
            self.shelf,
            self.manner,
            clock=self.office.clock,
            chance=lambda: 0.5,
            directory=lambda: self.office.store.directory,
            policy=Policy,
        )

    async def settled(self) -> None:
        """Let what was settled be committed: it rides with the next record."""
        self.office.clock.pass_by(seconds=1)
        await self.office.record(letter(f"ride-{self.office.clock().timestamp()}"))


@pytest.fixture
def post(office: Office) -> Iterator[Post]:
    outbox = SqliteOutbox(office.path)
    outbox.register({"shelf": False})
    return Post(office, outbox, Shelf())


def refuse(_: Parcel) -> Exception:
    return SinkRefusedError("no such field")


def fail(_: Parcel) -> Exception:
    return SinkUnavailableError("500 oops", everything=False)


def away(_: Parcel) -> Exception:
    return SinkUnavailableError("connection refused")


async def test_a_logged_message_is_handed_over_with_its_words(post: Post) -> None:
    entry = await post.office.log(letter(1, text="Looks good."))
    assert (await post.drain()).taken == 1
    (parcel,) = post.shelf.parcels
    assert (parcel.push.entry_id, str(parcel.push.kind)) == (entry, "entry.logged")
    assert parcel.entry is not None
    assert parcel.entry.contacts == (ANN,)
    assert parcel.message is not None
    assert parcel.message.text.strip() == "Looks good."
    assert parcel.names == {ANN: "Ann"}


async def test_what_is_not_logged_is_not_handed_over(post: Post) -> None:
    await post.office.record(letter(1))
    assert await post.drain() == Drained()


async def test_what_was_never_delivered_is_not_handed_over(post: Post) -> None:
    await post.office.log(letter(1), relayed=REFUSED)
    await post.drain()
    assert post.shelf.parcels == []


async def test_what_was_never_delivered_is_told_to_whom_wants_what_is_not_logged(
    post: Post,
) -> None:
    post.outbox.register({"shelf": False}, {"shelf": [Kind.LOGGED, Kind.NOT_LOGGED]})
    entry = await post.office.log(letter(1), relayed=REFUSED)
    await post.drain()
    told = [
        (one.push.entry_id, one.push.kind, one.push.told["reason"]) for one in post.shelf.parcels
    ]
    assert told[0] == (entry, Kind.NOT_LOGGED, "not-delivered")


async def test_a_sink_is_told_what_it_wants(post: Post) -> None:
    post.outbox.register({"shelf": False}, {"shelf": [Kind.HELD]})
    await post.office.log(letter(1))
    await post.drain()
    assert post.shelf.kinds == []


async def test_an_event_is_told_once(post: Post) -> None:
    await post.office.log(letter(1))
    await post.drain()
    await post.drain()
    assert len(post.shelf.parcels) == 1


async def test_a_new_sink_is_not_told_of_the_past(post: Post) -> None:
    await post.office.log(letter(1))
    await post.drain()
    post.outbox.register({"shelf": False, "later": False})
    assert post.outbox.listed(sink="later") == ()


async def test_a_new_sink_with_history_is_told_of_the_past(post: Post) -> None:
    await post.office.log(letter(1))
    await post.drain()
    post.outbox.register({"shelf": False, "later": True})
    assert len(post.outbox.listed(sink="later")) == 1


async def test_history_is_told_once_however_often_the_gateway_starts(post: Post) -> None:
    await post.office.log(letter(1))
    await post.drain()
    for _ in range(3):
        post.outbox.register({"shelf": False, "later": True})
    assert len(post.outbox.listed(sink="later")) == 1


async def test_what_comes_after_the_history_is_told_as_well(post: Post) -> None:
    await post.office.log(letter(1))
    await post.drain()
    post.outbox.register({"shelf": False, "later": True})
    await post.office.log(letter(2))
    await post.drain()
    assert len(post.outbox.listed(sink="later")) == 2


async def test_a_long_history_goes_in_bit_by_bit(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.store.outbox._AT_ONCE", 2)
    for number in range(5):
        await post.office.log(letter(number))
    await post.drain()
    post.outbox.register({"later": True})
    assert len(post.outbox.listed(sink="later")) == 5


async def test_a_sink_that_is_configured_no_more_gets_no_queue(post: Post) -> None:
    post.outbox.register({"other": False})
    await post.office.log(letter(1))
    await post.settled()
    post.outbox.gather(post.office.clock())
    assert post.outbox.listed(sink="shelf") == ()
    assert len(post.outbox.listed(sink="other")) == 1


async def test_within_a_thread_a_later_push_waits_for_the_earlier(post: Post) -> None:
    first = await post.office.log(letter(1))
    await post.office.log(letter(2, cites=[1]))
    other = await post.office.log(letter(7))
    await post.settled()
    post.outbox.gather(post.office.clock())
    now = post.office.clock()
    claimed = post.outbox.claim("shelf", now, now + LEASE, 10, past_dead=False)
    assert [push.entry_id for push in claimed] == [first, other]


async def test_what_one_has_leased_no_other_gets(post: Post) -> None:
    await post.office.log(letter(1))
    await post.settled()
    post.outbox.gather(post.office.clock())
    now = post.office.clock()
    other = SqliteOutbox(post.office.path)
    assert len(post.outbox.claim("shelf", now, now + LEASE, 10, past_dead=False)) == 1
    assert other.claim("shelf", now, now + LEASE, 10, past_dead=False) == ()


async def test_a_lease_that_ran_out_is_free_again(post: Post) -> None:
    await post.office.log(letter(1))
    await post.settled()
    post.outbox.gather(post.office.clock())
    now = post.office.clock()
    post.outbox.claim("shelf", now, now + LEASE, 10, past_dead=False)
    later = now + LEASE
    other = SqliteOutbox(post.office.path)
    assert len(other.claim("shelf", later, later + LEASE, 10, past_dead=False)) == 1


async def test_several_that_drain_at_once_tell_each_event_once(post: Post) -> None:
    for number in range(12):
        await post.office.log(letter(number))
    await post.settled()
    drains = [post.draining(SqliteOutbox(post.office.path)) for _ in range(3)]
    for _ in range(4):
        await asyncio.gather(*(drain.drain() for drain in drains))
    told = [parcel.push.entry_id for parcel in post.shelf.parcels]
    assert len(told) == len(set(told)) == 12


async def test_what_is_under_way_when_the_gateway_stops_is_free_at_once(post: Post) -> None:
    await post.office.log(letter(1))
    await post.settled()
    asked = asyncio.Event()

    class Slow(Shelf):
        async def push(self, parcel: Parcel) -> str:
            asked.set()
            await asyncio.Event().wait()
            return await super().push(parcel)

    quick, post.shelf = post.shelf, Slow()
    task = asyncio.ensure_future(post.draining(post.outbox).drain())
    await asked.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    post.shelf = quick
    assert (await post.draining(SqliteOutbox(post.office.path)).drain()).taken == 1


async def test_the_key_of_a_push_stays_the_same(post: Post) -> None:
    keys: list[str] = []

    def note(parcel: Parcel) -> Exception | None:
        keys.append(parcel.push.key)
        return fail(parcel) if len(keys) == 1 else None

    post.shelf.fault = note
    await post.office.log(letter(1))
    await post.drain()
    post.office.clock.pass_by(hours=1)
    await post.drain()
    assert len(keys) == 2
    assert len(set(keys)) == 1


async def test_a_failed_push_is_tried_again_after_a_pause(post: Post) -> None:
    post.shelf.fault = fail
    await post.office.log(letter(1))
    assert (await post.drain()).retrying == 1
    assert await post.drain() == Drained()
    post.shelf.fault = lambda _: None
    post.office.clock.pass_by(minutes=1)
    assert (await post.drain()).taken == 1


async def test_pauses_grow(post: Post) -> None:
    post.shelf.fault = fail
    await post.office.log(letter(1))
    pauses = []
    for _ in range(3):
        await post.drain()
        (standing,) = post.outbox.listed()
        pauses.append(standing.next_at - post.office.clock())
        post.office.clock.now = standing.next_at
    assert pauses == sorted(set(pauses))


async def test_a_retry_is_noted_once_and_the_decision_stands(post: Post) -> None:
    post.shelf.fault = fail
    entry = await post.office.log(letter(1))
    for _ in range(2):
        await post.drain()
        post.office.clock.pass_by(hours=1)
    with Entries(post.office.path) as entries:
        found = entries.find(entry)
    assert found is not None
    assert (found.outcome, found.reason) == (Outcome.LOGGED, Reason.TRACKED_REPLY)
    assert str(found.relayed.state) == "relayed"
    assert handover_decisions(post) == [("failed", "crm-retrying")]


def handover_decisions(post: Post) -> list[tuple[str, str]]:
    sql = "SELECT outcome, reason FROM decisions WHERE decided_by = 'sink shelf' ORDER BY number"
    return post.outbox._rows(sql)


async def test_a_refused_push_is_on_the_dead_letter_list(post: Post) -> None:
    post.shelf.fault = refuse
    await post.office.log(letter(1))
    assert (await post.drain()).refused == 1
    (dead,) = post.outbox.listed(states=[State.DEAD])
    assert (dead.reason, dead.said) == (Reason.CRM_REFUSED, "no such field")
    assert handover_decisions(post) == [("failed", "crm-refused")]


async def test_a_refused_push_stops_its_thread_only(post: Post) -> None:
    first = await post.office.log(letter(1))
    post.shelf.fault = lambda parcel: refuse(parcel) if parcel.push.entry_id == first else None
    await post.office.log(letter(2, cites=[1]))
    other = await post.office.log(letter(7))
    await post.drain()
    await post.drain()
    assert [parcel.push.entry_id for parcel in post.shelf.parcels] == [other]


async def test_policy_may_let_a_thread_go_past_what_was_refused(post: Post) -> None:
    post.manner = Manner(past_dead=True)
    first = await post.office.log(letter(1))
    post.shelf.fault = lambda parcel: refuse(parcel) if parcel.push.entry_id == first else None
    second = await post.office.log(letter(2, cites=[1]))
    await post.drain()
    await post.drain()
    assert [parcel.push.entry_id for parcel in post.shelf.parcels] == [second]


async def test_a_person_may_retry_what_was_refused(post: Post) -> None:
    post.shelf.fault = refuse
    await post.office.log(letter(1))
    await post.drain()
    (dead,) = post.outbox.listed()
    post.shelf.fault = lambda _: None
    assert post.outbox.retry([dead.push.number], post.office.clock()) == 1
    assert (await post.drain()).taken == 1


async def test_a_person_may_drop_what_was_refused_and_its_thread_goes_on(post: Post) -> None:
    post.shelf.fault = refuse
    await post.office.log(letter(1))
    await post.drain()
    (dead,) = post.outbox.listed()
    post.shelf.fault = lambda _: None
    second = await post.office.log(letter(2, cites=[1]))
    post.outbox.drop_by_hand([dead.push.number])
    await post.drain()
    assert [parcel.push.entry_id for parcel in post.shelf.parcels] == [second]


async def test_a_sink_that_is_away_is_left_alone_as_a_whole(post: Post) -> None:
    post.shelf.fault = away
    for number in range(9):
        await post.office.log(letter(number))
    alarms = [(await post.drain()).alarm for _ in range(5)]
    assert post.shelf.asked == post.manner.at_once
    assert alarms == ["connection refused", "", "", "", ""]


async def test_a_sink_that_comes_back_gets_all_of_it(post: Post) -> None:
    post.shelf.fault = away
    for number in range(6):
        await post.office.log(letter(number))
    await post.drain()
    post.shelf.fault = lambda _: None
    for _ in range(8):
        post.office.clock.pass_by(minutes=5)
        await post.drain()
    assert len(post.shelf.parcels) == 6
    assert post.outbox.pauses() == ()


async def test_a_sink_that_was_away_is_probed_with_one_push(post: Post) -> None:
    post.shelf.fault = away
    for number in range(6):
        await post.office.log(letter(number))
    await post.drain()
    before = post.shelf.asked
    post.office.clock.pass_by(hours=2)
    await post.drain()
    assert post.shelf.asked == before + 1


async def test_a_wrong_credential_is_one_alarm(post: Post) -> None:
    post.shelf.fault = lambda _: SinkDeniedError("401: the token is not accepted")
    for number in range(9):
        await post.office.log(letter(number))
    alarms = []
    for _ in range(6):
        alarms.append((await post.drain()).alarm)
        post.office.clock.pass_by(hours=2)
    assert [alarm for alarm in alarms if alarm] == ["401: the token is not accepted"]
    assert post.outbox.listed(states=[State.DEAD]) == ()


async def test_a_sink_may_say_how_long_to_wait(post: Post) -> None:
    post.shelf.fault = lambda _: SinkUnavailableError("429", retry_after_s=90)
    await post.office.log(letter(1))
    await post.drain()
    (pause,) = post.outbox.pauses()
    assert pause.until - post.office.clock() == timedelta(seconds=90.5)


async def test_a_push_that_fails_for_days_is_given_up(post: Post) -> None:
    post.shelf.fault = fail
    await post.office.log(letter(1))
    await post.drain()
    post.office.clock.pass_by(days=8)
    assert (await post.drain()).refused == 1


async def test_a_whole_day_away_gives_nothing_up(post: Post) -> None:
    post.shelf.fault = away
    await post.office.log(letter(1))
    for _ in range(30):
        await post.drain()
        post.office.clock.pass_by(hours=1)
    post.shelf.fault = lambda _: None
    await post.drain()
    assert len(post.shelf.parcels) == 1


async def test_days_away_do_not_count_against_a_push(post: Post) -> None:
    post.shelf.fault = away
    await post.office.log(letter(1))
    await post.drain()
    post.office.clock.pass_by(days=9)
    post.shelf.fault = fail
    assert (await post.drain()).retrying == 1


async def test_what_left_the_timeline_is_taken_back(post: Post) -> None:
    entry = await post.office.log(letter(1))
    await post.drain()
    await post.office.revise(entry, reason=Reason.DISCARDED)
    await post.drain()
    assert post.shelf.kinds == ["entry.logged", "entry.removed"]
    assert post.shelf.parcels[1].push.theirs == f"shelf-{entry}"


async def test_what_left_before_it_was_told_is_never_told(post: Post) -> None:
    entry = await post.office.log(letter(1))
    await post.office.revise(entry, reason=Reason.DISCARDED)
    for _ in range(3):
        await post.drain()
    assert post.shelf.parcels == []


async def test_what_was_completed_is_told_again_as_known(post: Post) -> None:
    entry = await post.office.log(letter(1))
    await post.drain()
    await post.office.revise(entry, **LOGGED | {"reason": Reason.COMPLETED})
    await post.drain()
    assert [parcel.push.known for parcel in post.shelf.parcels] == [False, True]


async def test_an_erased_person_is_erased_at_the_sink(post: Post) -> None:
    entry = await post.office.log(letter(1))
    await post.drain()
    with Eraser(post.office.path, clock=post.office.clock) as eraser:
        eraser.erase(ANN, "admin")
    await post.drain()
    (_, erased) = post.shelf.parcels
    assert (str(erased.push.kind), erased.push.theirs) == ("entry.erased", f"shelf-{entry}")
    assert erased.entry is None


async def test_events_that_every_sink_has_are_forgotten_after_their_time(post: Post) -> None:
    await post.office.log(letter(1))
    await post.drain()
    post.office.clock.pass_by(days=1)
    await post.office.log(letter(2))
    await post.settled()
    now = post.office.clock()
    before = len(post.outbox.listed(states=tuple(State)))
    assert await post.office.store.prune(now, now) == 1
    assert (before, len(post.outbox.listed(states=tuple(State)))) == (1, 0)
    await post.drain()
    assert post.shelf.kinds == ["entry.logged", "entry.logged"]


async def test_what_a_sink_has_is_erased_there_after_the_event_was_forgotten(post: Post) -> None:
    entry = await post.office.log(letter(1))
    await post.drain()
    await post.office.store.prune(post.office.clock(), post.office.clock())
    with Eraser(post.office.path, clock=post.office.clock) as eraser:
        eraser.erase(ANN, by="admin")
    await post.drain()
    assert post.shelf.parcels[-1].push.theirs == f"shelf-{entry}"
    assert post.shelf.kinds == ["entry.logged", "entry.erased"]


async def test_what_was_erased_before_it_was_told_is_never_told(post: Post) -> None:
    await post.office.log(letter(1))
    await post.settled()
    with Eraser(post.office.path, clock=post.office.clock) as eraser:
        eraser.erase(ANN, "admin")
    for _ in range(3):
        await post.drain()
    assert post.shelf.parcels == []


async def test_an_erasure_is_not_held_up_by_a_refusal(post: Post) -> None:
    await post.office.log(letter(1))
    await post.drain()
    post.shelf.fault = refuse
    await post.office.log(letter(2, cites=[1], author=DAN))
    await post.drain()
    post.shelf.fault = lambda _: None
    with Eraser(post.office.path, clock=post.office.clock) as eraser:
        eraser.erase(ANN, "admin")
    # Both letters are erased, one after the other; only one of them was ever told.
    for _ in range(2):
        await post.drain()
    assert post.shelf.kinds[-1] == "entry.erased"


async def test_a_merged_contact_is_told_for_what_was_handed_over(post: Post) -> None:
    entry = await post.office.log(letter(1))
    await post.drain()
    with post.office.registry() as registry:
        registry.add_contact(DAN)
        registry.merge(DAN, ANN)
    await post.drain()
    (_, merged) = post.shelf.parcels
    assert (str(merged.push.kind), merged.push.entry_id) == ("contact.merged", entry)
    assert merged.entry is not None
    assert merged.entry.contacts == (DAN,)


async def test_the_end_of_an_enrolment_is_told(post: Post) -> None:
    with post.office.registry() as registry:
        registry.add_contact(ANN)
        enrolled = registry.enroll(ANN, "welcome", BOB)
    await post.office.log(letter(1), EndEnrolment(enrolled.enrolment.enrolment_id))
    await post.drain()
    await post.drain()
    told = {str(parcel.push.kind): parcel.push.told for parcel in post.shelf.parcels}
    assert told["sequence.unenrolled"]["sequence"] == "welcome"


async def test_threads_that_became_one_have_one_order(post: Post) -> None:
    first = await post.office.log(letter(1))
    second = await post.office.log(letter(2))
    await post.settled()
    post.outbox.gather(post.office.clock())
    await post.office.log(letter(3, cites=[1, 2]))
    await post.settled()
    post.outbox.gather(post.office.clock())
    now = post.office.clock()
    claimed = post.outbox.claim("shelf", now, now + LEASE, 10, past_dead=False)
    assert [push.entry_id for push in claimed] == [first]
    assert second in {standing.push.entry_id for standing in post.outbox.listed()}


async def test_a_stop_ends_it_even_while_the_store_is_away(post: Post) -> None:
    await post.office.log(letter(1))
    await post.settled()
    asked = asyncio.Event()

    class Slow(Shelf):
        async def push(self, parcel: Parcel) -> str:
            asked.set()
            await asyncio.Event().wait()
            return await super().push(parcel)

    post.shelf = Slow()
    outbox = SqliteOutbox(post.office.path, timeout_s=0.01)
    task = asyncio.ensure_future(post.draining(outbox).drain())
    await asked.wait()
    other = database.connect(post.office.path)
    try:
        other.execute("BEGIN IMMEDIATE")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    finally:
        other.close()
