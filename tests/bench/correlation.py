"""`python -m tests.bench.correlation 1000000`: what a lookup costs among so many messages.

The messages are made without octets, by the engine itself; a hundred real ones are recorded among
them, and a reply that cites ten of those is looked up. The same on SQLite and on PostgreSQL.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from gateway.interfaces import Recorder
from gateway.mail.reading import read_message
from gateway.model.place import ServedPath
from gateway.store import database
from gateway.store.directory import Configured
from gateway.store.postgres.store import PostgresStore
from gateway.store.sqlite import SqliteStore
from gateway.understand import lookup_of
from tests.postgres import postgres_server, programs
from tests.store.office import Clock, Office, letter

ENTRY = (
    "SELECT i, i / 4 + 1, 'm' || i || '@bulk.example', 1700000000000000 + i * 1000, 'incoming',"
    " 'inbound', 'logged', 'tracked-reply', 1, 0, NULL, 0, 1700000000000000,"
    " 'a' || (i % 1000) || '@client.example', 'Somebody', 'An offer', 'offer',"
    " '[\"bob@acme.example\"]', '[]', 'bob@acme.example', 'bob@acme.example', '[]', '[]', '[]', 0,"
    " NULL"
)
IDS = "SELECT {chance}, i, i / 4 + 1, 0, 'm' || i || '@bulk.example'"
TABLES = {
    "message_ids": IDS,
    "identities": "SELECT {chance}, {octets}, i",
    "threads (thread)": "SELECT DISTINCT i / 4 + 1",
    "entries": ENTRY,
}


class RealClock(Clock):
    """The time."""

    def __call__(self) -> datetime:
        return datetime.now(UTC)


def fill(run: Callable[[str], object], count: int, numbers: str, chance: str, octets: str) -> None:
    """Make the messages."""
    for table, rows in TABLES.items():
        said = rows.format(chance=chance, octets=octets)
        run(f"INSERT INTO {table} {said} FROM {numbers.format(count=count)}")


def fill_file(path: Path, count: int) -> None:
    """Make them in SQLite."""
    SqliteStore.open(path).close()
    with closing(database.connect(path)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("BEGIN")
        numbers = (
            "(WITH RECURSIVE g (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM g WHERE i < {count})"
            " SELECT i FROM g)"
        )
        fill(connection.execute, count, numbers, "random()", "randomblob(32)")
        connection.execute("COMMIT")


def fill_server(url: str, count: int) -> None:
    """Make them in PostgreSQL."""
    with psycopg.connect(url, autocommit=True) as connection:
        chance = "(('x' || substr(md5(random()::text || i), 1, 16))::bit(64)::bigint)"
        octets = "decode(md5(i::text) || md5((-i)::text), 'hex')"
        numbers = "generate_series(1, {count}::bigint) i"
        fill(lambda sql: connection.execute(sql.encode()), count, numbers, chance, octets)
        connection.execute("ANALYZE")


async def ask(store: Recorder, path: Path) -> tuple[float, float]:
    """Return median and best of a lookup, in microseconds."""
    office = Office(store, path, RealClock())
    for number in range(100):
        await office.record(letter(number, cites=[number - 1] if number else []))
    octets = letter("probe", cites=range(60, 70))
    arrival = office.arrival(octets)
    lookup = lookup_of(arrival, read_message(octets, arrival.heading))
    times = []
    for _ in range(300):
        began = time.perf_counter()
        await store.recall(lookup)
        times.append((time.perf_counter() - began) * 1e6)
    return statistics.median(times), min(times)


def main() -> None:
    """Measure both, and print a line for each."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.correlation", description=__doc__)
    parser.add_argument("messages", type=int)
    count = parser.parse_args().messages
    with tempfile.TemporaryDirectory(prefix="replygate-correlation-") as folder:
        path = Path(folder) / "store.sqlite"
        fill_file(path, count)
        with closing(SqliteStore.open(path)) as store:
            found = asyncio.run(ask(store, path))
        say("SQLite", count, found, path.stat().st_size)
        if (binaries := programs()) is None:
            raise SystemExit("There is no PostgreSQL on this machine.")
        with postgres_server(binaries, fsync="off", max_wal_size="8GB") as server:
            served = ServedPath.at(Path(folder) / "served", server.database())
            fill_server(served.url, count)
            ((size,),) = server.ask("SELECT pg_database_size('store')")
            with closing(PostgresStore(served, Configured(), RealClock(), 10.0)) as other:
                found = asyncio.run(ask(other, served))
            say("PostgreSQL", count, found, int(str(size)))


def say(engine: str, count: int, found: tuple[float, float], octets: int) -> None:
    """Print a line."""
    median, best = found
    print(
        f"{engine:<12}{count:>12,} messages, {octets / 1e6:>8,.0f} MB:"
        f" ten references in {median:>6.0f} µs (best {best:.0f})",
        flush=True,
    )


if __name__ == "__main__":
    main()
