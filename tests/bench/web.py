"""How fast the pages are in a store of a million: `python -m tests.bench.web`.

Builds the store once in a folder (some minutes), then asks the pages over ASGI, as an admin, as a
member and as one who sees nothing yet. Prints the median and the worst of each, the CPU time of
it, its size, and whether the goal holds: by CPU, since others may use the machine meanwhile.
`--count` makes a smaller one.
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

ANNA, BEA, NILS = "anna@corp.example", "bea@corp.example", "nils@corp.example"
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
FIRST_PAGE = "contact with 10,000 entries"
QUESTIONS = {
    FIRST_PAGE: "/contacts/1",
    "its page 200": "/contacts/1?after={deep}",
    "company": "/companies/company7.example",
    "company of nobody": "/companies/nobody.example",
    "today": "/",
    "decisions": "/decisions",
    "held": "/held",
    "suggestions": "/suggestions",
    "contacts": "/contacts",
    "search: a common word": "/search?q={common}",
    "search: a rare word": "/search?q={rare}",
    "search: three words": "/search?q={common}+{second}+{third}",
    "search: common and rare": "/search?q={common}+{rare}",
    "search: a beginning": "/search?q={beginning}",
    "search: two Japanese letters": "/search?q=見積",
    "search: one Japanese letter": "/search?q=見",
    "search: a Japanese sentence": "/search?q=見積請求",
    "search: two Japanese words": "/search?q=見積+納期",
    "search: Japanese and a word": "/search?q=見積+{common}",
    "search: a person": "/search?q=person17",
    "search: an address": "/search?q=person17@company17.example",
    "search: a person and a word": "/search?q=person17+{common}",
    "search: a reason": "/search?q=spam-in-thread",
    "search: a reason and a word": "/search?q=spam-in-thread+{common}",
    "search: nothing": "/search?q=zebrafish",
    "search: a word, held": "/search?q={common}&outcome=held",
    "search: a word, failed": "/search?q={common}&outcome=failed",
    "search: one day": "/search?q={common}&since=2026-05-01&until=2026-05-01",
    "search: Japanese, a month": "/search?q=見積&since=2026-05-01&until=2026-05-31",
    "search: a person, a reason, a day": (
        "/search?q=person17+tracked-reply&since=2026-05-01&until=2026-06-30"
    ),
}
PAGE_MS, SEARCH_MS, PAGE_KB = 50.0, 200.0, 100.0


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
        registry.add_user(NILS, "Nils")
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
    kept: list[bool] = []
    for user in (BEA, ANNA, NILS):
        print(f"\n{user}: median, worst, CPU in ms; kB; status; hits; goal")
        with Vault(config.gateway.state, clock=lambda: last) as vault:
            cookies = {app.state.desk.cookie: vault.begin(user, 10)}
        async with client(app, cookies) as asker:
            for name, path in QUESTIONS.items():
                kept += await ask(asker, name, path.format(**fill), rounds)
    goals = f"a contact {PAGE_MS:.0f} ms, search {SEARCH_MS:.0f} ms, a page {PAGE_KB:.0f} kB"
    print(f"\n{sum(kept)} of {len(kept)} goals hold ({goals}).")


async def ask(asker: httpx.AsyncClient, name: str, path: str, rounds: int) -> list[bool]:
    """Ask a page some times; print what it took, return which of its goals hold."""
    times, costs, answer = [], [], httpx.Response(0)
    for _ in range(rounds):
        begun, spent = time.perf_counter(), time.process_time()
        answer = await asker.get(path)
        times.append((time.perf_counter() - begun) * 1e3)
        costs.append((time.process_time() - spent) * 1e3)
    size = len(answer.content) / 1e3
    kept = [size < PAGE_KB]
    if goal := PAGE_MS if name == FIRST_PAGE else SEARCH_MS if name.startswith("search") else 0:
        kept.append(statistics.median(costs) < goal)
    told = f"{statistics.median(times):7.1f} {max(times):7.1f} {statistics.median(costs):7.1f}"
    hits = answer.text.count("<li><p><a href")
    said = "holds" if all(kept) else "MISSED"
    print(f"  {name:34} {told} {size:6.1f} {answer.status_code} {hits or '':>3} {said}")
    return kept


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
    Registry(config_of(chosen.folder).store_path).close()
    index(chosen.folder)
    asyncio.run(measure(chosen.folder, chosen.count, chosen.rounds))


if __name__ == "__main__":
    main()
