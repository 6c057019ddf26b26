"""The order of arrival does not matter: the same letters make the same thread."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.contract.conftest import postgres_office, sqlite_office
from tests.postgres import PostgresServer
from tests.store.office import Office, letter

CITES: dict[int, tuple[int, ...]] = {
    1: (),
    2: (1,),
    3: (1, 2),
    4: (2,),
    5: (1, 2, 3),
    6: (4, 5),
    7: (99,),
    8: (99, 6),
}


async def arrive(office: Office, order: list[int], logged: int) -> None:
    for number in order:
        octets = letter(number, cites=CITES[number])
        await (office.log(octets) if number == logged else office.record(octets))


Opens = Callable[[Path], tuple[Office, Callable[[], None]]]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def opens(request: pytest.FixtureRequest) -> Opens:
    """Opens an empty office over each store."""
    if request.param == "sqlite":
        return sqlite_office
    server: PostgresServer = request.getfixturevalue("postgres")
    return lambda folder: postgres_office(folder, server.database())


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.permutations(sorted(CITES)), st.sampled_from(sorted(CITES)))
def test_any_order_makes_one_tracked_thread(opens: Opens, order: list[int], logged: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        office, close = opens(Path(folder))

        async def play() -> None:
            await arrive(office, order, logged)
            threads = [
                (await office.facts(letter("ask", cites=[number]))).threads for number in CITES
            ]
            assert {len(some) for some in threads} == {1}
            assert len({some[0].thread_id for some in threads}) == 1
            assert all(some[0].tracked for some in threads)
            original = threads[0][0].original
            assert original is not None
            assert original.message_id == "1@client.example"
            parents = [some[0].parent for some in threads]
            assert [p.message_id if p else "" for p in parents] == [
                f"{number}@client.example" for number in CITES
            ]
            waiting = set(await office.store.waiting())
            entries = {number: await entry_of(office, number) for number in CITES}
            assert waiting >= {entries[number] for number in order[: order.index(logged)]}
            assert entries[logged] not in waiting

        asyncio.run(play())
        close()


async def entry_of(office: Office, number: int) -> str:
    return (await office.facts(letter(number, cites=CITES[number]))).seen[0].entry_id
