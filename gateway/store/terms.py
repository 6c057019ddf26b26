"""What a text is found by: words as they are, and pairs of letters where words stand unspaced.

Width, case and composition do not count. Japanese, Chinese, Korean and Thai are cut into pairs of
letters that overlap, so that a word of two letters is found within a sentence.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

_RUN: Final = re.compile(r"[^\W_]+")
"""A low line parts words: it does so for the index too."""
_UNSPACED: Final = re.compile(
    "[\u0e00-\u0e7f\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]+"
)
PREFIX_FROM: Final = 3
"""A word of so many letters is found by its beginning too; a shorter one stands for itself."""


def folded(text: str) -> str:
    """Return a text as it is compared."""
    return unicodedata.normalize("NFKC", text).casefold()


def terms_of(text: str) -> Iterator[str]:
    """Yield what a text is found by."""
    for run, unspaced in _runs(text):
        yield from _pairs(run) if unspaced else (run,)


def asked_of(text: str) -> tuple[str, ...]:
    """Return what is looked for, as terms of FTS5; all of them have to be there."""
    found: dict[str, None] = {}
    for run, unspaced in _runs(text):
        if not unspaced:
            found[f'"{run}"*' if len(run) >= PREFIX_FROM else f'"{run}"'] = None
        elif len(run) == 1:
            found[f'"{run}"*'] = None
        else:
            found |= dict.fromkeys(f'"{run[n : n + 2]}"' for n in range(len(run) - 1))
    return tuple(found)


def longer_runs(text: str) -> tuple[str, ...]:
    """Return the unspaced words of which pairs alone do not tell that they are there."""
    return tuple(run for run, unspaced in _runs(text) if unspaced and len(run) > 2)


def _runs(text: str) -> Iterator[tuple[str, bool]]:
    """Yield each run of letters, and whether it stands unspaced."""
    for word in _RUN.findall(folded(text)):
        start = 0
        for found in _UNSPACED.finditer(word):
            if found.start() > start:
                yield word[start : found.start()], False
            yield found.group(), True
            start = found.end()
        if start < len(word):
            yield word[start:], False


def _pairs(run: str) -> Iterator[str]:
    """Yield the pairs, and the last letter, by which a search for one letter finds it."""
    for n in range(len(run)):
        yield run[n : n + 2]
