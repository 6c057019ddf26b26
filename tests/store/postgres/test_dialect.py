"""The statements of the store, as PostgreSQL takes them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.store.postgres import dialect, schema
from gateway.store.postgres.dialect import translated
from gateway.store.rows import without_nul

SAID = {
    "SELECT entry FROM entries WHERE user = ?": 'SELECT entry FROM entries WHERE "user" = $1',
    "SELECT ?1, ?2, ?1": "SELECT $1, $2, $1",
    "INSERT OR IGNORE INTO erased VALUES (?, ?)": (
        "INSERT INTO erased VALUES ($1, $2) ON CONFLICT DO NOTHING"
    ),
    "INSERT OR REPLACE INTO handed_over VALUES (?, ?, ?, ?)": (
        "INSERT INTO handed_over VALUES ($1, $2, $3, $4) ON CONFLICT (entry, sink)"
        ' DO UPDATE SET "theirs" = excluded."theirs", "told_at" = excluded."told_at"'
    ),
    "INSERT OR REPLACE INTO tied VALUES (?, ?)": (
        "INSERT INTO tied VALUES ($1, $2) ON CONFLICT (contact, entry) DO NOTHING"
    ),
    "UPDATE t SET a = max(?, a) WHERE freed_at NOT NULL": (
        "UPDATE t SET a = GREATEST($1, a) WHERE freed_at IS NOT NULL"
    ),
    "SELECT max(a), min(b, c) FROM t WHERE 1 AND d IS NOT NULL": (
        "SELECT MAX(a), LEAST(b, c) FROM t WHERE true AND d IS NOT NULL"
    ),
    "SELECT iif(a = 'it''s, ok?', 1, max(b, 2))": (
        "SELECT CASE WHEN a = 'it''s, ok?' THEN 1 ELSE GREATEST(b, 2) END"
    ),
    "SELECT 1 FROM json_each(e.mailboxes) WHERE value IN (?)": (
        "SELECT 1 FROM (SELECT CAST(one AS TEXT) AS value FROM jsonb_array_elements_text("
        "CAST(e.mailboxes AS JSONB)) AS element(one)) AS each WHERE value IN ($1)"
    ),
    "SELECT j.value FROM json_each(b.entries) j": (
        "SELECT j.value FROM (SELECT CAST(one AS BIGINT) AS value FROM jsonb_array_elements_text("
        "CAST(b.entries AS JSONB)) AS element(one)) AS j"
    ),
    "SELECT a FROM t WHERE a LIKE ? LIMIT ?": (
        "SELECT a FROM t WHERE a ILIKE $1 LIMIT NULLIF($2, -1)"
    ),
}


@pytest.mark.parametrize("ours", SAID, ids=lambda sql: sql[:40])
def test_a_statement_is_said_in_other_words(ours: str) -> None:
    assert translated(ours).sql == SAID[ours]


def test_an_insertion_that_gives_a_number_out_returns_it() -> None:
    said = translated("INSERT INTO contacts (address, name) VALUES (?, ?)")
    assert said.gives_number
    assert said.sql.endswith(" RETURNING contact")


def test_an_insertion_that_names_its_number_does_not() -> None:
    assert not translated("INSERT INTO contacts (contact, name) VALUES (?, ?)").gives_number


def test_a_call_without_an_end_is_an_error() -> None:
    with pytest.raises(ValueError, match="no end"):
        translated("SELECT max(a, b")


@pytest.mark.parametrize("step", schema.steps(), ids=lambda step: step[1])
def test_no_table_is_left_in_the_words_of_sqlite(step: tuple[int, str, str]) -> None:
    words = step[2].split()
    assert {"STRICT", "ROWID", "BLOB", "INTEGER", "REFERENCES"}.isdisjoint(words)


@pytest.mark.parametrize(
    ("odd", "plain"),
    [
        ("a\x00b", "a�b"),
        (r'["a\u0000b"]', r'["a\ufffdb"]'),
        (r'["a\\u0000b"]', r'["a\\u0000b"]'),
        (r'["a\\\u0000b"]', r'["a\\\ufffdb"]'),
        ("plain", "plain"),
    ],
)
def test_nul_is_replaced_and_what_only_looks_like_it_stays(odd: str, plain: str) -> None:
    assert without_nul(odd) == plain


@pytest.mark.parametrize(
    "word",
    ["EXTENSION", "TEMP", "TRIGGER", "FUNCTION", "PROCEDURE", "DEFERRABLE", "REFERENCES"],
)
def test_what_other_engines_lack_is_in_no_table(word: str) -> None:
    made = "".join(script for _, _, script in schema.steps())
    assert not re.search(rf"\b{word}", made)


@pytest.mark.parametrize("word", ["pg_advisory", "pg_try_advisory", "LOCK TABLE", "SERIALIZABLE"])
def test_no_lock_is_asked_for_that_other_engines_lack(word: str) -> None:
    sources = Path(schema.__file__).parent.glob("*.py")
    assert not [one.name for one in sources if word in one.read_text("utf-8")]


WORDS = frozenset(
    {"and", "as", "cast", "conflict", "exists", "from", "in", "into", "join", "not", "on", "or",
     "using", "vacuum", "values", "where"}
)  # fmt: skip
"""Before a bracket without being called."""
OF_A_FILE = frozenset({"search_index.py", "terms.py", "side_file.py"})
"""What asks no server."""


def texts(source: Path) -> Iterator[str]:
    """Yield the texts of a program, with a `?` for what is filled in."""
    for node in ast.walk(ast.parse(source.read_text("utf-8"))):
        if isinstance(node, ast.JoinedStr):
            parts = (one.value if isinstance(one, ast.Constant) else "?" for one in node.values)
            yield "".join(map(str, parts))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def called(folder: Path) -> dict[str, str]:
    """Return the functions that statements call, and where; not those that are said otherwise."""
    found: dict[str, str] = {}
    for source in (one for one in folder.rglob("*.py") if one.name not in OF_A_FILE):
        is_own = source.name == "dialect.py"
        for text in texts(source):
            if text == dialect.__doc__ or not (is_own or SQL.search(text)):
                continue
            found |= {name.lower(): source.name for name in CALL.findall(text)}
    return {name: where for name, where in found.items() if name not in SAID_OTHERWISE | WORDS}


SQL = re.compile(r"\b(?:SELECT|UPDATE|INSERT (?:INTO|OR)|DELETE FROM|FROM|WHERE|ORDER BY)\b")
CALL = re.compile(r"(?<!\bAS )(?<!\\)\b([A-Za-z_]+)\(")
SAID_OTHERWISE = frozenset(name for name, _ in dialect._CALLS)


def test_each_function_that_is_asked_for_is_told() -> None:
    told = set(re.findall(r"`(\w+)`", dialect.__doc__ or ""))
    asked = called(Path(dialect.__file__).parents[1])
    assert not {name: where for name, where in asked.items() if name not in told}
    assert {"coalesce", "greatest", "setval"} <= set(asked)
