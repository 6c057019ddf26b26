"""Properties that are made once."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, dataclass, field

import pytest

from gateway.model.lazily import lazily


@dataclass(frozen=True)
class Letter:
    pages: int
    made: list[str] = field(default_factory=list)

    @lazily
    def weight(self) -> int:
        """In grams."""
        self.made.append("letter")
        return self.pages * 5


@dataclass(frozen=True)
class Parcel(Letter):
    @lazily
    def weight(self) -> int:
        """With its box."""
        return super().weight + 100


def test_value_is_made_once() -> None:
    letter = Letter(2)
    assert (letter.weight, letter.weight, letter.made) == (10, 10, ["letter"])


def test_value_that_builds_on_the_class_above_is_kept() -> None:
    parcel = Parcel(2)
    assert (parcel.weight, parcel.weight, parcel.made) == (110, 110, ["letter"])


def test_each_instance_has_its_own_value() -> None:
    assert (Letter(1).weight, Letter(3).weight) == (5, 15)


def test_frozen_instance_stays_frozen() -> None:
    letter = Letter(1)
    with pytest.raises(FrozenInstanceError):
        letter.pages = 2  # type: ignore[misc]
    assert letter.weight == 5


def test_class_shows_the_words_of_its_method() -> None:
    assert Letter.weight.__doc__ == "In grams."
