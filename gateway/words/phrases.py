"""Phrases that stand inside other sentences: what evidence says, and what the store answers.

They reach us filled in already. A test holds this list against the code that says them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from gateway.rules.content import NEVER_COMPLETE, SOME_FILE, SOME_SCANNER, WHEN_COMPLETE
from gateway.words.catalogue import Tongue

PHRASES: Final = (
    WHEN_COMPLETE,
    NEVER_COMPLETE,
    SOME_FILE,
    SOME_SCANNER,
    "an unknown time",
    "another path",
    "a recipient",
    "a mark",
    "a path",
    "a proof",
    "it has no usable author",
    "no usable author",
)
"""What evidence may hold beside addresses, names and numbers."""
NO_NUMBER: Final = "{0} is no number."
NO_LIMIT: Final = "{0}: write a name and its limit in MB, such as ann@example.com 20."
SLIPS: Final = (NO_NUMBER, NO_LIMIT, "{0} cannot be {1}: it is below 0.")
"""What is answered to a value that cannot be."""
FAULTS: Final = (
    "{0} is an address of contact {1} already.",
    "{0} and {1} are one contact already.",
    "{0} is in the sequence {1} already.",
    "{0} is on this never-log list already.",
    "{0} is not on this never-log list. See: replygate never-log list",
    "{0} is allowed already.",
    "{0} is not among the allowed senders.",
    "{0} is a logging address already.",
    "{0} is not connected. Nothing is to be done.",
    "{0} lives at {1} already.",
    "{0} is an address of user {1} already.",
    "{0} is an address of mailbox {1} already.",
    "{0} is no further address of {1}. See: replygate user list",
    "There is no user {0}. Add it with: replygate user add {1}",
    "There is no mailbox {0}. Add it with: replygate mailbox add {1}",
    "There is no contact {0}. Add it with: replygate contact add {1}",
    "There is no entry {0}. List what is there with: replygate decisions",
    "{0} is no email address. Write it as name@example.com.",
)
"""What the store answers to what cannot be."""


def phrase_in(tongue: Tongue, value: str) -> str:
    """Return a value of evidence, in this language where it is a phrase of ours."""
    words = value.split(" and ")
    if all(word in PHRASES for word in words):
        return tongue.template(" and ").join(map(tongue.template, words))
    return value


def fault_in(tongue: Tongue, said: str) -> str:
    """Return what the store answered in this language; as it is where it is no known answer."""
    return filled_in(tongue, said, (*FAULTS, *SLIPS))


DETAILS: Final = (
    "it quotes the id {0}",
    'the same subject "{0}" among the same people',
    "it quotes {0} line of it under the same subject",
    "it quotes {0} lines of it under the same subject",
    "it quotes {0} line of it",
    "it quotes {0} lines of it",
)
"""What tells that a message may answer another."""


def detail_in(tongue: Tongue, said: str) -> str:
    """Return what tells it in this language."""
    return filled_in(tongue, said, DETAILS)


def filled_in(tongue: Tongue, said: str, templates: Iterable[str]) -> str:
    """Return what was filled in English in this language; as it is where no template fits."""
    if tongue.language == "en":
        return said
    for template in templates:
        if (found := values_of(template, said)) is not None:
            return tongue.template(template).format(*found.values())
    return said


def values_of(template: str, said: str) -> dict[str, str] | None:
    """Return what fills the placeholders of a template so that it says this, or None."""
    names: list[str] = []
    pattern = ""
    for place, piece in enumerate(re.split(r"\{(\w*)\}", template)):
        if place % 2 == 0:
            pattern += re.escape(piece)
        elif piece in names:
            pattern += f"(?P=f{names.index(piece)})"
        else:
            pattern += f"(?P<f{len(names)}>.*?)"
            names.append(piece)
    found = re.fullmatch(pattern, said, re.DOTALL)
    return None if found is None else dict(zip(names, found.groups(), strict=True))
