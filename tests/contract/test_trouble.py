"""Trouble at each sink, through the outbox: one alarm, nothing lost, nobody else held up."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.model.handover import State
from gateway.store.outbox import SqliteOutbox
from tests.contract.conftest import sqlite_office
from tests.contract.post import Post
from tests.contract.test_sinks import PLACES, Place, jsonl
from tests.http_server import CUT, Answer, Request
from tests.store.office import Office, letter


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """What an outbox promises on each engine is held elsewhere."""
    made, close = sqlite_office(tmp_path)
    yield made
    close()


@dataclass
class Counter:
    """A sink at its server, and the outbox in front of it."""

    post: Post
    place: Place

    @property
    def subjects(self) -> list[str]:
        return sorted(self.place.subjects().values())

    def answer(self, answer: Answer | None) -> None:
        assert self.place.server is not None
        self.place.server.always = answer

    async def drained(self, rounds: int, **pause: float) -> list[str]:
        """Drain so often, with pauses in between; return the alarms."""
        alarms: list[str] = []
        for _ in range(rounds):
            done = await self.post.drain()
            alarms += [done.alarm] if done.alarm else []
            self.post.office.clock.pass_by(**(pause or {"minutes": 1}))
        return alarms


@pytest.fixture(params=[one for one in PLACES if one is not jsonl], ids=lambda o: o.__name__)
async def counter(
    request: pytest.FixtureRequest, office: Office, tmp_path: Path
) -> AsyncIterator[Counter]:
    """Each sink that speaks to a server."""
    async with request.param(tmp_path) as place:
        outbox = SqliteOutbox(office.path)
        outbox.register({"crm": False})
        yield Counter(Post(office, outbox, place.sink), place)  # type: ignore[arg-type] # a sink
        await place.sink.close()


async def test_a_wrong_credential_is_one_alarm_and_loses_nothing(counter: Counter) -> None:
    counter.answer(Answer(401, {"message": "not you"}))
    for number in range(6):
        await counter.post.office.log(letter(number, Subject=f"m{number}"))
    alarms = await counter.drained(12, minutes=40)
    assert len(alarms) == 1
    counter.answer(None)
    await counter.drained(4, hours=2)
    assert counter.subjects == [f"m{number}" for number in range(6)]


async def test_a_day_away_gives_nothing_up_and_is_one_alarm(counter: Counter) -> None:
    counter.answer(CUT)
    for number in range(3):
        await counter.post.office.log(letter(number, Subject=f"m{number}"))
    alarms = await counter.drained(25, hours=1)
    assert len(alarms) == 1
    assert counter.post.outbox.listed(states=[State.DEAD]) == ()
    counter.answer(None)
    await counter.drained(3, hours=2)
    assert counter.subjects == ["m0", "m1", "m2"]


async def test_what_is_refused_for_good_stops_its_thread_alone_until_a_person_decides(
    counter: Counter,
) -> None:
    server = counter.place.server
    assert server is not None
    usual = server.handler

    def picky(request: Request) -> Answer:
        return Answer(422, {"message": "no"}) if b"poison" in request.body else usual(request)

    server.handler = picky
    log = counter.post.office.log
    await log(letter(1, Subject="poison"))
    await log(letter(2, Subject="behind it", cites=[1]))
    await log(letter(3, Subject="other"))
    await counter.drained(4, hours=1)
    assert counter.subjects == ["other"]
    (dead,) = counter.post.outbox.listed(states=[State.DEAD])
    server.handler = usual
    counter.post.outbox.retry([dead.push.number], counter.post.office.clock())
    await counter.drained(3, hours=1)
    assert counter.subjects == ["behind it", "other", "poison"]
