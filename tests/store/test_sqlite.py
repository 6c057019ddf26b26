from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.interfaces import StoreBusyError
from gateway.model.decision import Outcome, Reason
from gateway.model.envelope import RelayState
from gateway.store import database
from gateway.store.entries import Entries
from gateway.store.kept import WAITING
from gateway.store.registry import Registry
from gateway.store.sqlite import SqliteStore
from tests.store.office import DEFERRED, LOGGED, PASSED, Clock, Office, decision, letter

ROOT = Path(__file__).resolve().parents[2]


def record_until_killed(path: Path, first: int, count: int) -> dict[int, str]:
    """Return what a child process acknowledged before it was killed in the middle of commits."""
    command = [sys.executable, "-m", "tests.store.crash_child", str(path), str(first)]
    acknowledged: dict[int, str] = {}
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for line in child.stdout:
            number, entry = line.split()
            acknowledged[int(number)] = entry
            if len(acknowledged) == count:
                child.send_signal(signal.SIGKILL)
    return acknowledged


async def test_every_acknowledged_message_survives_a_kill(path: Path) -> None:
    acknowledged: dict[int, str] = {}
    for first in (0, 100_000, 200_000):
        acknowledged |= await asyncio.to_thread(record_until_killed, path, first, 70)
    with closing(SqliteStore.open(path)) as store:
        for number, entry in acknowledged.items():
            kept = await store.kept(entry)
            assert kept is not None
            assert bytes(kept.envelope.content.octets) == letter(number, cites=[max(0, number - 3)])
    with Entries(path) as entries:
        found = list(entries.search())
    assert {entry.entry_id for entry in found} >= set(acknowledged.values())
    assert len({entry.message_id for entry in found}) == len(found)
    assert {entry.relayed.state for entry in found} <= {RelayState.RELAYED, RelayState.UNKNOWN}
    connection = database.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    connection.close()


async def test_what_was_being_relayed_is_unknown_after_a_restart(path: Path, clock: Clock) -> None:
    with closing(SqliteStore.open(path, clock=clock)) as store:
        await Office(store, path, clock).log(letter(1), relayed=None)
    with closing(SqliteStore.open(path, clock=clock)) as store:
        (seen,) = (await Office(store, path, clock).facts(letter(1))).seen
    assert seen.sightings[0].relay is RelayState.UNKNOWN
    connection = database.connect(path)
    freed = connection.execute("SELECT freed_at IS NULL FROM outbox").fetchall()
    connection.close()
    assert freed == [(0,)]


async def test_a_second_process_does_not_touch_what_is_being_relayed(
    office: Office, path: Path
) -> None:
    await office.record(letter(1), relayed=None)
    SqliteStore.open(path).close()
    (seen,) = (await office.facts(letter(1))).seen
    assert seen.sightings[0].relay is RelayState.RELAYING


async def test_what_a_dead_worker_was_relaying_is_unknown_when_no_relay_takes_so_long(
    office: Office, path: Path, clock: Clock
) -> None:
    await office.record(letter(1), relayed=None)
    with closing(SqliteStore.open(path, clock=clock, shared=True)) as worker:
        assert await worker.recover(clock()) == 0
        assert await worker.recover(clock() + timedelta(minutes=20)) == 1
        (seen,) = (await Office(worker, path, clock).facts(letter(1))).seen
    assert seen.sightings[0].relay is RelayState.UNKNOWN


async def test_two_workers_at_once_lose_nothing(path: Path, clock: Clock) -> None:
    with (
        closing(SqliteStore.open(path, clock=clock, shared=True)) as one,
        closing(SqliteStore.open(path, clock=clock, shared=True)) as other,
    ):
        offices = Office(one, path, clock), Office(other, path, clock)
        ids = await asyncio.gather(
            *(offices[number % 2].record(letter(number)) for number in range(100))
        )
    with Entries(path) as entries:
        assert {entry.entry_id for entry in entries.search()} == set(ids)
    assert len(set(ids)) == 100


async def test_who_waits_is_found_without_reading_all_entries(office: Office, path: Path) -> None:
    await office.log(letter(1))
    with closing(database.connect(path)) as connection:
        plan = connection.execute(f"EXPLAIN QUERY PLAN {WAITING}", (0,)).fetchall()
    assert [step for *_, step in plan if step.startswith("SCAN")] == ["SCAN w"]


async def test_closing_commits_what_was_settled(path: Path, clock: Clock) -> None:
    store = SqliteStore.open(path, clock=clock)
    await Office(store, path, clock).record(letter(1))
    store.close()
    with Entries(path) as entries:
        (entry,) = entries.search()
    assert entry.relayed == PASSED


