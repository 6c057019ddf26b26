"""One message from left to right, with a real store and a next hop that remembers."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from gateway.interfaces import Passage, StoreBusyError
from gateway.mail.reading import read_message
from gateway.model.arrival import Arrival
from gateway.model.case import Case
from gateway.model.decision import Decision, Outcome, Reason
from gateway.model.directory import Directory, LoggingAddress
from gateway.model.envelope import Content, Direction, Envelope, Octets, Relayed, RelayState, Reply
from gateway.model.message import Heading, Message
from gateway.model.policy import Policy
from gateway.model.trust import Trust
from gateway.pipeline import Pipeline, Settings
from gateway.store.entries import Entries
from gateway.store.registry import Registry
from gateway.store.spool import FolderSpool
from gateway.store.sqlite import SqliteStore
from gateway.trust.keys import Keys
from gateway.trust.verifier import Verifier
from tests.letters import NOON, envelope_of, forward_of, letter

QUEUED = Reply(250, ("2.0.0 Ok: queued as 4Xy",))


@dataclass
class Hop:
    """A delivery that remembers what was done, in order."""

    refuses_data: Reply | None = None
    ends_with: Reply = QUEUED
    done: list[str] = field(default_factory=list)

    async def offer_mail(self, mail_from: str, options: Sequence[str]) -> Reply:
        raise NotImplementedError

    async def offer_rcpt(self, addr_spec: str, options: Sequence[str]) -> Reply:
        raise NotImplementedError

    async def stream(self, content: Content) -> Reply | None:
        self.done.append(f"stream {content.size}")
        return self.refuses_data

    async def finish(self) -> Relayed:
        self.done.append("dot")
        accepted = self.ends_with.accepted
        state = RelayState.RELAYED if accepted else RelayState.DEFERRED
        return Relayed(state, self.ends_with, b"\0" * 32)

    async def abort(self) -> None:
        self.done.append("abort")


class AwayStore(SqliteStore):
    """A store that cannot be written."""

    async def record(self, judged: Arrival | Case, decision: Decision) -> str:
        raise StoreBusyError("the disk is full; make room")


class BrokenStore(SqliteStore):
    """A store with a defect of ours in it."""

    async def record(self, judged: Arrival | Case, decision: Decision) -> str:
        raise ZeroDivisionError


@dataclass
class Gate:
    """A pipeline with its parts at hand."""

    folder: Path
    flow: Pipeline
    seen: list[Passage]

    def entries(self) -> Entries:
        return Entries(self.folder / "replygate.db")


def opened(folder: Path, kind: type[SqliteStore] = SqliteStore) -> SqliteStore:
    return kind.open(
        folder / "replygate.db",
        domains=frozenset({"corp.example"}),
        logging_addresses=[LoggingAddress("log@gate.example")],
        clock=lambda: NOON,
    )


def flow_of(store: SqliteStore, folder: Path, seen: list[Passage]) -> Pipeline:
    return Pipeline(
        store,
        FolderSpool(folder / "spool"),
        Verifier(Trust(), Keys(None)),
        Settings(Policy()),
        observe=seen.append,
    )


@pytest.fixture
async def gate(tmp_path: Path) -> AsyncIterator[Gate]:
    store = opened(tmp_path)
    company = Registry(tmp_path / "replygate.db", clock=lambda: NOON)
    company.add_user("anna@corp.example", "Anna Arai")
    company.add_mailbox("anna@corp.example", "anna@corp.example", "google")
    company.connect("anna@corp.example")
    company.add_never_log("secret.example")
    company.close()
    seen: list[Passage] = []
    yield Gate(tmp_path, flow_of(store, tmp_path, seen), seen)
    store.close()


def sent(**fields: str) -> bytes:
    given = {"author": "anna@corp.example", "to": "carol@customer.example", **fields}
    return letter(X_Log_To_CRM="yes", **given)


def outgoing(octets: bytes, rcpt_to: str = "carol@customer.example") -> Envelope:
    return envelope_of(
        octets,
        direction=Direction.OUTGOING,
        mail_from="anna@corp.example",
        rcpt_to=rcpt_to,
        route="submission",
    )


async def test_the_reply_is_that_of_the_next_hop(gate: Gate) -> None:
    handled = await gate.flow.receive(outgoing(sent()), Hop())
    assert handled.reply == QUEUED


async def test_the_words_tell_outcome_reason_and_entry(gate: Gate) -> None:
    handled = await gate.flow.receive(outgoing(sent()), Hop())
    outcome, reason, entry = handled.words.split()
    assert (outcome, reason) == ("logged", "opted-in")
    with gate.entries() as entries:
        found = entries.find(entry.removeprefix("e="))
    assert found is not None
    assert found.reason is Reason.OPTED_IN


async def test_the_entry_is_durable_before_the_final_dot(gate: Gate) -> None:
    there: list[bool] = []

    class Looking(Hop):
        async def finish(self) -> Relayed:
            with gate.entries() as entries:
                there.append(entries.find("one@customer.example") is not None)
            return await super().finish()

    await gate.flow.receive(outgoing(sent()), Looking())
    assert there == [True]


async def test_the_dot_is_not_sent_when_the_next_hop_refuses_data(gate: Gate) -> None:
    refusal = Reply(552, ("5.3.4 too big",))
    hop = Hop(refuses_data=refusal)
    handled = await gate.flow.receive(outgoing(sent()), hop)
    assert (handled.reply, "dot" in hop.done) == (refusal, False)


async def test_a_deferred_message_is_not_said_to_be_delivered(gate: Gate) -> None:
    hop = Hop(ends_with=Reply(451, ("4.3.0 later",)))
    await gate.flow.receive(outgoing(sent()), hop)
    assert gate.seen[0].relayed.state is RelayState.DEFERRED


async def test_a_mail_loop_is_turned_away_without_an_entry(gate: Gate) -> None:
    octets = b"Received: from a by b; x\r\n" * 51 + sent()
    hop = Hop()
    handled = await gate.flow.receive(outgoing(octets), hop)
    assert handled.reply.code == 554
    assert "dot" not in hop.done
    with gate.entries() as entries:
        assert not list(entries.search())


async def test_a_full_disk_does_not_stop_mail(gate: Gate, tmp_path: Path) -> None:
    store = opened(tmp_path, AwayStore)
    flow = flow_of(store, tmp_path, gate.seen)
    handled = await flow.receive(outgoing(sent()), Hop())
    store.close()
    assert (handled.reply, handled.words) == (QUEUED, "failed store-unavailable")
    assert len(await flow.spool.waiting()) == 1


async def test_what_waits_in_the_spool_is_decided_when_the_store_is_back(
    gate: Gate, tmp_path: Path
) -> None:
    store = opened(tmp_path, AwayStore)
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
    store = opened(tmp_path, AwayStore)
    flow = flow_of(store, tmp_path, gate.seen)
    await flow.receive(outgoing(sent()), Hop())
    assert await flow.decide_later() == 0
    store.close()
    assert len(await flow.spool.waiting()) == 1


async def test_deferring_is_the_other_choice_when_the_store_is_away(
    gate: Gate, tmp_path: Path
) -> None:
    store = opened(tmp_path, AwayStore)
    flow = flow_of(store, tmp_path, gate.seen)
    flow.settings = replace(flow.settings, defer_on_store_failure=True)
    hop = Hop()
    handled = await flow.receive(outgoing(sent()), hop)
    store.close()
    assert handled.reply.code == 451
    assert "dot" not in hop.done


async def test_a_defect_of_ours_does_not_stop_mail(gate: Gate, tmp_path: Path) -> None:
    store = opened(tmp_path, BrokenStore)
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

    store = opened(gate.folder, Broken)
    flow = flow_of(store, gate.folder, gate.seen)
    handled = await flow.receive(outgoing(sent()), Hop())
    store.close()
    assert handled.reply == QUEUED
    assert "the privacy gate cannot be asked" in gate.seen[-1].trouble
    assert not await flow.spool.waiting()


async def test_a_defect_leaves_the_message_in_the_spool(gate: Gate, tmp_path: Path) -> None:
    store = opened(tmp_path, BrokenStore)
    flow = flow_of(store, tmp_path, gate.seen)
    await flow.receive(outgoing(sent()), Hop())
    assert await flow.decide_later() == 0
    store.close()
    assert len(await flow.spool.waiting()) == 1


async def test_what_the_gate_stops_is_not_spooled(gate: Gate, tmp_path: Path) -> None:
    store = opened(tmp_path, AwayStore)
    flow = flow_of(store, tmp_path, gate.seen)
    secret = sent(to="x@secret.example")
    await flow.receive(outgoing(secret, "x@secret.example"), Hop())
    store.close()
    assert not await flow.spool.waiting()


async def test_a_spool_that_cannot_be_written_does_not_stop_mail(
    gate: Gate, tmp_path: Path
) -> None:
    store = opened(tmp_path, AwayStore)
    flow = flow_of(store, tmp_path, gate.seen)
    (tmp_path / "no-folder").write_text("")
    flow.spool = FolderSpool(tmp_path / "no-folder" / "spool")
    handled = await flow.receive(outgoing(sent()), Hop())
    store.close()
    assert handled.reply == QUEUED
    assert "the spool cannot be written" in gate.seen[-1].trouble


async def test_a_copy_that_cannot_be_kept_is_deferred(gate: Gate, tmp_path: Path) -> None:
    store = opened(tmp_path, AwayStore)
    flow = flow_of(store, tmp_path, gate.seen)
    (tmp_path / "no-folder").write_text("")
    flow.spool = FolderSpool(tmp_path / "no-folder" / "spool")
    hop = Hop()
    handled = await flow.receive(outgoing(sent(), "log@gate.example"), hop)
    store.close()
    assert handled.reply.code == 451
    assert "dot" not in hop.done


async def test_a_copy_in_the_spool_is_durable(gate: Gate, tmp_path: Path) -> None:
    store = opened(tmp_path, AwayStore)
    flow = flow_of(store, tmp_path, gate.seen)
    handled = await flow.receive(outgoing(sent(), "log@gate.example"), Hop())
    store.close()
    assert handled.reply.accepted
    assert len(await flow.spool.waiting()) == 1


@dataclass
class Looking:
    """Reads as the gateway does; looks into files only once it may, and notes the thread."""

    may: threading.Event = field(default_factory=threading.Event)
    looks: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    looked_in: list[threading.Thread] = field(default_factory=list)

    def __call__(self, octets: Octets, heading: Heading) -> Message:
        return self.look(octets, self.quickly(octets, heading))

    def quickly(self, octets: Octets, heading: Heading) -> Message:
        return read_message(octets, heading)

    def look(self, octets: Octets, message: Message) -> Message:
        self.looked_in.append(threading.current_thread())
        self.looks.release()
        self.may.wait(10)
        return message


def with_file(**fields: str) -> bytes:
    return sent(
        Content_Type="text/plain", Content_Disposition='attachment; filename="a.pdf"', **fields
    )


async def test_files_of_a_small_message_are_looked_at_beside_the_loop(gate: Gate) -> None:
    gate.flow.read = looking = Looking()
    looking.may.set()
    await gate.flow.receive(outgoing(with_file()), Hop())
    (where,) = looking.looked_in
    assert where is not threading.main_thread()


async def test_files_that_take_too_long_are_looked_at_later_with_patience(gate: Gate) -> None:
    gate.flow.read = looking = Looking()
    gate.flow.settings = replace(gate.flow.settings, inspection_budget_s=0.01)
    handled = await gate.flow.receive(outgoing(with_file()), Hop())
    later = asyncio.ensure_future(gate.flow.decide_later())
    for _ in range(2):
        await asyncio.to_thread(looking.looks.acquire)
    looking.may.set()
    assert (handled.words, await later) == ("failed inspection-deferred", 1)


async def test_what_is_decided_again_after_a_crash_says_relayed_once(
    gate: Gate, tmp_path: Path
) -> None:
    class Dying(FolderSpool):
        async def drop(self, name: str) -> None:
            raise KeyboardInterrupt(name)

    store = opened(tmp_path, AwayStore)
    await flow_of(store, tmp_path, gate.seen).receive(outgoing(sent()), Hop())
    store.close()
    gate.flow.recorder.close()  # type: ignore[attr-defined] # it is a store
    first = opened(tmp_path)
    dying = flow_of(first, tmp_path, gate.seen)
    dying.spool = Dying(tmp_path / "spool")
    with pytest.raises(KeyboardInterrupt):
        await dying.decide_later()
    first.close()
    second = opened(tmp_path)
    assert await flow_of(second, tmp_path, gate.seen).decide_later() == 1
    second.close()
    with gate.entries() as entries:
        found = entries.find("one@customer.example")
    assert found is not None
    assert [sighting.relay for sighting in found.sightings] == ["unknown", "relayed"]


async def test_what_is_decided_late_is_settled_when_the_gateway_stops_at_that_moment(
    gate: Gate, tmp_path: Path
) -> None:
    class Stopping(FolderSpool):
        async def drop(self, name: str) -> None:
            raise asyncio.CancelledError(name)

    store = opened(tmp_path, AwayStore)
    await flow_of(store, tmp_path, gate.seen).receive(outgoing(sent()), Hop())
    store.close()
    last = opened(tmp_path)
    flow = flow_of(last, tmp_path, gate.seen)
    flow.spool = Stopping(tmp_path / "spool")
    with pytest.raises(asyncio.CancelledError):
        await flow.decide_later()
    last.close()
    with gate.entries() as entries:
        found = entries.find("one@customer.example")
    assert found is not None
    assert [sighting.relay for sighting in found.sightings] == ["relayed"]


async def test_reading_over_its_budget_does_not_hold_the_mail(gate: Gate) -> None:
    release = asyncio.Event()

    def slow(octets: Octets, heading: Heading) -> Message:
        asyncio.run_coroutine_threadsafe(release.wait(), loop).result()
        return read_message(octets, heading)

    loop = asyncio.get_running_loop()
    gate.flow.read = slow
    gate.flow.settings = replace(gate.flow.settings, inline_octets=0, inspection_budget_s=0.01)
    handled = await gate.flow.receive(outgoing(sent()), Hop())
    release.set()
    assert (handled.reply, handled.words) == (QUEUED, "failed inspection-deferred")


async def test_large_content_is_read_beside_the_loop(gate: Gate) -> None:
    gate.flow.settings = replace(gate.flow.settings, inline_octets=0)
    handled = await gate.flow.receive(outgoing(sent()), Hop())
    assert handled.words.startswith("logged opted-in")


async def test_content_over_the_inspection_limit_still_passes(gate: Gate) -> None:
    small = replace(Policy(), inspection_limit=10)
    gate.flow.settings = replace(gate.flow.settings, policy=small)
    handled = await gate.flow.receive(outgoing(sent()), Hop())
    assert handled.reply == QUEUED
    assert "too-large-to-inspect" in handled.words


async def test_each_message_of_a_forward_gets_an_entry(gate: Gate) -> None:
    both = forward_of(letter(), letter(message_id="two@customer.example"))
    await gate.flow.receive(outgoing(both, "log@gate.example"), Hop())
    with gate.entries() as entries:
        found = [entries.find(f"{name}@customer.example") for name in ("one", "two")]
    assert [entry.reason for entry in found if entry] == [Reason.LOGGED_BY_FORWARD] * 2


async def test_the_gate_is_asked_of_what_a_forward_holds(gate: Gate) -> None:
    secret = letter(author="x@secret.example")
    handled = await gate.flow.receive(outgoing(forward_of(secret), "log@gate.example"), Hop())
    assert handled.words.startswith("not_logged never-log-account")


async def test_a_sent_folder_counts_as_logged(gate: Gate) -> None:
    (entry_id,) = await gate.flow.take_as_logged(
        outgoing(letter(author="anna@corp.example", to="carol@customer.example")), NOON
    )
    with gate.entries() as entries:
        found = entries.find(entry_id)
    assert found is not None
    assert (found.outcome, found.reason) == (Outcome.LOGGED, Reason.IMPORTED)


async def test_what_the_gate_stops_stays_out_of_history(gate: Gate) -> None:
    secret = letter(author="anna@corp.example", to="x@secret.example")
    (entry_id,) = await gate.flow.take_as_logged(outgoing(secret, "x@secret.example"), NOON)
    with gate.entries() as entries:
        found = entries.find(entry_id)
    assert found is not None
    assert found.reason is Reason.NEVER_LOG_ACCOUNT
