"""What the soak asserts, on runs that are made up or short."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.store.registry import Registry
from tests.next_hop import Taken
from tests.torture.__main__ import joined
from tests.torture.account import Account, Full, account
from tests.torture.disk import Disk, disk
from tests.torture.gate import Zygote
from tests.torture.post import ANNA, CAROL, LOG, Attempt, Letter
from tests.torture.samples import Sample, slope
from tests.torture.steady import steady

FULL = Full(10.0, 11.0)


def test_the_slope_is_that_of_the_last_half() -> None:
    warm = [Sample(number, number * 5_000, 9) for number in range(100)]
    flat = [Sample(number, 500_000 + number * 7, 9) for number in range(100, 200)]
    assert slope(warm + flat) == 70_000


@pytest.fixture
def record(tmp_path: Path) -> Path:
    """A record without an entry."""
    path = tmp_path / "replygate.db"
    with Registry(path):
        return path


def held(record: Path, rcpt: str, began: float, full: Full) -> Account:
    """Account for one letter that was brought then, and has no entry."""
    one = Letter("1@x.example", "submission", ANNA, rcpt, b"Subject: x\r\n\r\nx\r\n")
    one.attempts.append(Attempt("1@x.example/0", "250 2.0.0 Ok", began, began + 0.1))
    mail = f"MAIL FROM:<{ANNA}> ENVID=1@x.example/0"
    return account([one], [Taken(mail, [f"RCPT TO:<{rcpt}>"], one.octets)], record, [full])


def test_what_passed_a_full_disk_without_an_entry_is_counted_apart(record: Path) -> None:
    found = held(record, CAROL, 10.5, FULL)
    assert (found.unrecorded, found.faults) == (1, [])


def test_what_passed_at_another_time_must_have_its_entry(record: Path) -> None:
    found = held(record, CAROL, 11.5, FULL)
    assert found.unrecorded == 0
    assert "has no entry" in found.faults[0]


def test_what_is_small_enough_to_wait_in_the_spool_must_have_its_entry(record: Path) -> None:
    found = held(record, CAROL, 10.5, FULL._replace(over=262_144))
    assert "has no entry" in found.faults[0]


def test_a_copy_must_have_its_entry_whatever_the_disk(record: Path) -> None:
    assert any("has no entry" in said for said in held(record, LOG, 10.5, FULL).faults)


def test_a_disk_can_be_filled_and_freed(tmp_path: Path) -> None:
    with disk(tmp_path) as made:
        if not isinstance(made, Disk):
            pytest.skip(made)
        made.fill(0)
        with pytest.raises(OSError, match="No space left"):
            (made.place / "file").write_bytes(bytes(1 << 20))
        made.free()
        (made.place / "file").write_bytes(bytes(1 << 20))


def test_runs_side_by_side_make_one_page_of_the_longest_time(tmp_path: Path) -> None:
    files = [tmp_path / "kills.json", tmp_path / "soak.json"]
    for file, figures in zip(
        files,
        ({"seed": 1, "kills": 9, "seconds": 70}, {"seed": 1, "soak: lost": 0, "seconds": 60}),
        strict=True,
    ):
        file.write_text(json.dumps(figures))
    assert joined(files) == {"seed": 1, "kills": 9, "soak: lost": 0, "seconds": 70}


async def test_small_letters_are_all_taken_and_watched(starter: Zygote, tmp_path: Path) -> None:
    found = await steady(starter, tmp_path, 1000, 1, lambda _: None)
    assert (found.letters, found.refused) == (1000, [])
    assert [one.letters for one in found.samples] == [500, 1000]
    assert all(one.octets > 1 << 20 for one in found.samples)
