"""What the store costs: microseconds of CPU per record and per recall, with twenty callers.

Run it with `python -m tests.bench.store_cost`. Every round uses fresh messages of a few kilobytes;
each cites ten earlier ones by default. Costs are of the whole process: loop, writer and reader.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from gateway.mail.reading import read_message
from gateway.model.arrival import Arrival
from gateway.model.case import Case
from gateway.model.decision import Answer, Decision, Keep, Outcome, Reason, Stage
from gateway.model.envelope import (
    Content,
    Direction,
    Envelope,
    Recipient,
    Relayed,
    RelayState,
    Reply,
)
from gateway.model.facts import Facts
from gateway.model.message import Message
from gateway.model.policy import Policy
from gateway.store.registry import Registry
from gateway.store.sqlite import SqliteStore
from gateway.understand import arrive, complete, lookup_of

CALLERS = 20
TRACE = tuple(
    Answer(stage, f"rule-{number}", number == 40, {"address": "ann@client.example"})
    if number == 40
    else Answer(stage, f"rule-{number}", False, {})
    for stage in (Stage.GATE, Stage.INTAKE, Stage.KIND, Stage.POLICY)
    for number in range(16 * list(Stage).index(stage) % 64, 16 * list(Stage).index(stage) % 64 + 16)
)
DECISION = Decision(
    Outcome.NOT_LOGGED,
    Reason.REPLIER_NOT_CONTACT,
    "ann@client.example is not a contact. Add it to Bob or merge the two, then replay.",
    {"address": "ann@client.example", "contact": "Bob"},
    TRACE,
    keep=Keep.FIXABLE,
    mailboxes=("bob@acme.example",),
)
Read = tuple[Arrival, Message]
T = TypeVar("T")


def letter(number: int, cited: int, name: str = "") -> bytes:
    """Return a reply of three kilobytes that cites so many letters before `number`."""
    ids = (f"<{max(0, number - back)}@client.example>" for back in range(cited, 0, -1))
    head = (
        f"From: Ann <ann{number % 97}@client.example>\r\nTo: bob@acme.example\r\n"
        f"Message-ID: <{name or number}@client.example>\r\nReferences: {' '.join(ids)}\r\n"
        f"Date: Mon, 23 Nov 2026 10:00:00 +0000\r\nSubject: Re: offer {number}\r\n\r\n"
    )
    return head.encode() + b"All good with us, thank you for asking.\r\n" * 70


def read(store: SqliteStore, octets: bytes) -> Read:
    """Return a letter as the flow reads it."""
    content = Content(octets, len(octets), hashlib.sha256(octets).digest())
    envelope = Envelope(
        "inbound",
        Direction.INCOMING,
        "ann@client.example",
        (Recipient("bob@acme.example"),),
        content,
        datetime.now(UTC),
    )
    arrival = arrive(envelope, store.directory, Policy(), envelope.received_at)
    return arrival, read_message(octets, arrival.heading)


def case_of(one: Read) -> Case:
    """Return the case, with what the rules have asked of it before it is recorded."""
    case = complete(*one, Facts(), None)
    assert not case.mark
    assert case.outside
    assert case.reached
    return case


async def cost(work: Callable[[T], Awaitable[object]], items: Sequence[T]) -> float:
    """Return the CPU time of one call in microseconds, twenty being under way at once."""
    waiting = iter(items)

    async def caller() -> None:
        for one in waiting:
            await work(one)

    begun = time.process_time()
    await asyncio.gather(*(caller() for _ in range(CALLERS)))
    return (time.process_time() - begun) / len(items) * 1e6


async def measure(
    folder: Path, rounds: int, count: int, cited: int
) -> tuple[list[float], list[float]]:
    """Return the costs of recording and of recalling, one figure a round."""
    path = folder / "store.sqlite"
    store = SqliteStore.open(path, domains=frozenset({"acme.example"}))
    with Registry(path) as registry:
        registry.add_user("bob@acme.example")
        registry.add_mailbox("bob@acme.example", "bob@acme.example")
        for number in range(0, 97, 2):
            registry.add_contact(f"ann{number}@client.example")
    fate = Relayed(RelayState.RELAYED, Reply(250, ("2.0.0 Ok",)), b"0" * 32)

    async def record(case: Case) -> None:
        entry = await store.record(case, DECISION)
        store.settle(entry, case.envelope.content.sha256, fate)

    records, recalls = [], []
    for first in range(0, rounds * count, count):
        letters = [letter(first + n, cited) for n in range(count)]
        records.append(await cost(record, [case_of(read(store, one)) for one in letters]))
        replies = [letter(first + n, cited, f"reply-{first + n}") for n in range(10, 510)]
        lookups = [replace(lookup_of(*read(store, one)), reported=()) for one in replies]
        recalls.append(await cost(store.recall, lookups))
    store.close()
    return records, recalls


def main() -> None:
    """Print the medians."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--cited", type=int, default=10, help="messages each one cites")
    options.add_argument("--count", type=int, default=2000, help="messages a round")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        records, recalls = asyncio.run(
            measure(Path(folder), chosen.rounds, chosen.count, chosen.cited)
        )
    for name, costs in (("record + settle", records), ("recall", recalls)):
        median, spread = statistics.median(costs), f"{min(costs):.0f} to {max(costs):.0f}"
        print(f"{name:16} {median:6.0f} µs CPU (median of {chosen.rounds}; {spread})")


if __name__ == "__main__":
    main()
