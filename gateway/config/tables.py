"""Makes settings of tables, and collects what is wrong with them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from gateway.config import lines
from gateway.config.decoding import decode, expected
from gateway.config.faults import Fault, allowed_words

T = TypeVar("T")
Table = Mapping[str, Any]


class Tables:
    """The tables of one file; every fault in them is found in one reading."""

    def __init__(self, file: Path, text: str) -> None:
        self.file = file
        self.faults: list[Fault] = []
        self._numbers = lines.line_numbers(text)

    def say(self, path: lines.Path, problem: str) -> None:
        """Note a fault at the line of a key, or of the table around it."""
        self.faults.append(Fault(self.file, lines.line_of(path, self._numbers), problem))

    def table(self, holder: Table, path: lines.Path) -> Table:
        """Return the table at the end of the path; an absent one is empty."""
        found = holder.get(str(path[-1]), {})
        if isinstance(found, dict):
            return found
        self.say(path, f"{title(path)} must be a table: write it on a line of its own.")
        return {}

    def unknown(self, table: Table, allowed: Collection[str], path: lines.Path, where: str) -> None:
        """Note each key that nobody asks for."""
        for key in table:
            if key not in allowed:
                words = allowed_words(key, sorted(allowed))
                self.say((*path, key), f'{where} has no key "{key}"{words}')

    def value(self, value: object, hint: Any, path: lines.Path) -> Any:
        """Return a value as its type has it, or None when it is wrong."""
        try:
            return decode(value, hint)
        except ValueError as error:
            self.say(path, f"{title(path[:-1])} {path[-1]}: {error}")
            return None

    def settings(
        self, kind: type[T], table: Table, path: lines.Path, given: Table | None = None
    ) -> T | None:
        """Return settings of this kind, or None when a value of theirs is wrong.

        What is `given` is not looked for in the table, where it is a key like no other.
        """
        found = dict(given or {})
        before = len(self.faults)
        asked = {f.name: f for f in fields(kind) if f.name not in found}  # type: ignore[arg-type] # any
        self.unknown(table, asked, path, title(path))
        hints = get_type_hints(kind, include_extras=True)
        for name, asked_field in asked.items():
            if name in table:
                found[name] = self.value(table[name], hints[name], (*path, name))
            elif _is_required(asked_field):
                wanted = expected(hints[name])
                self.say(path, f'{title(path)} lacks the key "{name}": {wanted} is expected.')
        return kind(**found) if len(self.faults) == before else None


def title(path: lines.Path) -> str:
    """Return how a table is written in the file."""
    words = ".".join(str(part) for part in path if isinstance(part, str))
    return f"[[{words}]]" if path and isinstance(path[-1], int) else f"[{words}]"


def _is_required(asked: Field[Any]) -> bool:
    return asked.default is MISSING and asked.default_factory is MISSING
