"""What counts as too slow."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.intake.pace import LEAST_A_SECOND, Pace


@dataclass(eq=False)
class Coming:
    size: int = 0
    is_held_back: bool = False


def test_content_has_its_patience_and_a_second_for_so_many_octets() -> None:
    pace, coming = Pace(10.0), Coming()
    assert not pace.is_too_slow(coming, 100.0)
    coming.size = 20 * LEAST_A_SECOND
    assert not pace.is_too_slow(coming, 130.0)
    assert pace.is_too_slow(coming, 130.1)


def test_each_message_begins_anew() -> None:
    pace = Pace(10.0)
    pace.is_too_slow(Coming(), 100.0)
    assert not pace.is_too_slow(Coming(), 200.0)


def test_a_client_that_waits_for_us_is_not_slow() -> None:
    pace, coming = Pace(10.0), Coming()
    pace.is_too_slow(coming, 100.0)
    coming.is_held_back = True
    assert not pace.is_too_slow(coming, 200.0)
    coming.is_held_back = False
    assert not pace.is_too_slow(coming, 209.0)


def test_between_messages_nothing_is_slow() -> None:
    pace, coming = Pace(10.0), Coming()
    pace.is_too_slow(coming, 100.0)
    assert not pace.is_too_slow(None, 200.0)
