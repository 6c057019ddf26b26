"""So many copies an hour of one client, and of one sender."""

from __future__ import annotations

from gateway.intake.floods import HOUR_S, Floods


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_client_is_turned_away_when_it_has_brought_its_share() -> None:
    floods = Floods(2, Clock())
    assert [floods.admits("192.0.2.1", f"{n}@x.example") for n in range(3)] == [True, True, False]


def test_a_sender_is_turned_away_whatever_client_brings_it() -> None:
    floods = Floods(2, Clock())
    assert [floods.admits(f"192.0.2.{n}", "a@x.example") for n in range(3)] == [True, True, False]


def test_others_are_not_turned_away_with_it() -> None:
    floods = Floods(1, Clock())
    assert floods.admits("192.0.2.1", "a@x.example")
    assert floods.admits("192.0.2.2", "b@x.example")


def test_what_was_turned_away_does_not_count() -> None:
    floods = Floods(1, Clock())
    floods.admits("192.0.2.1", "a@x.example")
    assert not floods.admits("192.0.2.1", "b@x.example")
    assert floods.admits("192.0.2.2", "b@x.example")


def test_nobodys_name_has_no_limit() -> None:
    floods = Floods(1, Clock())
    assert all(floods.admits("", "") for _ in range(5))


def test_after_an_hour_it_begins_anew() -> None:
    clock = Clock()
    floods = Floods(1, clock)
    floods.admits("192.0.2.1", "")
    clock.now = HOUR_S
    assert floods.admits("192.0.2.1", "")


def test_no_limit_lets_everything_in() -> None:
    floods = Floods(0, Clock())
    assert all(floods.admits("192.0.2.1", "a@x.example") for _ in range(500))


def test_memory_is_bounded() -> None:
    floods = Floods(1, Clock())
    for number in range(12_000):
        floods.admits(f"client {number}", "")
    assert len(floods._hours) <= 10_000
