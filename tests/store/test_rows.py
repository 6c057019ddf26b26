from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.store.rows import (
    Digester,
    EntryNumbers,
    clean,
    entry_name,
    entry_number,
    from_json,
    insert,
    listed,
    micros,
    moment,
    padded,
    to_json,
)
from tests.store.office import Clock


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_moment_comes_back_to_the_microsecond(at: datetime) -> None:
    assert moment(micros(at)) == at


def test_a_moment_of_any_zone_is_the_same_moment() -> None:
    at = datetime(2026, 11, 23, 12, tzinfo=timezone(timedelta(hours=9)))
    assert micros(at) == micros(at.astimezone(UTC))


@given(st.text(st.characters()))
def test_clean_text_can_be_written(text: str) -> None:
    assert clean(text).encode().decode() == clean(text)
    assert clean(text) == text or any("\ud800" <= c <= "\udfff" for c in text)


Odd = st.text(st.characters()) | st.integers(-(2**63), 2**63 - 1) | st.booleans()


@given(st.dictionaries(st.text(st.characters()), Odd | st.lists(Odd)))
def test_json_takes_whatever_odd_mail_says(value: dict[str, object]) -> None:
    assert len(from_json(to_json(value), dict[str, object])) <= len(value)


@given(st.integers(0, 2**63 - 1))
def test_an_entry_name_names_its_number(number: int) -> None:
    assert entry_number(entry_name(number)) == number


@pytest.mark.parametrize(
    "name", ["", "12", "g" * 16, "F" * 16, "f" * 16, "-" * 16, "0x" + "0" * 14]
)
def test_other_names_name_nothing(name: str) -> None:
    assert entry_number(name) is None


def test_entry_numbers_increase_while_the_clock_stands_still() -> None:
    numbers = EntryNumbers(Clock())
    taken = [numbers.take() for _ in range(1000)]
    assert taken == sorted(set(taken))


def test_digests_differ_by_key_and_kind() -> None:
    one, other = Digester(b"1" * 32), Digester(b"2" * 32)
    made = {one.message_id("x"), other.message_id("x"), one.address("x"), one.message_id("y")}
    assert len(made) == 4
    assert one.message_id("x") == Digester(b"1" * 32).message_id("x")
    assert one.sealed(b"x") != other.sealed(b"x")


def test_digests_stay_the_same_when_they_are_forgotten() -> None:
    digester = Digester(b"1" * 32)
    first = digester.message_id("first")
    for number in range(20_001):
        digester.message_id(str(number))
    assert len(digester._known) <= 20_000
    assert digester.message_id("first") == first


@given(st.integers(1, 200))
def test_lists_have_a_place_for_each_value(count: int) -> None:
    places, size = listed(count)
    assert places.count("?") == size == len(padded(range(count), size))
    assert set(padded(range(count), size)) == set(range(count))


@given(st.integers(0, 300))
def test_rows_go_in_by_few_statements(count: int) -> None:
    class Counting:
        def __init__(self) -> None:
            self.values: list[object] = []
            self.statements: set[str] = set()

        def execute(self, sql: str, values: list[object]) -> None:
            self.statements.add(sql)
            self.values += values

    connection = Counting()
    insert(connection, "parties", [(n, n) for n in range(count)])
    assert connection.values == [n for n in range(count) for _ in range(2)]
    assert len(connection.statements) <= 7
