"""What the schema says of each table, for those who read or write all of them."""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from gateway.store.database import driver, migrations


@dataclass(frozen=True, slots=True)
class Table:
    """What is known of a table."""

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    number: str
    """The column whose numbers are given out; empty without one."""
    is_text: bool
    """Whether its key begins with a text, which engines may order otherwise."""


@lru_cache(maxsize=1)
def tables() -> dict[str, Table]:
    """Return all tables of the newest schema, in the order in which they are made."""
    with closing(driver.connect(":memory:")) as connection:
        for _, _, script in migrations():
            connection.executescript(script)
        names = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'table'"
            " AND name NOT LIKE 'sqlite_%' ORDER BY rowid"
        ).fetchall()
        return {name: _table(connection, name, sql) for name, sql in names}


def _table(connection: Any, name: str, sql: str) -> Table:
    rows = connection.execute(f"PRAGMA table_info({name})").fetchall()
    key = tuple(row[1] for row in sorted(rows, key=lambda row: row[5]) if row[5])
    number = key[0] if re.search(r"\bINTEGER PRIMARY KEY\b", sql) else ""
    kinds = {row[1]: row[2] for row in rows}
    return Table(name, tuple(row[1] for row in rows), key, number, kinds[key[0]] == "TEXT")
