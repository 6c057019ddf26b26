"""What is wrong with a configuration, told so that it can be put right."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, and where."""

    file: Path
    line: int
    problem: str
    """A sentence that names the key and says what is allowed."""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.problem}"


class ConfigError(Exception):
    """The configuration cannot be used; nothing was started."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(faults, key=lambda fault: fault.line))
        super().__init__("\n".join(map(str, self.faults)))


def allowed_words(given: str, allowed: Iterable[str], mark: str = "") -> str:
    """Return how a sentence about a word ends: what is allowed in its place, the closest first.

    `mark` stands around each, such as the quotes that TOML wants.
    """
    words = list(allowed)
    close = get_close_matches(given, words, n=1, cutoff=0.6)
    guess = f'; did you mean "{close[0]}"?' if close else "."
    return f"{guess} Allowed: {', '.join(f'{mark}{word}{mark}' for word in words)}."
