"""What questions cost in a store that was filled in bulk, on either engine."""

from __future__ import annotations

import asyncio
import hashlib
import random
import re
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

from gateway.config.settings import Config
from gateway.mail.reading import read_message
from gateway.model.envelope import (
    Client,
    Content,
    Direction,
    Envelope,
    Recipient,
    Traits,
)
from gateway.model.facts import Lookup
from gateway.model.policy import Policy
from gateway.model.trust import Trust
from gateway.pipeline import Pipeline, Settings
from gateway.rules.presets import GATEWAY
from gateway.store.opening import open_store
from gateway.store.postgres.store import PostgresStore
from gateway.store.recall import hits_of, read_threads
from gateway.store.rows import Digester
from gateway.store.spool import FolderSpool
from gateway.store.sqlite import SqliteStore
from gateway.store.turns import Reading
from gateway.trust.keys import Keys, make_resolver
from gateway.trust.verifier import Verifier
from gateway.understand import arrive, lookup_of
from gateway.web.app import new_app
from gateway.web.vault import Vault
from tests.bench import bulk, messages
from tests.bench.stages import Away
from tests.bench.web import client

LOOKUPS, LETTERS, AT_ONCE, ASKED = 2000, 400, 20, 40
Store = SqliteStore | PostgresStore


@dataclass(frozen=True, slots=True)
class Spread:
    """Times of many of a kind."""

    p50: float
    p99: float


def spread(times: Sequence[float], scale: float) -> Spread:
    """Return median and 99th percentile of seconds, scaled."""
    ordered = sorted(times)
    last = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    return Spread(round(statistics.median(ordered) * scale, 2), round(last * scale, 2))


def letter(thread: int, number: int, cites: int = bulk.THREAD) -> bytes:
    """Return a reply of three kilobytes that cites the last letters of a thread made in bulk."""
    wire = messages.small()
    first = thread * bulk.THREAD
    ids = [bulk.message_id(first + n) for n in range(bulk.THREAD - cites, bulk.THREAD)]
    said = f"In-Reply-To: <{ids[-1]}>\r\nReferences: {' '.join(f'<{one}>' for one in ids)}\r\n"
    wire = re.sub(rb"In-Reply-To:.*?(?=MIME-Version)", said.encode(), wire, flags=re.DOTALL)
    wire = wire.replace(messages.ID.encode(), b"%016x" % number)
    wire = wire.replace(b"joe@customer.example", bulk.person(bulk.person_of(thread)).encode())
    return wire.replace(b"anna@corp.example", bulk.user(thread % bulk.USERS).encode())


