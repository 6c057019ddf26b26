"""Says our sentences in a language: gettext catalogues, with named placeholders."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from typing import Final, Literal, get_args

Language = Literal["en", "ja"]
LANGUAGES: Final[Mapping[Language, str]] = {"en": "English", "ja": "日本語"}
"""Each language in its own words."""


class Tongue:
    """One language."""

    def __init__(self, language: Language, catalogue: NullTranslations) -> None:
        self.language: Language = language
        self._catalogue = catalogue

    def say(self, sentence: str, /, **values: object) -> str:
        """Return an English sentence in this language, its placeholders filled in."""
        said = self.template(sentence)
        return said.format_map(values) if values else said

    def count(self, one: str, many: str, count: int, /, **values: object) -> str:
        """Return the sentence for so many; `{count}` is their number."""
        return self.plural(one, many, count).format_map({"count": count, **values})

    def plural(self, one: str, many: str, count: int) -> str:
        """Return the form for so many, its placeholders as they are."""
        return self._catalogue.ngettext(one, many, count)

    def template(self, sentence: str) -> str:
        """Return an English sentence in this language, its placeholders as they are."""
        return self._catalogue.gettext(sentence) if sentence else ""


@cache
def tongue(language: Language) -> Tongue:
    """Return a language."""
    if language == "en":
        return Tongue(language, NullTranslations())
    with files("gateway.words").joinpath(f"{language}.mo").open("rb") as compiled:
        return Tongue(language, GNUTranslations(compiled))


def language_of(name: str) -> Language | None:
    """Return the language of this name, or None."""
    return next((known for known in get_args(Language) if known == name), None)


def accepted(header: str) -> Language:
    """Return the language that a browser likes best (RFC 9110 §12.5.4); English for none."""
    wishes: list[tuple[float, int, str]] = []
    for place, wish in enumerate(header.split(",")[:20]):
        tag, _, weight = wish.partition(";q=")
        try:
            liking = float(weight) if weight else 1.0
        except ValueError:
            continue
        wishes.append((-liking, place, tag.strip().lower().partition("-")[0]))
    for dislike, _, tag in sorted(wishes):
        if dislike < 0 and (known := language_of(tag)) is not None:
            return known
    return "en"
