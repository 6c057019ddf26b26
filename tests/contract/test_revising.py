"""What every outbox tells of what came after: taken back, completed, merged, erased, forgotten."""

from __future__ import annotations

from gateway.model.decision import EndEnrolment, Reason
from gateway.model.handover import State
from gateway.store.erasing import Eraser
from tests.contract.post import Post, refuse
from tests.store.office import ANN, BOB, DAN, LOGGED, letter


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
