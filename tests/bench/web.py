"""How fast the pages are in a store of a million: `python -m tests.bench.web`.

Builds the store once in a folder (some minutes), then asks the pages over ASGI and prints the
median and the worst of each, with its size. `--count` makes a smaller one.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette

from gateway.config.load import parse_config
from gateway.config.settings import Config
from gateway.store import database
from gateway.store.registry import Registry
from gateway.store.rows import FOREVER, Digester
from gateway.web.app import new_app
from gateway.web.finding import catch_up
from gateway.web.vault import Vault

ANNA, BEA = "anna@corp.example", "bea@corp.example"
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
APART_S = 25
PEOPLE, COMPANIES = 3000, 400
REASONS = {
    "logged": "tracked-reply",
    "partial": "tracked-reply",
    "not_logged": "replier-not-contact",
    "held": "spam-in-thread",
}
KANJI = "見積請求契約更新納期確認資料送付会議日程変更製品価格在庫担当者部長様"
ENTRY = (
    "INSERT INTO entries (entry, thread, message_id, received_at, direction, route, outcome,"
    " reason, holds, gate, marked, author, author_name, subject, base_subject, recipients,"
    " outside, user, mailbox, mailboxes, contacts, missing, kept_until) VALUES"
    " (?, ?, ?, ?, ?, 'inbound', ?, ?, 1, 0, 0, ?, ?, ?, ?, '[]', ?, ?, ?, ?, ?, '[]', ?)"
)
DECISION = (
    "INSERT INTO decisions VALUES (?, 1, 1, 0, ?, 'gateway', 'gateway', ?, ?, ?, ?, '{}', 1, '[]',"
    " '[]', 'content')"
)
SIGHTING = (
    "INSERT INTO sightings VALUES (?, 1, 'inbound', ?, '[]', x'00', ?, 'relayed', 0, '', '', ?,"
    " NULL, x'', NULL, NULL)"
)
QUESTIONS = {
    "contact with 10,000 entries": "/contacts/1",
    "its page 40": "/contacts/1?after={deep}",
    "company": "/companies/company7.example",
    "today": "/",
    "decisions": "/decisions",
    "held": "/held",
    "contacts": "/contacts",
    "search: a common word": "/search?q={common}",
    "search: a rare word": "/search?q={rare}",
    "search: three words": "/search?q={common}+{second}+{third}",
    "search: a beginning": "/search?q={beginning}",
    "search: two Japanese letters": "/search?q=見積",
    "search: a Japanese sentence": "/search?q=見積請求",
    "search: a person": "/search?q=person17",
    "search: a reason": "/search?q=spam-in-thread",
    "search: nothing": "/search?q=zebrafish",
    "search: one day": "/search?q={common}&since=2026-05-01&until=2026-05-01",
}


def config_of(folder: Path) -> Config:
    """Return a configuration with its state there."""
    text = (
        f'[gateway]\nhostname = "gw.corp.example"\nstate = "{folder}"\ndomains = ["corp.example"]\n'
        '[next_hop]\naddress = "127.0.0.1:1"\n'
        '[[listener]]\nname = "inbound"\naddress = "127.0.0.1:2"\ndirection = "inbound"\n'
    )
    return parse_config(text, folder / "replygate.toml", {})


def vocabulary(rng: random.Random) -> list[str]:
    """Return words, the common ones first."""
    letters = "etaoinshrdlucmfwypvbgk"
    return ["".join(rng.choices(letters, k=rng.randint(2, 9))) for _ in range(20_000)]


def letters(count: int, rng: random.Random, words: list[str]) -> Iterator[dict[str, Any]]:
    """Yield letters as rows; every hundredth is of the first contact."""
    weights = [1 / (rank + 3) for rank in range(len(words))]
    pool = rng.choices(words, weights, k=400_000)
    start = int(FIRST.timestamp() * 1e6)
    for number in range(count):
        at = start + number * APART_S * 1_000_000
        outcome = rng.choices(list(REASONS), [70, 4, 25, 1])[0]
        contact = 1 if number % 100 == 0 else number % PEOPLE + 1
        user = ANNA if number % 20 == 0 else f"user{number % 50}@corp.example"
        place = rng.randrange(len(pool) - 80)
        japanese = "".join(rng.choices(KANJI, k=30)) if number % 3 == 0 else ""
        yield {
            "entry": ((at // 1000) << 20) | number & 0xFFFFF,
            "thread": number // 5 + 1,
            "at": at,
            "direction": "outgoing" if number % 4 == 0 else "incoming",
            "outcome": outcome,
            "contact": contact,
            "address": f"person{contact}@company{contact % COMPANIES}.example",
            "user": user,
            "subject": " ".join(pool[place : place + 4]),
            "text": f"{' '.join(pool[place + 4 : place + rng.randint(10, 80)])} {japanese}",
        }


def build(folder: Path, count: int) -> None:
    """Make the store and its index."""
    rng = random.Random(1)
    config = config_of(folder)
    folder.mkdir(parents=True)
    with Registry(config.store_path) as registry:
        for user in (ANNA, *(f"user{n}@corp.example" for n in range(50))):
            registry.add_user(user)
            registry.add_mailbox(user, user, "google")
        registry.add_user(BEA, "Bea", "admin")
        for n in range(1, PEOPLE + 1):
            address = f"person{n}@company{n % COMPANIES}.example"
            registry.add_contact(address, f"Person {n}", ANNA if n % 30 == 0 else "")
    connection = database.connect(config.store_path)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("INSERT INTO rulebooks VALUES (1, '[]')")
    key = connection.execute("SELECT value FROM settings WHERE name = 'key'").fetchone()[0]
    digester = Digester(key)
    words = vocabulary(rng)
    (folder / "words.json").write_text(json.dumps(words))
    made = letters(count, rng, words)
    while some := tuple(islice(made, 20_000)):
        connection.execute("BEGIN")
        for statement, rows in rows_of(some, digester):
            connection.executemany(statement, rows)
        connection.execute("COMMIT")
        print(".", end="", flush=True)
    connection.close()
    print(f"\nthe store has {config.store_path.stat().st_size >> 20} MB")


def rows_of(
    some: tuple[dict[str, Any], ...], digester: Digester
) -> Iterator[tuple[str, list[Any]]]:
    """Yield each statement with its rows."""
    yield ENTRY, [
        (
            one["entry"], one["thread"], f"{one['entry']}@x", one["at"], one["direction"],
            one["outcome"], REASONS[one["outcome"]],
            one["user"] if one["direction"] == "outgoing" else one["address"], "",
            one["subject"], one["subject"], json.dumps([one["address"]]), one["user"], one["user"],
            json.dumps([one["user"]]), json.dumps([one["contact"]]), FOREVER,
        )
        for one in some
    ]  # fmt: skip
    yield DECISION, [
        (one["entry"], one["at"], one["outcome"], REASONS[one["outcome"]], "Fix it.",
         "replygate contact add-address a b" if one["outcome"] == "not_logged" else "")
        for one in some
    ]  # fmt: skip
    yield (
        SIGHTING,
        [(one["entry"], one["direction"], one["at"], REASONS[one["outcome"]]) for one in some],
    )
    yield "INSERT INTO words VALUES (?, ?)", [(one["entry"], one["text"]) for one in some]
    yield (
        "INSERT OR IGNORE INTO tied VALUES (?, ?)",
        [(one["contact"], one["entry"]) for one in some],
    )
    yield (
        "INSERT OR IGNORE INTO parties VALUES (?, ?)",
        [(digester.address(one["address"]), one["entry"]) for one in some],
    )
    yield "INSERT OR IGNORE INTO threads (thread) VALUES (?)", [(one["thread"],) for one in some]


def index(folder: Path) -> None:
    """Bring the index up to the store."""
    begun = time.monotonic()
    while not catch_up(config_of(folder)):
        print(".", end="", flush=True)
    size = (folder / "search.db").stat().st_size >> 20
    print(f"\nthe index has {size} MB, made in {time.monotonic() - begun:.0f} s")


async def measure(folder: Path, count: int, rounds: int) -> None:
    """Print what each page takes, as an admin and as a member."""
    last = FIRST + timedelta(seconds=count * APART_S)
    config = config_of(folder)
    app = new_app(config, clock=lambda: last)
    words = json.loads((folder / "words.json").read_text())
    fill = {
        "common": words[0], "second": words[3], "third": words[7], "rare": words[-1],
        "beginning": words[1][:3], "deep": deep_key(config),
    }  # fmt: skip
    for user in (BEA, ANNA):
        print(f"\n{user}: median, worst, of which CPU, size")
        with Vault(config.gateway.state, clock=lambda: last) as vault:
            cookies = {app.state.desk.cookie: vault.begin(user, 10)}
        async with client(app, cookies) as asker:
            for name, path in QUESTIONS.items():
                times, costs, answer = [], [], httpx.Response(0)
                for _ in range(rounds):
                    begun, spent = time.perf_counter(), time.process_time()
                    answer = await asker.get(path.format(**fill))
                    times.append((time.perf_counter() - begun) * 1e3)
                    costs.append((time.process_time() - spent) * 1e3)
                told = f"{statistics.median(times):7.1f} {max(times):7.1f} ms"
                told += f" {statistics.median(costs):7.1f}"
                hits = answer.text.count("<li><p><a href")
                print(f"  {name:32} {told} {len(answer.content) / 1e3:6.1f} kB"
                      f" {answer.status_code} {hits or ''}")  # fmt: skip


def deep_key(config: Config) -> str:
    """Return the key of a page far down the first contact."""
    with Registry(config.store_path) as registry:
        rows = registry._rows("SELECT entry FROM tied WHERE contact = 1 ORDER BY entry DESC")
    ((entry,),) = islice(rows, len(rows) // 2, len(rows) // 2 + 1)
    return f"{(entry >> 20) * 1000}-{entry:016x}"


def client(app: Starlette, cookies: dict[str, str]) -> httpx.AsyncClient:
    """Return what asks the application."""
    transport = httpx.ASGITransport(app=app)
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", cookies=cookies)


def main() -> None:
    """Build what is not there, and measure."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("folder", type=Path)
    options.add_argument("--count", type=int, default=1_000_000)
    options.add_argument("--rounds", type=int, default=7)
    chosen = options.parse_args()
    if not chosen.folder.exists():
        build(chosen.folder, chosen.count)
    index(chosen.folder)
    asyncio.run(measure(chosen.folder, chosen.count, chosen.rounds))


if __name__ == "__main__":
    main()
