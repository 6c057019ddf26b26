"""Finds what a message says of the one that it answers, beside the ids of its header section.

One reply in six of some lists cites nothing: its mail program has no Message-ID to cite, or drops
it. What is left is in the words: ids in quoted header blocks, quoted lines, who is said to have
written them. A hint never joins a thread; it makes a suggestion.

Limits: a quotation without marks tells lines only when something marks its beginning.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gateway.model.message import Message

_ID: Final = re.compile(r"<([^<>\s@]{1,250}@[^<>\s@]{1,250})>")
_MARK: Final = re.compile(r"[ \t\u00a0]*[>＞|][ \t\u00a0]?")
_DEEPER: Final = re.compile(r"[ \t\u00a0]*[>＞|]")
_QUOTED_CHARS: Final = 20_000
_LINES: Final = 60
_IDS: Final = 20
_LEAST_CHARS: Final = 18
"""A shorter line is a greeting, a name or a rule: many messages have it."""


@dataclass(frozen=True, slots=True)
class Hints:
    """What the words of a message tell of the one that it answers."""

    ids: tuple[str, ...] = ()
    """What stands in angle brackets behind the new words: msg-ids, and addresses."""
    lines: frozenset[str] = frozenset()
    """Lines that it quotes at the first level, as `told_lines` has them."""


def read_hints(message: Message) -> Hints:
    """Return what a message says of the one that it answers; total."""
    text = message.text
    stop = min(message.new_text_stop, len(text))
    quoted = text[stop : stop + _QUOTED_CHARS]
    ids = dict.fromkeys(found[1] for found in _ID.finditer(quoted))
    lines = list(_quoted(text[:_QUOTED_CHARS]))
    if not lines:
        # Quoted without marks: all that follows the new words.
        lines = quoted.splitlines()
    return Hints(tuple(ids)[:_IDS], _told(lines))


def told_lines(new_text: str) -> frozenset[str]:
    """Return the lines of the new words of a message, as those who quote it have them."""
    new = new_text[:_QUOTED_CHARS].splitlines()
    return _told([line for line in new if not _MARK.match(line)])


def _quoted(text: str) -> Iterator[str]:
    """Yield the lines that are quoted at the first level, without their mark."""
    for line in text.splitlines():
        mark = _MARK.match(line)
        if mark and not _DEEPER.match(line, mark.end()):
            yield line[mark.end() :]


def _told(lines: list[str]) -> frozenset[str]:
    """Return lines in one spacing and case, without those that say nothing."""
    folded = (" ".join(line.split()).casefold() for line in lines)
    return frozenset([line for line in folded if len(line) >= _LEAST_CHARS][:_LINES])
