"""How long the queues of sinks are, whatever the store."""

from __future__ import annotations

from datetime import timedelta

from gateway.model.handover import Queue
from gateway.store.outbox import SqliteOutbox
from gateway.store.queues import queue_lengths
from tests.store.office import LOGGED, Office, letter


async def test_what_waits_and_what_is_dead_is_counted_by_sink(office: Office) -> None:
    outbox = SqliteOutbox(office.path)
    outbox.register({"crm": False, "file": False})
    await office.record(letter("one"), **LOGGED)
    office.clock.pass_by(seconds=1)
    await office.record(letter("ride"))
    now = office.clock()
    outbox.gather(now)
    assert queue_lengths(office.path, now)["crm"].waiting == 1
    (push,) = outbox.claim("crm", now, now, 9, past_dead=False)
    outbox.dead(push, now, "422")
    later = now + timedelta(hours=1)
    found = queue_lengths(office.path, later)
    assert (found["crm"].waiting, found["crm"].dead) == (0, 1)
    assert found["file"].oldest_s >= 3600


async def test_a_sink_with_nothing_to_do_has_an_empty_queue(office: Office) -> None:
    SqliteOutbox(office.path).register({"crm": False})
    assert queue_lengths(office.path, office.clock()) == {"crm": Queue()}
