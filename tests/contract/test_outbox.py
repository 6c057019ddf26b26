"""What every outbox keeps to: what is told to whom, in which order, under which lease."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from gateway.model.handover import Kind
from gateway.outbox import Drained
from gateway.store.outbox import SqliteOutbox
from tests.contract.post import Post
from tests.shelf import DeafShelf
from tests.store.office import ANN, REFUSED, letter

LEASE = timedelta(minutes=15)


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
    quick = post.shelf
    post.shelf = deaf = DeafShelf()
    task = asyncio.ensure_future(post.draining(post.outbox).drain())
    await deaf.heard.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    post.shelf = quick
    assert (await post.draining(SqliteOutbox(post.office.path)).drain()).taken == 1


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
