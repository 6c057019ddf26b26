"""Switches in the record, with who set them."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.model.directory import Switched
from gateway.rules.switches import SwitchError
from gateway.store.directory import Configured, read_directory, read_switches
from gateway.store.faults import NotListedError
from gateway.store.sqlite import SqliteStore
from gateway.store.switching import SwitchBook
from tests.letters import NOON

BEA = "bea@corp.example"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


def book(path: Path) -> SwitchBook:
    return SwitchBook(path, clock=lambda: NOON)


def test_what_is_set_is_there_with_who_and_when(path: Path) -> None:
    with book(path) as switches:
        switches.set_switch("log", '"all"', BEA)
        assert switches.list_switches() == (Switched("log", '"all"', BEA, NOON),)


def test_what_is_set_again_holds_alone(path: Path) -> None:
    with book(path) as switches:
        switches.set_switch("log", '"all"', BEA)
        switches.set_switch("log", '"replies"', BEA)
        assert [one.value for one in switches.list_switches()] == ['"replies"']


def test_what_is_undone_is_gone(path: Path) -> None:
    with book(path) as switches:
        switches.set_switch("log", '"all"', BEA)
        switches.undo_switch("log")
        assert switches.list_switches() == ()
        with pytest.raises(NotListedError, match="replygate policy"):
            switches.undo_switch("log")


def test_what_cannot_be_is_not_set(path: Path) -> None:
    with book(path) as switches, pytest.raises(SwitchError):
        switches.set_switch("log", '"sometimes"', BEA)


def test_a_running_gateway_sees_it_with_the_directory(path: Path) -> None:
    store = SqliteStore.open(path)
    try:
        assert store.directory.switched == ()
        with book(path) as switches:
            switches.set_switch("log", '"all"', BEA)
            assert read_directory(switches._connection, Configured()).switched != ()
        assert [one.name for one in store.directory.switched] == ["log"]
    finally:
        store.close()


@pytest.mark.parametrize("text", ["", "{", "[1]", b"\xff", 7])
def test_what_cannot_be_read_is_nothing(text: object) -> None:
    assert read_switches(text) == ()
