"""Where the time of one S message goes, by stage: `python -m tests.bench.stages`.

Microseconds of processor time of the whole process, medians over rounds of fresh messages, with
everything on but the sockets. The last line is a message on its way through all stages at once,
twenty at a time: it costs more than their sum, for each stage drives the others out of the caches.
"""

from __future__ import annotations

import asyncio
import hashlib
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from gateway import maillog
from gateway.config.scanners import all_signatures
from gateway.filetypes import FileTypes, reader
from gateway.interfaces import Passage
from gateway.model.arrival import Arrival
from gateway.model.envelope import (
    Client,
    Content,
    Direction,
    Envelope,
    Recipient,
    Relayed,
    RelayState,
    Reply,
    Traits,
)
from gateway.model.facts import Facts
from gateway.model.message import Message
from gateway.model.trust import Trust
from gateway.pipeline import Pipeline, Settings, prove
from gateway.rules.judge import judge, judge_gate
from gateway.rules.presets import GATEWAY
from gateway.store.registry import Registry
from gateway.store.spool import FolderSpool
from gateway.store.sqlite import SqliteStore
from gateway.trust.keys import Keys, make_resolver
from gateway.trust.verifier import Verifier
from gateway.understand import arrive, complete, lookup_of, opened
from tests.bench import messages

ROUNDS, AT_ONCE, COUNT = 7, 20, 200
SENT = Relayed(RelayState.RELAYED, Reply(250, ("2.0.0 Ok: queued",)), bytes(32))
Asked = TypeVar("Asked")
Told = TypeVar("Told")


class Away:
    """A next hop that takes everything and costs nothing."""

    async def stream(self, content: Content) -> Reply | None:
        """Take it."""
        del content
        return None

    async def finish(self) -> Relayed:
        """Say so."""
        return SENT

    async def abort(self) -> None:
        """Forget it."""

    async def offer_mail(self, mail_from: str, options: Sequence[str]) -> Reply:
        """Accept."""
        raise NotImplementedError

    async def offer_rcpt(self, addr_spec: str, options: Sequence[str]) -> Reply:
        """Accept."""
        raise NotImplementedError


class Stages:
    """What each stage cost, round by round."""

    def __init__(self) -> None:
        self.took: dict[str, list[float]] = defaultdict(list)

    def each(self, stage: str, work: Callable[[Asked], Told], all_: Iterable[Asked]) -> list[Told]:
        """Do the work for each, and note what one costs."""
        asked = list(all_)
        began = time.process_time()
        done = [work(one) for one in asked]
        self._note(stage, began, len(asked))
        return done

    async def all(self, stage: str, count: int, work: Awaitable[Told]) -> Told:
        """Wait for the work of so many messages, and note what one costs."""
        began = time.process_time()
        done = await work
        self._note(stage, began, count)
        return done

    def _note(self, stage: str, began: float, count: int) -> None:
        self.took[stage].append((time.process_time() - began) / count * 1e6)


class Bench:
    """The parts of a gateway, and messages for it."""

    def __init__(self, folder: Path) -> None:
        self.wire = messages.write(folder)["S"].read_bytes()
        path = folder / "replygate.db"
        with Registry(path) as registry:
            registry.add_user("anna@corp.example")
            registry.add_mailbox("anna@corp.example", user="anna@corp.example", provider="google")
            registry.add_contact("joe@customer.example", name="Joe")
        self.store = SqliteStore.open(path, domains=frozenset({"corp.example"}))
        self.verifier = Verifier(Trust(), Keys(make_resolver()))
        self.read = reader(all_signatures(()), FileTypes())
        self.log = maillog.configure("logfmt", "info")
        self.pipeline = Pipeline(
            self.store,
            FolderSpool(folder / "spool"),
            self.verifier,
            Settings(GATEWAY),
            observe=lambda passage: maillog.passed(self.log, passage),
            read=self.read,
        )
        self._made = time.time_ns() // 1_000_000 << 8

    def letters(self, count: int) -> list[Envelope]:
        """Return so many messages that nobody has seen."""
        return [self._letter() for _ in range(count)]

    def _letter(self) -> Envelope:
        self._made += 1
        octets = self.wire.replace(messages.ID.encode(), b"%016x" % self._made)
        sha256 = hashlib.sha256(octets).digest()
        return Envelope(
            "inbound",
            Direction.INCOMING,
            "joe@customer.example",
            (Recipient("anna@corp.example"),),
            Content(octets, len(octets), sha256, Traits(), octets),
            datetime.now(UTC),
            Client("127.0.0.1", "", "load.example"),
        )


async def measure(bench: Bench, stages: Stages) -> None:
    """Measure one round."""
    store, letters = bench.store, bench.letters(COUNT)
    moment = letters[0].received_at
    arrivals = stages.each(
        "header section", lambda e: arrive(e, store.directory, GATEWAY, moment), letters
    )
    stages.each("privacy gate", judge_gate, arrivals)
    read = stages.each(
        "reading", lambda a: bench.read(a.envelope.content.octets, a.heading), arrivals
    )
    both = list(zip(arrivals, read, strict=True))
    stages.each("copies and forwards", lambda pair: opened(*pair, bench.read), both)
    proving = asyncio.gather(*(prove(one, bench.verifier) for one in arrivals))
    await stages.all("proof of the sender", COUNT, proving)
    facts = await stages.all("what is known", COUNT, _recall(store, both))
    cases = [complete(*pair, known) for pair, known in zip(both, facts, strict=True)]
    decisions = stages.each("rules", judge, cases)
    entries: list[str] = []
    for at in range(0, COUNT, AT_ONCE):
        some = zip(cases[at : at + AT_ONCE], decisions[at : at + AT_ONCE], strict=True)
        recorded = asyncio.gather(*(store.record(*pair) for pair in some))
        entries += await stages.all("durable record", AT_ONCE, recorded)
    ended = list(zip(entries, letters, strict=True))
    stages.each("settling", lambda e: store.settle(e[0], e[1].content.sha256, SENT), ended)
    told = [Passage(one, "", name, None, SENT) for name, one in ended]
    stages.each("log line", lambda passage: maillog.passed(bench.log, passage), told)
    for _ in range(COUNT // AT_ONCE):
        some_letters = bench.letters(AT_ONCE)
        through = asyncio.gather(*(bench.pipeline.receive(one, Away()) for one in some_letters))
        await stages.all("all of it at once", AT_ONCE, through)


async def _recall(store: SqliteStore, read: Sequence[tuple[Arrival, Message]]) -> list[Facts]:
    return [await store.recall(lookup_of(*pair)) for pair in read]


async def main() -> None:
    """Measure and print."""
    stages = Stages()
    with tempfile.TemporaryDirectory(prefix="replygate-bench-") as folder:
        bench = Bench(Path(folder))
        for _ in range(ROUNDS + 1):
            await measure(bench, stages)
        bench.store.close()
    print(f"Microseconds of processor time a message, medians of {ROUNDS} rounds of {COUNT}:")
    for stage, took in stages.took.items():
        print(f"  {stage:<22}{statistics.median(took[1:]):>8.1f}")


if __name__ == "__main__":
    try:
        import uvloop
    except ImportError:
        asyncio.run(main())
    else:
        uvloop.run(main())
    sys.exit(0)
