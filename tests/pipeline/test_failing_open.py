"""A store that is away, a full disk, a defect of ours: mail flows, and is decided later."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.model.decision import Reason
from gateway.model.directory import Directory
from gateway.store.spool import FolderSpool
from gateway.store.sqlite import SqliteStore
from tests.pipeline.conftest import (
    QUEUED,
    AwayStore,
    BrokenStore,
    Gate,
    Hop,
    flow_of,
    open_store,
    outgoing,
    sent,
)


async def test_a_full_disk_does_not_stop_mail(gate: Gate, tmp_path: Path) -> None:
    store = open_store(tmp_path, AwayStore)
    flow = flow_of(store, tmp_path, gate.seen)
    handled = await flow.receive(outgoing(sent()), Hop())
    store.close()
    assert (handled.reply, handled.words) == (QUEUED, "failed store-unavailable")
    assert len(await flow.spool.waiting()) == 1


async def test_what_waits_in_the_spool_is_decided_when_the_store_is_back(
    gate: Gate, tmp_path: Path
) -> None:
    store = open_store(tmp_path, AwayStore)
    await flow_of(store, tmp_path, gate.seen).receive(outgoing(sent()), Hop())
    store.close()
    assert await gate.flow.decide_later() == 1
    assert not await gate.flow.spool.waiting()
    await gate.flow.recorder.waiting()
    with gate.entries() as entries:
        found = entries.find("one@customer.example")
    assert found is not None
    assert found.reason is Reason.OPTED_IN


async def test_the_spool_waits_on_while_the_store_is_away(gate: Gate, tmp_path: Path) -> None:
    store = open_store(tmp_path, AwayStore)
    flow = flow_of(store, tmp_path, gate.seen)
    await flow.receive(outgoing(sent()), Hop())
    assert await flow.decide_later() == 0
    store.close()
    assert len(await flow.spool.waiting()) == 1


async def test_deferring_is_the_other_choice_when_the_store_is_away(
    gate: Gate, tmp_path: Path
) -> None:
    store = open_store(tmp_path, AwayStore)
    flow = flow_of(store, tmp_path, gate.seen)
    flow.settings = replace(flow.settings, defer_on_store_failure=True)
    hop = Hop()
    handled = await flow.receive(outgoing(sent()), hop)
    store.close()
    assert handled.reply.code == 451
    assert "dot" not in hop.done


async def test_a_defect_of_ours_does_not_stop_mail(gate: Gate, tmp_path: Path) -> None:
    store = open_store(tmp_path, BrokenStore)
    flow = flow_of(store, tmp_path, gate.seen)
    handled = await flow.receive(outgoing(sent()), Hop())
    store.close()
    assert handled.reply == QUEUED
    assert "ZeroDivisionError" in gate.seen[-1].trouble


async def test_a_defect_in_the_gate_stops_no_mail_and_keeps_nothing(gate: Gate) -> None:
    class Broken(SqliteStore):
        @property
        def directory(self) -> Directory:
            # Whom the gate asks for is no address: asking it raises.
            return Directory(domains=None)  # type: ignore[arg-type]

    store = open_store(gate.folder, Broken)
    flow = flow_of(store, gate.folder, gate.seen)
    handled = await flow.receive(outgoing(sent()), Hop())
    store.close()
    assert handled.reply == QUEUED
    assert "the privacy gate cannot be asked" in gate.seen[-1].trouble
    assert not await flow.spool.waiting()


async def test_a_defect_leaves_the_message_in_the_spool(gate: Gate, tmp_path: Path) -> None:
    store = open_store(tmp_path, BrokenStore)
    flow = flow_of(store, tmp_path, gate.seen)
    await flow.receive(outgoing(sent()), Hop())
    assert await flow.decide_later() == 0
    store.close()
    assert len(await flow.spool.waiting()) == 1


async def test_what_the_gate_stops_is_not_spooled(gate: Gate, tmp_path: Path) -> None:
    store = open_store(tmp_path, AwayStore)
    flow = flow_of(store, tmp_path, gate.seen)
    secret = sent(to="x@secret.example")
    await flow.receive(outgoing(secret, "x@secret.example"), Hop())
    store.close()
    assert not await flow.spool.waiting()


async def test_a_spool_that_cannot_be_written_does_not_stop_mail(
    gate: Gate, tmp_path: Path
) -> None:
    store = open_store(tmp_path, AwayStore)
    flow = flow_of(store, tmp_path, gate.seen)
    (tmp_path / "no-folder").write_text("")
    flow.spool = FolderSpool(tmp_path / "no-folder" / "spool")
    handled = await flow.receive(outgoing(sent()), Hop())
    store.close()
    assert handled.reply == QUEUED
    assert "the spool cannot be written" in gate.seen[-1].trouble


async def test_a_copy_that_cannot_be_kept_is_deferred(gate: Gate, tmp_path: Path) -> None:
    store = open_store(tmp_path, AwayStore)
    flow = flow_of(store, tmp_path, gate.seen)
    (tmp_path / "no-folder").write_text("")
    flow.spool = FolderSpool(tmp_path / "no-folder" / "spool")
    hop = Hop()
    handled = await flow.receive(outgoing(sent(), "log@gate.example"), hop)
    store.close()
    assert handled.reply.code == 451
    assert "dot" not in hop.done


async def test_a_copy_in_the_spool_is_durable(gate: Gate, tmp_path: Path) -> None:
    store = open_store(tmp_path, AwayStore)
    flow = flow_of(store, tmp_path, gate.seen)
    handled = await flow.receive(outgoing(sent(), "log@gate.example"), Hop())
    store.close()
    assert handled.reply.accepted
    assert len(await flow.spool.waiting()) == 1


class Killed(BaseException):
    """The process ends here; nothing of ours catches it."""


async def test_what_is_decided_again_after_a_crash_says_relayed_once(
    gate: Gate, tmp_path: Path
) -> None:
    class Dying(FolderSpool):
        async def drop(self, name: str) -> None:
            raise Killed(name)

    store = open_store(tmp_path, AwayStore)
    await flow_of(store, tmp_path, gate.seen).receive(outgoing(sent()), Hop())
    store.close()
    gate.flow.recorder.close()  # type: ignore[attr-defined] # it is a store
    first = open_store(tmp_path)
    dying = flow_of(first, tmp_path, gate.seen)
    dying.spool = Dying(tmp_path / "spool")
    with pytest.raises(Killed):
        await dying.decide_later()
    first.close()
    second = open_store(tmp_path)
    assert await flow_of(second, tmp_path, gate.seen).decide_later() == 1
    second.close()
    with gate.entries() as entries:
        found = entries.find("one@customer.example")
    assert found is not None
    assert [sighting.relay for sighting in found.sightings] == ["unknown", "relayed"]


async def test_what_is_decided_late_is_settled_when_the_gateway_stops_at_that_moment(
    gate: Gate, tmp_path: Path
) -> None:
    class Slow(FolderSpool):
        def __init__(self, folder: Path) -> None:
            super().__init__(folder)
            self.reached, self.go = threading.Event(), threading.Event()

        def _drop(self, name: str) -> None:
            self.reached.set()
            self.go.wait(5)
            super()._drop(name)

    store = open_store(tmp_path, AwayStore)
    await flow_of(store, tmp_path, gate.seen).receive(outgoing(sent()), Hop())
    store.close()
    last = open_store(tmp_path)
    flow = flow_of(last, tmp_path, gate.seen)
    flow.spool = spool = Slow(tmp_path / "spool")
    late = asyncio.ensure_future(flow.decide_later())
    await asyncio.to_thread(spool.reached.wait, 5)
    late.cancel()
    ended, _ = await asyncio.wait({late}, timeout=0.05)
    # Settled before it has left the spool it would be decided, and said to be relayed, twice.
    assert not ended
    spool.go.set()
    with pytest.raises(asyncio.CancelledError):
        await late
    assert not await spool.waiting()
    last.close()
    with gate.entries() as entries:
        found = entries.find("one@customer.example")
    assert found is not None
    assert [sighting.relay for sighting in found.sightings] == ["relayed"]
