"""Writers that take turns."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from gateway.store.turnstile import Turnstile


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[Turnstile, Turnstile]]:
    with ExitStack() as open_:
        made = [open_.enter_context(closing(Turnstile(tmp_path / "store"))) for _ in range(2)]
        yield made[0], made[1]


def test_one_has_the_turn_at_a_time(two: tuple[Turnstile, Turnstile]) -> None:
    one, other = two
    assert one.enter()
    assert not other.enter()


def test_who_has_the_turn_has_it_still_when_asking_again(two: tuple[Turnstile, Turnstile]) -> None:
    assert two[0].enter()
    assert two[0].enter()


def test_the_next_one_comes_in_when_the_first_has_left(two: tuple[Turnstile, Turnstile]) -> None:
    one, other = two
    one.enter()
    one.leave()
    assert other.enter()


def test_leaving_without_a_turn_takes_nobodys(two: tuple[Turnstile, Turnstile]) -> None:
    one, other = two
    one.enter()
    other.leave()
    assert not other.enter()


def test_who_waits_comes_before_who_had_the_turn(two: tuple[Turnstile, Turnstile]) -> None:
    one, other = two
    one.enter()
    waiting = threading.Thread(target=other.enter, args=(30.0,))
    waiting.start()
    while one.enter():
        # He is not at the queue yet.
        one.leave()
        if not waiting.is_alive():
            break
    waiting.join()
    assert not one.enter()


def test_a_writer_that_ended_leaves_its_turn(tmp_path: Path) -> None:
    ended = Turnstile(tmp_path / "store")
    ended.enter()
    ended.close()
    with closing(Turnstile(tmp_path / "store")) as other:
        assert other.enter()
