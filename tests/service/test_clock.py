"""A clock that jumps ahead is not believed at once: what is deleted does not come back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.service.clock import Ahead, Watched, running_s

HOUR, DAY, YEAR = timedelta(hours=1), timedelta(days=1), timedelta(days=365)
BEGAN = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Machine:
    """A machine whose clock can be set; it is looked at in every hour that it runs."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "clock.json"
        self.now = BEGAN
        self.ran = timedelta()
        self.restart()

    def restart(self, off: timedelta = timedelta()) -> None:
        """Begin anew, and look at the clock first of all."""
        self.now += off
        self.ran = timedelta()
        self.watched = Watched(self.file, lambda: self.now, self.running_s)
        self.found = self.watched.look()

    def running_s(self) -> float:
        """Return for how long it runs."""
        return self.ran.total_seconds()

    def run(self, hours: int = 1) -> Ahead | None:
        """Let hours go by; return what the last look found."""
        for _ in range(hours):
            self.now += HOUR
            self.ran += HOUR
            self.found = self.watched.look()
        return self.found

    def jump(self, by: timedelta) -> None:
        """Set the clock."""
        self.now += by


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    made = Machine(tmp_path)
    made.run(3)
    return made


def test_a_clock_that_goes_on_is_believed(machine: Machine) -> None:
    assert machine.run(50) is None


def test_a_clock_that_jumped_ahead_is_not_believed(machine: Machine) -> None:
    machine.jump(YEAR)
    assert machine.run() == Ahead(YEAR, DAY)


def test_it_is_believed_when_it_is_put_right(machine: Machine) -> None:
    machine.jump(YEAR)
    machine.run(5)
    machine.jump(-YEAR)
    assert machine.run() is None


def test_it_is_believed_when_it_went_on_for_a_day(machine: Machine) -> None:
    machine.jump(YEAR)
    assert machine.run(24) == Ahead(YEAR, HOUR)
    assert machine.run() is None
    assert machine.run() is None


@pytest.mark.parametrize("again", [2 * DAY, -2 * DAY])
def test_another_jump_begins_another_day(machine: Machine, again: timedelta) -> None:
    machine.jump(YEAR)
    machine.run(20)
    machine.jump(again)
    assert machine.run() == Ahead(YEAR + again, DAY)


def test_a_machine_that_slept_is_believed(machine: Machine) -> None:
    machine.jump(5 * DAY)
    machine.ran += 5 * DAY
    assert machine.run() is None


def test_a_clock_that_went_back_is_believed(machine: Machine) -> None:
    machine.jump(-YEAR)
    assert machine.run() is None


def test_a_restart_with_a_wrong_clock_is_seen(machine: Machine) -> None:
    machine.restart(YEAR)
    assert machine.found == Ahead(YEAR, DAY)


def test_a_restart_after_a_night_is_believed(machine: Machine) -> None:
    machine.restart(12 * HOUR)
    assert machine.found is None


def test_a_machine_that_was_off_for_a_week_is_believed_after_a_day(machine: Machine) -> None:
    machine.restart(7 * DAY)
    assert machine.found == Ahead(7 * DAY, DAY)
    assert machine.run(24) is None


def test_the_day_goes_on_over_a_restart(machine: Machine) -> None:
    machine.jump(YEAR)
    machine.run(20)
    machine.restart(HOUR)
    assert machine.found is not None
    assert machine.run(4) is None


def test_a_clock_that_is_put_right_over_a_restart_is_believed(machine: Machine) -> None:
    machine.jump(YEAR)
    machine.run()
    machine.restart(-YEAR)
    assert machine.found is None


def test_a_file_that_is_no_file_of_ours_is_none(machine: Machine) -> None:
    machine.file.write_bytes(b"{")
    machine.restart(YEAR)
    assert machine.found is None


def test_a_folder_that_cannot_be_written_is_no_reason_for_doubt(tmp_path: Path) -> None:
    assert Machine(tmp_path / "gone").run(3) is None


def test_the_clock_that_nobody_sets_goes_on() -> None:
    assert 0 < running_s() <= running_s()
