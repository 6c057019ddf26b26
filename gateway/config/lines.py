"""Where in a TOML text each key stands.

`tomllib` reads values and forgets their place; this reads places and leaves values to it. It
is only asked about text that `tomllib` has accepted.

Limits: keys inside an inline table, or of an array written in brackets, stand on the line of
the key that holds them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

Path = tuple[str | int, ...]
"""Keys and positions that lead to a value, such as `("listener", 0, "address")`."""

_PART = re.compile(r"""\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([\w-]+))\s*""")
_TOKEN = re.compile(
    r'"""(?:[^\\]|\\.)*?"""|' + r"'''.*?'''" + r'|"(?:[^"\\\n]|\\.)*"' + r"|'[^'\n]*'"
    r"|#[^\n]*|[\[\]{}]|\n",
    re.DOTALL,
)


def line_numbers(text: str) -> Mapping[Path, int]:
    """Return the line, counted from one, of each table and each key outside inline tables."""
    found: dict[Path, int] = {(): 1}
    tables: dict[Path, int] = {}
    here: Path = ()
    for number, statement in _statements(text):
        if statement.startswith("["):
            here = _table(statement, tables)
            found.setdefault(here, number)
        elif keys := _keys(statement):
            for stop in range(1, len(keys) + 1):
                found.setdefault((*here, *keys[:stop]), number)
    return found


def line_of(path: Path, numbers: Mapping[Path, int]) -> int:
    """Return the line of a key, or of the nearest table around it."""
    while path not in numbers:
        path = path[:-1]
    return numbers[path]


def _statements(text: str) -> list[tuple[int, str]]:
    """Return each statement with the line on which it begins; values may span lines."""
    found: list[tuple[int, str]] = []
    begin, first, line, depth = 0, 1, 1, 0
    for token in _TOKEN.finditer(text + "\n"):
        word = token.group()
        if word in {"[", "{"}:
            depth += 1
        elif word in {"]", "}"}:
            depth -= 1
        line += word.count("\n")
        if word == "\n" and depth <= 0:
            statement = text[begin : token.start()].strip()
            if statement and not statement.startswith("#"):
                found.append((first, statement))
            begin, first, depth = token.end(), line, 0
    return found


def _keys(text: str) -> tuple[str, ...]:
    """Return the parts of a dotted key at the head of the text."""
    keys: list[str] = []
    position = 0
    while (part := _PART.match(text, position)) is not None:
        keys.append(next(group for group in part.groups() if group is not None))
        position = part.end()
        if text[position : position + 1] != ".":
            break
        position += 1
    return tuple(keys)


def _table(statement: str, tables: dict[Path, int]) -> Path:
    """Return the path of a table header; counts the tables of each array."""
    keys = _keys(statement.lstrip("["))
    path: Path = ()
    for key in keys:
        path = (*path, key)
        if path in tables and path != keys:
            path = (*path, tables[path])
    if statement.startswith("[["):
        tables[path] = tables.get(path, -1) + 1
        path = (*path, tables[path])
    return path