async def test_twenty_callers_at_once_lose_nothing(office: Office) -> None:
    numbers = iter(range(200))

    async def caller() -> list[str]:
        return [await office.record(letter(n, cites=[n // 2])) for n in numbers]

    made = await asyncio.gather(*(caller() for _ in range(20)))
    assert len({entry for some in made for entry in some}) == 200
    (thread,) = (await office.facts(letter(999, cites=[199]))).threads
    assert thread.thread_id == (await office.facts(letter(998, cites=[3]))).threads[0].thread_id


async def test_two_stores_on_one_file_see_each_other(path: Path, clock: Clock) -> None:
    with (
        closing(SqliteStore.open(path, clock=clock, timeout_s=60)) as first,
        closing(SqliteStore.open(path, clock=clock, timeout_s=60)) as second,
    ):
        offices = {"a": Office(first, path, clock), "b": Office(second, path, clock)}
        await asyncio.gather(
            *(one.record(letter(f"{name}{n}")) for n in range(20) for name, one in offices.items())
        )
        kept = await first.kept((await offices["a"].facts(letter("b7"))).seen[0].entry_id)
    assert kept is not None
    assert kept.envelope.content.octets == letter("b7")


async def test_a_locked_database_is_busy_and_hangs_nobody(office: Office, path: Path) -> None:
    case = await office.case(letter(1))
    holder = database.connect(path)
    holder.execute("BEGIN IMMEDIATE")
    recording = asyncio.ensure_future(office.store.record(case, decision()))
    assert (await office.facts(letter(1))).seen == ()
    with pytest.raises(StoreBusyError, match="is locked by another program"):
        await recording
    holder.execute("ROLLBACK")
    holder.close()
    assert await office.store.record(case, decision())


async def test_a_full_disk_is_told_and_nothing_is_kept(
    office: Office, store: SqliteStore, path: Path
) -> None:
    connection = store._writing._connection
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages}")
    case = await office.case(letter(1, text="word " * 2000))
    told = decision(**{**LOGGED, "remedy": "x" * 200_000})
    with pytest.raises(StoreBusyError, match="is full"):
        await office.store.record(case, told)
    assert (await office.facts(letter(1))).seen == ()
    (segment,) = store._blobs.segments()
    assert path.with_name(f"{path.name}-blobs").joinpath(segment).read_bytes() == b""
    connection.execute("PRAGMA max_page_count = 1000000")
    assert await office.store.record(case, decision())


async def test_a_large_message_that_cannot_be_recorded_leaves_no_file(
    office: Office, path: Path
) -> None:
    case = await office.case(letter(1, text="x" * 300_000))
    holder = database.connect(path)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusyError):
        await office.store.record(case, decision())
    holder.close()
    assert list(path.with_name(f"{path.name}-blobs").glob("large/*")) == []


async def test_one_bad_message_takes_no_other_down(office: Office) -> None:
    good = [await office.case(letter(number)) for number in range(5)]
    bad = await office.case(letter(9))
    object.__setattr__(bad, "facts", None)
    object.__setattr__(bad.envelope, "received_at", None)
    results = await asyncio.gather(
        *(office.store.record(case, decision()) for case in (*good[:3], bad, *good[3:])),
        return_exceptions=True,
    )
    assert isinstance(results[3], TypeError)
    assert len({result for result in results if isinstance(result, str)}) == 5


@pytest.mark.parametrize("odd", ["\udcff", "\x00", "\u202e", "あ" * 400, "'); DROP TABLE x"])
async def test_odd_strings_are_recorded(office: Office, odd: str) -> None:
    evidence = {"address": odd, odd: 7}
    entry = await office.record(letter(1), evidence=evidence, remedy=odd, mailboxes=(odd,))
    with Entries(office.path) as entries:
        found = entries.find(entry)
    assert found is not None
    assert found.remedy == odd.encode("utf-8", "backslashreplace").decode()


async def test_a_closed_store_is_busy(path: Path, clock: Clock) -> None:
    store = SqliteStore.open(path, clock=clock)
    office = Office(store, path, clock)
    case = await office.case(letter(1))
    store.close()
    store.close()
    with pytest.raises(StoreBusyError, match="is closed"):
        await store.record(case, decision())
    store.settle("0", b"", PASSED)
    assert store.directory.domains == frozenset()


async def test_the_directory_holds_while_the_store_is_away(
    office: Office, store: SqliteStore, path: Path
) -> None:
    with office.registry() as registry:
        registry.add_user("bob@acme.example")
    before = store.directory
    store._asking.close()
    with office.registry() as registry:
        registry.add_user("eve@acme.example")
    assert store.directory is before


async def test_a_purge_drops_segments_that_hold_nothing(path: Path, clock: Clock) -> None:
    with closing(SqliteStore.open(path, clock=clock)) as store:
        await Office(store, path, clock).record(letter(1))
    with closing(SqliteStore.open(path, clock=clock)) as store:
        assert len(store._blobs.segments()) == 1
        assert await store.purge(clock() + timedelta(days=15)) == 1
        assert store._blobs.segments() == ()


def test_two_processes_may_make_the_store_at_once(path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        stores = list(pool.map(lambda _: SqliteStore.open(path), range(8)))
    for store in stores:
        store.close()
    with Registry(path) as registry:
        assert len(registry._rows("SELECT number FROM migrations")) == len(database.migrations())


async def test_a_settled_sighting_leaves_an_older_one_alone(office: Office) -> None:
    entry = await office.record(letter(1))
    again = {"outcome": Outcome.DUPLICATE, "reason": Reason.REDELIVERED, "joins": entry}
    await office.record(letter(1), relayed=None, **again)
    office.store.settle(entry, office.envelope(letter(1)).content.sha256, DEFERRED)
    (seen,) = (await office.facts(letter(1))).seen
    assert [one.relay for one in seen.sightings] == [RelayState.RELAYED, RelayState.DEFERRED]


async def test_a_caller_that_went_away_disturbs_nobody(office: Office) -> None:
    cases = [await office.case(letter(number)) for number in range(4)]
    tasks = [asyncio.ensure_future(office.store.record(c, decision())) for c in cases]
    await asyncio.sleep(0)
    tasks[1].cancel()
    done = await asyncio.gather(*tasks, return_exceptions=True)
    assert [isinstance(one, str) for one in done] == [True, False, True, True]


def test_a_store_outlives_the_loop_that_asked(path: Path, clock: Clock) -> None:
    with closing(SqliteStore.open(path, clock=clock)) as store:
        for number in range(2):
            asyncio.run(Office(store, path, clock).record(letter(number)))
    with Registry(path) as registry:
        assert len(registry._rows("SELECT 1 FROM entries")) == 2
