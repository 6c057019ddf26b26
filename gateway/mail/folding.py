"""Folds the case of words as a pattern that ignores case does: what matched can be looked up.

Such a pattern takes the Turkish letters without and with a dot for an i, and the long s for an s;
`lower` leaves them alone.
"""

from __future__ import annotations

from typing import Final

_DOTS: Final = str.maketrans("\u0131\u0130", "ii")


def folded(word: str) -> str:
    """Return a word in the form in which equal ones are equal, in one spacing."""
    return " ".join(word.translate(_DOTS).casefold().split())
