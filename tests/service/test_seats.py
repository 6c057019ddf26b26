"""Counts that several workers share."""

from __future__ import annotations

import os

import pytest

from gateway.service.seats import CLOSED, MOST_LISTENERS, Seat, Seats, rows_of


def test_a_worker_counts_its_own_clients() -> None:
    seats = Seats(2)
    seat = Seat(seats, 0, 3)
    seat.enter()
    seat.enter()
    seat.leave()
    assert seat.here == 1


def test_clients_of_all_workers_count_together() -> None:
    seats = Seats(2)
    one, other = Seat(seats, 0, 0), Seat(seats, 1, 0)
    one.enter()
    other.enter()
    assert one.everywhere == 2


def test_a_worker_is_ahead_of_the_least_busy_one() -> None:
    seats = Seats(3)
    one, other, third = (Seat(seats, worker, 0) for worker in range(3))
    for _ in range(3):
        one.enter()
    other.enter()
    third.enter()
    third.enter()
    assert one.ahead == 2


def test_nobody_waits_for_a_worker_that_takes_nobody_in() -> None:
    seats = Seats(2)
    one, other = Seat(seats, 0, 0), Seat(seats, 1, 0)
    one.enter()
    other.enter()
    seats.clear(1)
    assert one.ahead == 0
    assert one.everywhere == 1


def test_listeners_are_counted_apart() -> None:
    seats = Seats(2)
    Seat(seats, 1, 0).enter()
    assert Seat(seats, 0, 1).everywhere == 0


def test_a_child_sees_what_its_parent_counts_and_the_other_way_round() -> None:
    seats = Seats(2)
    ours = Seat(seats, 0, 0)
    ours.enter()
    child = os.fork()
    if child == 0:
        theirs = Seat(seats, 1, 0)
        theirs.enter()
        os._exit(theirs.everywhere)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 2
    assert ours.everywhere == 2


def test_a_listener_that_stays_keeps_its_row() -> None:
    assert rows_of(["new", "b"], {"a": 0, "b": 1}) == {"b": 1, "new": 0}


def test_more_listeners_than_rows_are_refused() -> None:
    names = [str(number) for number in range(MOST_LISTENERS + 1)]
    with pytest.raises(ValueError, match="64 listeners at most"):
        rows_of(names, {})


def test_a_worker_takes_nobody_in_before_it_has_a_seat() -> None:
    assert Seats(1).count(0, 0) == CLOSED
