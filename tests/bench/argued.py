"""Knows the labels of others that we hold to be wrong: argued.toml, each with the argument."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path

from tests.bench.results import NEEDED, Result

NOTES = Path(__file__).with_name("argued.toml")


def argue(results: Iterable[Result]) -> list[str]:
    """Mark misses whose label a note holds to be wrong; return the notes that are out of date."""
    notes = {note["id"]: note for note in tomllib.loads(NOTES.read_text("utf-8"))["note"]}
    seen = {result.label["id"]: result for result in results if result.label["id"] in notes}
    for ident, result in seen.items():
        note = notes[ident]
        others = [name for name in NEEDED.get(result.label["task"], ()) if name != note["field"]]
        result.argued = (
            not result.right
            and result.answers.get(note["field"]) == note["ours"]
            and all(result.fields.get(name, True) for name in others)
        )
    return [ident for ident, result in seen.items() if not result.argued]