def known_threads(count: int, rng: random.Random, many: int) -> list[int]:
    """Return threads, by chance, whose letters can be looked up."""
    last = max(1, count // bulk.THREAD // bulk.KNOWN)
    return [rng.randrange(last) * bulk.KNOWN for _ in range(many)]


def envelope(octets: bytes, thread: int) -> Envelope:
    """Return a reply as it arrives."""
    author, reader = bulk.person(bulk.person_of(thread)), bulk.user(thread % bulk.USERS)
    content = Content(octets, len(octets), hashlib.sha256(octets).digest(), Traits(), octets)
    now = datetime.now(UTC)
    return Envelope(
        "inbound", Direction.INCOMING, author, (Recipient(reader),), content, now,
        Client("127.0.0.1", "", "load.example"),
    )  # fmt: skip


def lookups(store: Store, count: int, rng: random.Random) -> list[Lookup]:
    """Return what is asked for replies that cite ten letters each, all over the store."""
    threads = known_threads(count, rng, LOOKUPS)
    return [lookup(store, thread, number) for number, thread in enumerate(threads)]


def lookup(store: Store, thread: int, number: int) -> Lookup:
    """Return what is asked for a reply that cites all letters of a thread."""
    octets = letter(thread, number)
    arrived = envelope(octets, thread)
    arrival = arrive(arrived, store.directory, Policy(), arrived.received_at)
    return lookup_of(arrival, read_message(octets, arrival.heading))


def references(store: Store, path: Path, asked: Sequence[Lookup]) -> Spread:
    """Return what it takes to find ten references and their threads, in microseconds."""
    digester = Digester(store.directory.erased_key)
    reading = Reading(path, 5.0, {})
    times = []

    def find(one: Lookup) -> None:
        hits = hits_of(reading.connection, digester, one.cited)
        assert len(hits) == bulk.THREAD
        read_threads(reading.connection, [some[0].thread for some in hits.values()])

    with closing(reading):
        for one in (*asked, *asked):
            began = time.perf_counter()
            reading.answer(partial(find, one))
            times.append(time.perf_counter() - began)
    # What was asked for the first time came from the disk.
    return spread(times[len(asked) :], 1e6)


async def facts(store: Store, asked: Sequence[Lookup]) -> Spread:
    """Return what it takes to know all of such a reply, in microseconds."""
    times = []
    for one in (*asked, *asked):
        began = time.perf_counter()
        known = await store.recall(one)
        times.append(time.perf_counter() - began)
        assert known.threads[0].parent is not None
        assert known.threads[0].contacts[0].primary == one.author
    return spread(times[len(asked) :], 1e6)


@dataclass(frozen=True, slots=True)
class Passed:
    """What a reply of three kilobytes costs from its octets to its durable entry."""

    cpu_us: float
    server_cpu_us: float
    """Of the database's server, where there is one."""
    wait_ms: Spread
    """Of each, twenty being under way at once."""


async def passing(
    store: Store, count: int, rng: random.Random, server_s: Callable[[], float]
) -> Passed:
    """Return what it costs to read, judge and record replies."""
    with tempfile.TemporaryDirectory() as spool:
        pipeline = Pipeline(
            store,
            FolderSpool(Path(spool)),
            Verifier(Trust(), Keys(make_resolver())),
            Settings(GATEWAY),
        )
        made = time.time_ns() >> 10
        threads = known_threads(count, rng, LETTERS)
        letters = [envelope(letter(t, made + n, 5), t) for n, t in enumerate(threads)]
        waits: list[float] = []

        async def take(one: Envelope) -> None:
            began = time.perf_counter()
            assert (await pipeline.receive(one, Away())).reply.code == 250
            waits.append(time.perf_counter() - began)

        spent, server = time.process_time(), server_s()
        for at in range(0, LETTERS, AT_ONCE):
            await asyncio.gather(*(take(one) for one in letters[at : at + AT_ONCE]))
        cpu = (time.process_time() - spent) / LETTERS * 1e6
        served = (server_s() - server) / LETTERS * 1e6
    return Passed(round(cpu), round(served), spread(waits, 1e3))


async def pages(
    config: Config, count: int, rng: random.Random, asked: int = ASKED
) -> dict[str, Spread]:
    """Return what the pages take that people look for mail by, in milliseconds."""
    last = datetime.fromtimestamp((bulk.FIRST_AT + count * bulk.APART_US) / 1e6, UTC)
    app, found = new_app(config), {}
    with Vault(config.gateway.state) as vault:
        cookies = {app.state.desk.cookie: vault.begin(f"boss@{bulk.DOMAIN}", 10)}
    async with client(app, cookies) as asker:
        for name, address in _questions(count, last.date(), rng).items():
            times = []
            for _ in range(asked):
                path = address()
                began = time.perf_counter()
                answer = await asker.get(path)
                times.append(time.perf_counter() - began)
                assert answer.status_code == 200
            found[name] = spread(times[1:], 1e3)
    return found


def _questions(count: int, last: date, rng: random.Random) -> dict[str, Callable[[], str]]:
    common, all_words = bulk.vocabulary()[:50], bulk.vocabulary()
    days = max(1, (count * bulk.APART_US // 1_000_000) // 86_400)

    def week() -> str:
        day = last - timedelta(days=rng.randrange(days))
        return f"&since={day}&until={day + timedelta(days=6)}"

    return {
        "search: a common word": lambda: f"/search?q={rng.choice(common)}",
        "search: a rare word": lambda: f"/search?q={rng.choice(all_words[2000:])}",
        "search: two Japanese letters": lambda: f"/search?q={_two(rng)}",
        "search: a person": lambda: f"/search?q=person{rng.randint(1, bulk.people_of(count))}",
        "a reason in a week": lambda: f"/decisions?reason=spam-in-thread{week()}",
        "a contact": lambda: f"/contacts/{rng.randint(2, bulk.people_of(count))}",
        "the contact with every hundredth": lambda: "/contacts/1",
    }


def _two(rng: random.Random) -> str:
    return "".join(rng.choices(bulk.KANJI, k=2))


def opened(config: Config) -> Store:
    """Open the store of a configuration."""
    return open_store(config.store_path, domains=frozenset({bulk.DOMAIN}))
