"""How the templates write times, sizes, decisions and addresses; everything is escaped."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from gateway.model.decision import Evidence, Outcome, Reason
from gateway.rules.telling import OUTCOMES, when_told

FOLDER = Path(__file__).parent
_SWITCH = re.compile(r"^`[^`]*`(?:, `[^`]*`)*: ")
UNITS = (("GB", 10**9), ("MB", 10**6), ("kB", 10**3))
MARKS = {
    Outcome.LOGGED: "✓",
    Outcome.PARTIAL: "◐",
    Outcome.HELD: "‖",
    Outcome.DUPLICATE: "=",
    Outcome.NOT_LOGGED: "○",
    Outcome.FAILED: "!",
}
"""A sign for each outcome, so that none is told by its colour alone."""
SHORT = {
    Outcome.LOGGED: "Logged",
    Outcome.PARTIAL: "Logged in part",
    Outcome.HELD: "Held",
    Outcome.DUPLICATE: "Duplicate",
    Outcome.NOT_LOGGED: "Not logged",
    Outcome.FAILED: "Failed",
}


def new_templates() -> Environment:
    """Return the environment of the templates."""
    env = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters |= {
        "minute": minute,
        "stamp": stamp,
        "size": size,
        "query": query,
        "evidence": evidence_words,
        "safe_text": safe_text,
        "combine": combine,
        "combine_one": combine_one,
    }
    env.globals |= {
        "outcome_words": OUTCOMES,
        "short": SHORT,
        "marks": MARKS,
        "sentence": sentence,
        "Outcome": Outcome,
    }
    return env


def minute(when: datetime | None) -> str:
    """Return a time as people read it."""
    return "" if when is None else f"{when:%Y-%m-%d %H:%M} UTC"


def stamp(when: datetime) -> str:
    """Return a time as programs read it."""
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def size(octets: int) -> str:
    """Return a number of octets in the unit that reads best (MB is 10^6)."""
    for unit, octets_of_unit in UNITS:
        if octets >= octets_of_unit:
            return f"{octets / octets_of_unit:.1f} {unit}".replace(".0 ", " ")
    return f"{octets} B"


def query(path: str, **asked: Any) -> str:
    """Return an address with what is asked; what is empty is left out."""
    given = {key: value for key, value in asked.items() if value not in {"", None}}
    return f"{path}?{urlencode(given)}" if given else path


def combine(asked: Mapping[str, str], **other: str) -> dict[str, str]:
    """Return what is asked, with something else put over it."""
    return {**asked, **other}


def combine_one(asked: Mapping[str, str], name: str, value: str, outcome: str) -> dict[str, str]:
    """Return what is asked, with one more condition and an outcome."""
    return {**asked, name: value, "outcome": outcome}


def evidence_words(evidence: Evidence) -> str:
    """Return what a rule saw, on one line."""
    return ", ".join(f"{name.replace('_', ' ')}: {value}" for name, value in evidence.items())


def sentence(reason: Reason, direction: str) -> str:
    """Return why it was decided so, in the words of the rule, without the names of switches."""
    said = (
        _SWITCH.sub("", when).replace(", and nothing above", "")
        for when in when_told(reason, direction)
    )
    return " ".join(f"{words[:1].upper()}{words[1:]}" for words in said)


def safe_text(text: str) -> str:
    """Return words as written, without what HTML cannot hold."""
    return "".join(c for c in text if c >= " " or c in "\n\t")
