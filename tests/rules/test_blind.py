"""Whom a message reached blindly."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gateway.model.entry import Entry
from gateway.model.envelope import Direction, RelayState
from gateway.model.facts import Sighting
from gateway.rules.blind import reached_blindly
from tests.sinks.parcels import ANN, BOB, NOON, entry, logged

DAN, EVE, ZED = "dan@client.example", "eve@acme.example", "zed@client.example"
MESSAGE = logged().message


def reaching(*recipients: str, **told: Any) -> Entry:
    """Return the entry of the letter from Ann to Bob and Eve, Cc Dan, that went to these."""
    seen = Sighting("in", Direction.INCOMING, frozenset(recipients), b"", NOON, RelayState.RELAYED)
    return replace(entry(sightings=(seen,)), **told)


@pytest.mark.parametrize("named", [BOB, EVE, DAN])
def test_whom_the_message_names_is_not_blind(named: str) -> None:
    about = reaching(named, contacts=(ANN, named))
    assert reached_blindly(about, MESSAGE, {}) == frozenset()


def test_whom_it_reached_without_naming_him_is_blind() -> None:
    about = reaching(BOB, ZED, contacts=(ANN, ZED))
    assert reached_blindly(about, MESSAGE, {}) == {ZED}


def test_a_mailbox_may_be_blind_as_well() -> None:
    about = reaching("ivy@acme.example", mailboxes=("ivy@acme.example",))
    assert reached_blindly(about, MESSAGE, {}) == {"ivy@acme.example"}


def test_whom_it_names_by_another_address_is_not_blind() -> None:
    about = reaching(DAN, contacts=("dan@home.example",))
    held = {"dan@home.example": ("dan@home.example", DAN)}
    assert reached_blindly(about, MESSAGE, held) == frozenset()


def test_whom_it_reached_by_another_address_is_blind() -> None:
    about = reaching("z@home.example", contacts=(ZED,))
    assert reached_blindly(about, MESSAGE, {ZED: (ZED, "z@home.example")}) == {ZED}


def test_who_stands_on_it_for_another_reason_is_not_blind() -> None:
    """A contact for whom his colleague answered."""
    assert reached_blindly(reaching(BOB, contacts=(ZED,)), MESSAGE, {}) == frozenset()


def test_without_the_message_only_its_author_is_known_to_be_named() -> None:
    assert reached_blindly(reaching(ANN, DAN, contacts=(ANN, DAN)), None, {}) == {DAN}
