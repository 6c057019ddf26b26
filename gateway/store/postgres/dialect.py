"""Says a statement of the store in the SQL of PostgreSQL.

The statements are written once, for SQLite; both engines must keep one contract, so what they are
asked may not drift apart. What the two say in other words is a short list, and it is all here.

What is used of the engine, so that one may judge a further one that speaks its protocol
(CockroachDB, YugabyteDB, Citus): tables with a primary key, unique and partial indexes, identity
columns; INSERT … ON CONFLICT, RETURNING, UPDATE and DELETE with subqueries, WITH RECURSIVE;
SELECT … FOR UPDATE, with NOWAIT and SKIP LOCKED; READ COMMITTED and REPEATABLE READ; ILIKE;
`coalesce`, `nullif`, `count`, `sum`, `max`, `min`, `greatest`, `least`, `lower`, `left`, `strpos`,
`encode`, `array_agg`, `string_agg`, `unnest`, `json_agg`, `jsonb_array_elements_text`,
`current_schema`.
Nothing else: no extension, no trigger, no procedure, no foreign key, no advisory lock, no temporary
table, no COPY, no deferred constraint. LISTEN and NOTIFY (`pg_notify`) only save waiting: an engine
without them is asked once a second. Beside the mail: a rehearsal makes a schema with UNLOGGED
tables LIKE ours, asks `pg_total_relation_size` and `quote_ident`, and goes without where that is
refused; `replygate vacuum` asks for VACUUM (ANALYZE), `pg_database_size` and `current_database`; a
copy asks for `setval` and `pg_get_serial_sequence`; the tables are found in `information_schema`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from gateway.store.tables import tables


@dataclass(frozen=True, slots=True)
class Said:
    """A statement for PostgreSQL."""

    sql: str
    gives_number: bool = False
    """Its one row is the number that it gave out."""


@lru_cache(maxsize=2000)
def translated(sql: str) -> Said:
    """Return a statement of the store as PostgreSQL takes it."""
    for ours, theirs in _WHOLE:
        sql = sql.replace(ours, theirs)
    sql = _outside_quotes(sql, _words)
    for name, rewrite in _CALLS:
        sql = _calls(sql, name, rewrite)
    sql = _upsert(sql)
    numbered = _number_asked(sql)
    if numbered:
        sql = f"{sql} RETURNING {numbered}"
    return Said(_numbered(sql), bool(numbered))


_WHOLE = (
    # SQLite takes the other columns from the row that has the maximum.
    (
        "SELECT d.command, d.remedy, e.reason, count(*), max(e.entry)",
        (
            "SELECT d.command, (array_agg(d.remedy ORDER BY e.entry DESC))[1],"
            " (array_agg(e.reason ORDER BY e.entry DESC))[1], count(*), max(e.entry)"
        ),
    ),
    (" IN ()", " IN (NULL)"),
    ("CAST(content AS TEXT)", "encode(content, 'escape')"),
    ("SET value = value + 1", "SET value = CAST(CAST(value AS BIGINT) + 1 AS TEXT)"),
    ("x''", "''"),
)
"""What cannot be told word by word."""

_WORDS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\b(user|full)\b(?!\s*\()"), r'"\1"'),
    (re.compile(r"\bCROSS JOIN (\w+ \w+ ON)\b"), r"JOIN \1"),
    (re.compile(r"\b(\w+(?:\.\w+)?)(?<!\bIS) NOT NULL"), r"\1 IS NOT NULL"),
    (re.compile(r"\bLIKE\b"), "ILIKE"),
    (re.compile(r"\bLIMIT \?"), "LIMIT NULLIF(?, -1)"),
    # Numbers stand for truth in SQLite.
    (re.compile(r"(?<=\bWHERE )1\b(?! *[=<>])"), "true"),
    (re.compile(r"(?<=\bAND )1\b(?! *[=<>])"), "true"),
    (re.compile(r"(?<=\()1(?= (?:AND|OR)\b)"), "true"),
    (re.compile(r"(?<=\bAND )0\b(?! *[=<>])"), "false"),
    (re.compile(r"(?<=\bWHERE )0\b(?! *[=<>])"), "false"),
    (re.compile(r"\bNOT (\w+\.)?void\b"), r"\1void = 0"),
    (re.compile(r"(?<=\bWHERE )(active)(?= AND\b)"), r"\1 <> 0"),
    (re.compile(r"(?<=\bON )(\w+\.active)(?= AND\b)"), r"\1 <> 0"),
    (re.compile(r"\(\? OR "), "(? <> 0 OR "),
    (re.compile(r"\? IS NULL"), "CAST(? AS BIGINT) IS NULL"),
    (re.compile(r"(?<=\bDISTINCT route FROM )(\(.*\)) ORDER"), r"\1 AS lately ORDER"),
    (
        re.compile(r"\bSELECT DISTINCT e\.entry (FROM .*?) ORDER BY"),
        r"SELECT e.entry \1 GROUP BY e.entry ORDER BY",
    ),
)


def _outside_quotes(sql: str, change: Callable[[str], str]) -> str:
    """Change what stands outside quotes and comments, and keep what stands within."""
    kept: list[str] = []

    def put_aside(found: re.Match[str]) -> str:
        kept.append(found.group())
        return f"\x00{len(kept) - 1}\x00"

    bare = change(re.sub(r"'(?:[^']|'')*'|/\*.*?\*/", put_aside, sql))
    return re.sub("\x00(\\d+)\x00", lambda found: kept[int(found[1])], bare)


def _words(sql: str) -> str:
    for pattern, theirs in _WORDS:
        sql = pattern.sub(theirs, sql)
    return sql


def _calls(sql: str, name: str, rewrite: Callable[[list[str], str], tuple[str, int]]) -> str:
    """Rewrite each call of a function; `rewrite` gets its arguments and what follows it."""
    at = 0
    while (found := re.compile(rf"\b{name}\(").search(sql, at)) is not None:
        arguments, stop = _arguments(sql, found.end())
        arguments = [_calls(one, name, rewrite) for one in arguments]
        said, taken = rewrite(arguments, sql[stop:])
        sql = f"{sql[: found.start()]}{said}{sql[stop + taken :]}"
        at = found.start() + len(said)
    return sql


def _arguments(sql: str, at: int) -> tuple[list[str], int]:
    """Return the arguments of a call that begin here, and where the call ends."""
    depth, begun, found = 0, at, []
    quoted = False
    for place in range(at, len(sql)):
        sign = sql[place]
        if sign == "'":
            quoted = not quoted
        if quoted:
            continue
        if sign == "(":
            depth += 1
        elif sign == ")" and depth:
            depth -= 1
        elif sign in ",)" and not depth:
            found.append(sql[begun:place].strip())
            begun = place + 1
            if sign == ")":
                return found, place + 1
    raise ValueError(f"This call has no end: {sql}")


def _each(arguments: list[str], after: str) -> tuple[str, int]:
    """Return the elements of a JSON array as rows, under the alias that follows the call."""
    (array,) = arguments
    alias = re.match(r" (?:AS )?(?!(?:WHERE|JOIN|LEFT|ORDER|ON|AND)\b)([a-z]+)\b", after)
    kind = "BIGINT" if re.search(r"(\.entries|\.contacts|^\?\d*)$", array) else "TEXT"
    name, taken = (alias[1], alias.end()) if alias else ("each", 0)
    rows = f"jsonb_array_elements_text(CAST({array} AS JSONB)) AS element(one)"
    return f"(SELECT CAST(one AS {kind}) AS value FROM {rows}) AS {name}", taken


def _gathered(arguments: list[str], _: str) -> tuple[str, int]:
    return f"COALESCE(CAST(json_agg({arguments[0]}) AS TEXT), '[]')", 0


def _chosen(arguments: list[str], _: str) -> tuple[str, int]:
    condition, yes, no = arguments
    condition = f"{condition} <> 0" if condition == "?" else condition
    return f"CASE WHEN {condition} THEN {yes} ELSE {no} END", 0


def _most(arguments: list[str], _: str) -> tuple[str, int]:
    name = "GREATEST" if len(arguments) > 1 else "MAX"
    return f"{name}({', '.join(arguments)})", 0


def _least(arguments: list[str], _: str) -> tuple[str, int]:
    name = "LEAST" if len(arguments) > 1 else "MIN"
    return f"{name}({', '.join(arguments)})", 0


def _found(arguments: list[str], _: str) -> tuple[str, int]:
    return f"strpos({', '.join(arguments)}) > 0", 0


def _total(arguments: list[str], _: str) -> tuple[str, int]:
    return f"COUNT(CASE WHEN {arguments[0]} THEN 1 END)", 0


_CALLS: tuple[tuple[str, Callable[[list[str], str], tuple[str, int]]], ...] = (
    ("json_each", _each),
    ("json_group_array", _gathered),
    ("iif", _chosen),
    ("max", _most),
    ("min", _least),
    ("instr", _found),
    ("total", _total),
)


def _upsert(sql: str) -> str:
    """Say INSERT OR IGNORE and INSERT OR REPLACE by the conflict that they mean."""
    if sql.startswith("INSERT OR IGNORE"):
        return f"{sql.replace('INSERT OR IGNORE', 'INSERT', 1)} ON CONFLICT DO NOTHING"
    if not sql.startswith("INSERT OR REPLACE"):
        return sql
    table = tables()[sql.split()[4]]
    others = ", ".join(
        f'"{name}" = excluded."{name}"' for name in table.columns if name not in table.key
    )
    plain = sql.replace("INSERT OR REPLACE", "INSERT", 1)
    done = f"UPDATE SET {others}" if others else "NOTHING"
    return f"{plain} ON CONFLICT ({', '.join(table.key)}) DO {done}"


def _number_asked(sql: str) -> str:
    """Return the column whose number an insertion gives out, when it does."""
    found = re.match(r"INSERT INTO (\w+) \(([^)]*)\) VALUES", sql)
    if found is None or " ON CONFLICT" in sql or " RETURNING " in sql:
        return ""
    number = tables()[found[1]].number if found[1] in tables() else ""
    return "" if number in {name.strip() for name in found[2].split(",")} else number


def _numbered(sql: str) -> str:
    """Give each `?` its number."""
    count = 0

    def number(found: re.Match[str]) -> str:
        nonlocal count
        if found[1]:
            return f"${found[1]}"
        count += 1
        return f"${count}"

    return _outside_quotes(sql, lambda bare: re.sub(r"\?(\d*)", number, bare))
