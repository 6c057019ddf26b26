"""What the rules say to people, in a language: remedies, and when a reason holds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Final

from gateway.model.decision import Evidence, Reason
from gateway.rules.pages import PAGES
from gateway.rules.telling import when_told
from gateway.words.catalogue import Tongue
from gateway.words.phrases import phrase_in, values_of

_SWITCH: Final = re.compile(r"^`[^`]*`(?:, `[^`]*`)*: ")


def remedy_in(tongue: Tongue, reason: Reason, remedy: str, evidence: Evidence | None = None) -> str:
    """Return a remedy in this language, filled as it was filled in English.

    Where the evidence does not tell what fills it, the English words do.
    """
    if tongue.language == "en" or not remedy:
        return remedy
    for template in remedies_of(reason):
        found = values_of(template, remedy)
        if found is not None:
            told = {**found, **{key: str(value) for key, value in (evidence or {}).items()}}
            words = {name: phrase_in(tongue, told[name]) for name in found}
            return tongue.template(template).format_map(words)
    return remedy


def sentences_in(tongue: Tongue, reason: Reason, direction: str) -> str:
    """Return why it was decided so, in the words of the rule, without the names of switches."""
    gap = "" if tongue.language == "ja" else " "
    told = (tongue.template(said) for said in sentences_of(reason, direction))
    # What the manual marks as code reads as a word here.
    return gap.join(told).replace("`", "")


def sentences_of(reason: Reason, direction: str) -> Iterator[str]:
    """Yield when the rules of a reason hold, as a reader needs it."""
    for when in when_told(reason, direction):
        said = _SWITCH.sub("", when).replace(", and nothing above", "")
        yield f"{said[:1].upper()}{said[1:]}"


@cache
def remedies_of(reason: Reason) -> tuple[str, ...]:
    """Return the remedies that the rules of a reason know."""
    return tuple(dict.fromkeys(line.remedy for _, line in PAGES[reason].lines if line.remedy))
