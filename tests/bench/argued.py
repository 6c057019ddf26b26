"""Knows the labels of others that we hold to be wrong: argued.toml, each with the argument.

A case is named by the first sixteen digits of the SHA-256 of its id.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterable
from pathlib import Path

from tests.bench.results import NEEDED, Result

NOTES = Path(__file__).with_name("argued.toml")


def case_of(ident: str) -> str:
    """Return the name under which a note stands."""
    return hashlib.sha256(ident.encode()).hexdigest()[:16]


def argue(results: Iterable[Result], notes: Path = NOTES) -> list[str]:
    """Mark misses whose label a note holds to be wrong; return the ids of notes out of date."""
    known = {note["case"]: note for note in tomllib.loads(notes.read_text("utf-8"))["note"]}
    stale = []
    for result in results:
        note = known.get(case_of(result.label["id"]))
        if note is None:
            continue
        others = [name for name in NEEDED.get(result.label["task"], ()) if name != note["field"]]
        result.argued = (
            not result.right
            and result.answers.get(note["field"]) == note["ours"]
            and all(result.fields.get(name, True) for name in others)
        )
        if not result.argued:
            stale.append(result.label["id"])
    return stale
