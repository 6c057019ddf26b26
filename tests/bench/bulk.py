"""Messages made in bulk without octets, by the engine that keeps them: for stores of millions.

The rows are those of a real conversation: threads of ten letters, each with its entry, decision,
sighting, ids, parties, words, and a ghost for every fourth. All follows from the number of the
letter but the digests of ids, which are random as real ones are; of every tenth thread they are
those of the store, so that its letters can be looked up. The same statements fill both engines.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

from gateway.model.place import ServedPath
from gateway.store import database
from gateway.store.registry import Registry
from gateway.store.rows import FOREVER, Digester, moment
from gateway.store.search_index import SearchIndex, of_domain, of_mailbox, of_user
from gateway.store.terms import terms_of

DOMAIN = "corp.example"
USERS = 50
THREAD, KNOWN = 10, 10
"""Letters of a thread; every how many threads has ids that can be looked up."""
CHUNK = 200_000
TEXTS, COMPANIES, SHARE = 20_000, 400, 100
"""Texts that letters share, companies, and letters for each contact."""
FIRST_AT = 1_733_000_000_000_000
APART_US = 6_000_000
KANJI = "見積請求契約更新納期確認資料送付会議日程変更製品価格在庫担当者部長様"
ID = "'m' || {i} || '.8f3a2c51d07b4e66@mail.client.example'"
_NUMBERS = (
    "(WITH RECURSIVE g (i) AS (VALUES ({first}) UNION ALL SELECT i + 1 FROM g WHERE i < {last})"
    " SELECT i FROM g) g"
)
_SERVED_NUMBERS = "(SELECT CAST(i AS BIGINT) AS i FROM generate_series({first}, {last}) i) g"
_MADE = (
    "CREATE TEMP TABLE made (i BIGINT PRIMARY KEY, id64 BIGINT, at BIGINT, entry BIGINT,"
    " thread BIGINT, contact BIGINT, outside TEXT, inside TEXT, direction TEXT, outcome TEXT,"
    " reason TEXT, text BIGINT)"
)
_LETTERS = (
    "INSERT INTO made SELECT i, id64, at, ((at / 1000) << 20) | (i & 1048575), i / {thread} + 1, c,"
    " 'person' || c || '@company' || (c % {companies}) || '.example',"
    " 'user' || (i / {thread} % {users}) || '@{domain}',"
    " CASE WHEN i % 4 = 0 THEN 'outgoing' ELSE 'incoming' END,"
    " CASE WHEN o < 70 THEN 'logged' WHEN o < 74 THEN 'partial' WHEN o < 75 THEN 'held'"
    " ELSE 'not_logged' END,"
    " CASE WHEN o < 74 THEN 'tracked-reply' WHEN o < 75 THEN 'spam-in-thread'"
    " ELSE 'replier-not-contact' END, i * 7919 % {texts} FROM"
    " (SELECT g.i AS i, coalesce(r.id64, {chance}) AS id64, {first_at} + g.i * {apart} AS at,"
    " g.i * 61 % 100 AS o, CASE WHEN g.i / {thread} % 100 = 0 THEN 1"
    " ELSE g.i / {thread} * 40503 % CASE WHEN g.i / {share} > 100 THEN g.i / {share} ELSE 100 END"
    " + 1 END AS c"
    " FROM {numbers} LEFT JOIN made_known r ON r.i = g.i) x"
)
_AUTHOR = "CASE WHEN m.direction = 'outgoing' THEN m.inside ELSE m.outside END"
_TO = "CASE WHEN m.direction = 'outgoing' THEN m.outside ELSE m.inside END"
_ROWS = (
    (
        "INSERT INTO entries SELECT m.entry, m.thread, {id}, m.at, m.direction, 'inbound',"
        " m.outcome, m.reason, 1, 0, NULL, 0, m.at, {author}, 'Somebody ' || m.contact, t.subject,"
        " t.subject, '[\"' || {to} || '\"]', '[\"' || m.outside || '\"]', m.inside, m.inside,"
        " '[\"' || m.inside || '\"]', '[' || m.contact || ']', '[]',"
        " CASE WHEN m.outcome = 'not_logged' THEN 0 ELSE {forever} END, NULL"
        " FROM made m JOIN made_texts t ON t.n = m.text ORDER BY m.i"
    ),
    (
        "INSERT INTO sightings SELECT m.entry, 1, 'inbound', m.direction, '[\"' || {to} || '\"]',"
        " {octets}, m.at, 'relayed', 0, '', '', '', NULL, {octets}, 250, '[\"2.0.0 Ok: queued\"]'"
        " FROM made m ORDER BY m.i"
    ),
    (
        "INSERT INTO decisions SELECT m.entry, 1, 1, 0, m.at, 'gateway', 'gateway', m.outcome,"
        " m.reason, CASE WHEN m.outcome = 'not_logged' THEN m.outside || ' is not a contact."
        " Add it to Bob or merge the two, then replay.' ELSE '' END,"
        " CASE WHEN m.outcome = 'not_logged' THEN 'replygate contact add-address Bob ' || m.outside"
        " ELSE '' END, '{{\"address\":\"' || m.outside || '\"}}', 1,"
        " '[[40,true,{{\"address\":\"' || m.outside || '\"}}]]', '[]', 'content'"
        " FROM made m ORDER BY m.i"
    ),
    (
        "INSERT INTO words SELECT m.entry, t.said FROM made m JOIN made_texts t ON t.n = m.text"
        " WHERE m.outcome IN ('logged', 'partial') ORDER BY m.i"
    ),
    (
        "INSERT INTO threads SELECT m.thread, NULL, m.at, m.entry, m.inside, m.inside, 0, m.entry,"
        " m.at, '[\"' || m.outside || '\"]', '[' || m.contact || ']' FROM made m"
        " WHERE m.i % {thread} = 0 ORDER BY m.i"
    ),
    "INSERT INTO tied SELECT m.contact, m.entry FROM made m ORDER BY m.contact, m.entry",
    "INSERT INTO identities SELECT m.id64, {octets}, m.entry FROM made m ORDER BY m.id64",
    (
        "INSERT INTO message_ids SELECT m.id64, m.entry, m.thread, 0, {id} FROM made m"
        " ORDER BY m.id64"
    ),
    (
        "INSERT INTO message_ids SELECT {chance} AS id, 0, m.thread, 0, 'ghost-' || {id}"
        " FROM made m WHERE m.i % 4 = 1 ORDER BY id"
    ),
    (
        "INSERT INTO parties SELECT p.id64, m.entry FROM made m JOIN made_people p"
        " ON p.address IN (m.outside, m.inside) ORDER BY p.id64, m.entry"
    ),
)
_SPOKEN = (
    "INSERT INTO terms (rowid, said, known, may) SELECT m.at / 1000, t.terms || ' ' || {author} ||"
    " ' somebody ' || m.contact || ' ' || m.reason || ' ' || m.inside || ' ' ||"
    " CASE WHEN m.direction = 'outgoing' THEN '{ours}' ELSE d.mark END,"
    " m.outside || ' person ' || m.contact || ' ' || d.mark, u.marks || ' c' || m.contact"
    " FROM made m JOIN made_texts t ON t.n = m.text JOIN made_marks u ON u.address = m.inside"
    " JOIN made_domains d ON d.n = m.contact % {companies} ORDER BY m.at"
)
_DOCUMENTS = "INSERT INTO documents SELECT m.at / 1000, m.entry, 1, 0 FROM made m ORDER BY m.at"


def user(number: int) -> str:
    """Return the address of a user."""
    return f"user{number}@{DOMAIN}"


def person(number: int) -> str:
    """Return the address of a contact."""
    return f"person{number}@company{number % COMPANIES}.example"


def person_of(thread: int) -> int:
    """Return the contact of a thread, counted from 0."""
    return 1 if thread % 100 == 0 else thread * 40503 % people_of(thread * THREAD) + 1


def people_of(count: int) -> int:
    """Return how many contacts there are among so many letters."""
    return max(100, count // SHARE)


def entry_at(number: int) -> int:
    """Return the entry of a letter."""
    return (FIRST_AT + number * APART_US) // 1000 << 20 | number & 0xFFFFF


def message_id(number: int) -> str:
    """Return the id of a letter."""
    return f"m{number}.8f3a2c51d07b4e66@mail.client.example"


def begin(path: Path) -> None:
    """Make the store, with its users, whose mailboxes were connected before all letters."""
    with Registry(path, clock=lambda: moment(FIRST_AT)) as registry:
        for number in range(USERS):
            registry.add_user(user(number))
            registry.add_mailbox(user(number), user(number), "google")
            registry.connect(user(number))
        registry.add_user(f"boss@{DOMAIN}", "Boss", "admin")
    with closing(database.connect(path)) as connection:
        connection.execute("INSERT INTO rulebooks (rules) VALUES ('[]')")


def fill(path: Path, first: int, last: int) -> None:
    """Make the letters from `first` up to `last`, which is not among them."""
    with closing(database.connect(path)) as connection:
        # Nobody else is there, and what breaks is made anew.
        for pragma in (
            "journal_mode = OFF", "synchronous = OFF", "foreign_keys = OFF",
            "cache_size = -1500000", "temp_store = MEMORY",
        ):  # fmt: skip
            connection.execute(f"PRAGMA {pragma}").fetchall()
        (key,) = connection.execute("SELECT value FROM settings WHERE name = 'key'").fetchone()
        served = isinstance(path, ServedPath)
        _prepare(connection, Digester(key), people_of(last))
        for start in range(first, last, CHUNK):
            stop = min(start + CHUNK, last)
            connection.execute("BEGIN")
            _make(connection, start, stop, Digester(key), served=served)
            for sql in _ROWS:
                connection.execute(_told(sql, served=served))
            connection.execute("COMMIT")
        for table in ("made", "made_known", "made_texts", "made_people"):
            connection.execute(f"DROP TABLE {table}")
        if served:
            connection.execute("VACUUM ANALYZE")
        else:
            connection.execute("PRAGMA journal_mode = WAL").fetchall()


def speak(folder: Path, first: int, last: int) -> None:
    """Index the letters from `first` up to `last`."""
    SearchIndex(folder).close()
    with closing(database.connect(folder / "search.db")) as connection:
        for pragma in (
            "journal_mode = OFF", "synchronous = OFF", "cache_size = -500000",
            "temp_store = MEMORY",
        ):  # fmt: skip
            connection.execute(f"PRAGMA {pragma}").fetchall()
        _prepare(connection, None, 0)
        connection.execute("CREATE TEMP TABLE made_marks (address TEXT PRIMARY KEY, marks TEXT)")
        marks = ((u, f"{of_user(u)} {of_mailbox(u)}") for u in map(user, range(USERS)))
        _many(connection, "made_marks", marks)
        connection.execute("CREATE TEMP TABLE made_domains (n BIGINT PRIMARY KEY, mark TEXT)")
        domains = ((n, of_domain(f"company{n}.example")) for n in range(COMPANIES))
        _many(connection, "made_domains", domains)
        for start in range(first, last, CHUNK):
            stop = min(start + CHUNK, last)
            connection.execute("BEGIN")
            _make(connection, start, stop, None, served=False)
            connection.execute(_DOCUMENTS)
            connection.execute(_told(_SPOKEN, served=False))
            connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode = WAL").fetchall()


def _prepare(connection: database.Connection, digester: Digester | None, people: int) -> None:
    """Make the tables that rows are made of: texts, and the digests of addresses."""
    connection.execute(
        "CREATE TEMP TABLE made_texts (n BIGINT PRIMARY KEY, subject TEXT, said TEXT, terms TEXT)"
    )
    _many(connection, "made_texts", _texts())
    connection.execute("CREATE TEMP TABLE made_known (i BIGINT PRIMARY KEY, id64 BIGINT)")
    connection.execute(_MADE)
    if digester is None:
        return
    connection.execute("CREATE TEMP TABLE made_people (address TEXT PRIMARY KEY, id64 BIGINT)")
    named = (*map(person, range(1, people + 1)), *map(user, range(USERS)))
    _many(connection, "made_people", ((one, digester.address(one)) for one in named))
    (known,) = connection.execute("SELECT count(*) FROM contacts").fetchone()
    new = range(known + 1, people + 1)
    rows = ((n, person(n), f"Person {n}", FIRST_AT) for n in new)
    _many(connection, "contacts (contact, address, name, added_at)", rows)
    rows_of = ((person(n), n, FIRST_AT) for n in new)
    _many(connection, "contact_addresses (address, contact, added_at)", rows_of)


def _make(
    connection: database.Connection,
    start: int,
    stop: int,
    digester: Digester | None,
    *,
    served: bool,
) -> None:
    """Make the letters of one transaction, of which all rows are made."""
    connection.execute("DELETE FROM made_known")
    connection.execute("DELETE FROM made")
    if digester is not None:
        known = (n for n in range(start, stop) if n // THREAD % KNOWN == 0)
        _many(connection, "made_known", ((n, digester.message_id(message_id(n))) for n in known))
    numbers = _SERVED_NUMBERS if served else _NUMBERS
    numbers = numbers.format(first=start, last=stop - 1)
    connection.execute(_told(_LETTERS, served=served, numbers=numbers))


def _told(sql: str, *, served: bool, numbers: str = "") -> str:
    """Return a statement with what the engines say in other words."""
    chance = "(('x' || substr(md5(CAST(random() AS TEXT)), 1, 16))::bit(64)::bigint)"
    octets = "decode(md5(CAST(m.i AS TEXT)) || md5(CAST(-m.i AS TEXT)), 'hex')"
    return sql.format(
        id=ID.format(i="m.i"), author=_AUTHOR, to=_TO, forever=FOREVER,
        domain=DOMAIN, ours=of_domain(DOMAIN),
        thread=THREAD, share=SHARE, users=USERS, companies=COMPANIES, texts=TEXTS,
        first_at=FIRST_AT, apart=APART_US, numbers=numbers,
        chance=chance if served else "random()",
        octets=octets if served else "randomblob(32)",
    )  # fmt: skip


def _many(connection: database.Connection, table: str, rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows, many with each statement: a server is far."""
    waiting = iter(rows)
    while some := tuple(islice(waiting, 400)):
        places = ",".join([f"({','.join('?' * len(some[0]))})"] * len(some))
        values = [value for row in some for value in row]
        connection.execute(f"INSERT INTO {table} VALUES {places}", values)


@lru_cache(maxsize=1)
def vocabulary() -> list[str]:
    """Return words, the common ones first."""
    rng = random.Random(1)
    letters = "etaoinshrdlucmfwypvbgk"
    return ["".join(rng.choices(letters, k=rng.randint(2, 9))) for _ in range(20_000)]


def _texts() -> Iterator[tuple[int, str, str, str]]:
    """Yield number, subject, words and terms of each text; common words are common."""
    rng, words = random.Random(2), vocabulary()
    weights = [1 / (rank + 3) for rank in range(len(words))]
    pool = rng.choices(words, weights, k=TEXTS * 30)
    for number in range(TEXTS):
        place = number * 30
        subject = " ".join(pool[place : place + 4])
        said = " ".join(pool[place + 4 : place + rng.randint(8, 30)])
        if number % 3 == 0:
            said = f"{said} {''.join(rng.choices(KANJI, k=20))}"
        terms = " ".join(dict.fromkeys((*terms_of(subject), *terms_of(said))))
        yield number, subject, said, terms
