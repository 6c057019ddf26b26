"""What every outbox does when a sink fails, refuses, or is away."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from gateway.interfaces import SinkDeniedError, SinkUnavailableError
from gateway.model.decision import Outcome, Reason
from gateway.model.handover import Parcel, State
from gateway.outbox import Drained, Manner
from gateway.store import database
from gateway.store.entries import Entries
from gateway.store.outbox import SqliteOutbox
from tests.contract.post import Post, away, fail, refuse
from tests.shelf import DeafShelf
from tests.store.office import letter


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


async def test_a_stop_ends_it_even_while_the_store_is_away(post: Post) -> None:
    await post.office.log(letter(1))
    await post.settled()
    post.shelf = deaf = DeafShelf()
    outbox = SqliteOutbox(post.office.path, timeout_s=0.01)
    task = asyncio.ensure_future(post.draining(outbox).drain())
    await deaf.heard.wait()
    other = database.connect(post.office.path)
    try:
        other.execute("BEGIN IMMEDIATE")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    finally:
        other.close()
