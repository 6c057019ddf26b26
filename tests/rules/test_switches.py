"""Switches over those of the configuration."""

from __future__ import annotations

from dataclasses import fields

import pytest

from gateway.model.directory import Switched
from gateway.model.policy import Policy
from gateway.rules.presets import PRESETS
from gateway.rules.switches import (
    OURS,
    SWITCHES,
    SwitchError,
    choices,
    in_force,
    read_value,
    written,
)
from tests.letters import NOON


def switched(name: str, value: str) -> Switched:
    return Switched(name, value, "bea@corp.example", NOON)


def test_a_switch_holds_over_the_configuration() -> None:
    assert in_force(Policy(), [switched("log", '"all"')]).log == "all"


def test_a_preset_stands_for_all_its_switches_and_single_ones_go_on_top() -> None:
    ours = Policy(mark_field="x-our-mark")
    set_over = [switched("log", '"replies"'), switched("preset", '"gateway"')]
    policy = in_force(ours, set_over)
    assert (policy.preset, policy.log, policy.spam) == ("gateway", "replies", "hold")
    assert policy.mark_field == "x-our-mark"


@pytest.mark.parametrize(
    ("name", "value"),
    [("nonsense", "1"), ("log", '"sometimes"'), ("body_limit", "-1"), ("log", "{"), ("log", "7"),
     ("preset", '"mine"'), ("mark_field", '"x"'), ("suggest_alias", '"yes"')],
)  # fmt: skip
def test_what_cannot_be_is_refused_and_left_out_where_it_stands(name: str, value: str) -> None:
    with pytest.raises(SwitchError, match=name):
        read_value(name, value)
    assert in_force(Policy(), [switched(name, value)]) == Policy()


def test_nothing_switched_is_the_configuration_itself() -> None:
    policy = Policy()
    assert in_force(policy, ()) is policy


@pytest.mark.parametrize("name", SWITCHES)
def test_every_value_is_read_as_it_was_written(name: str) -> None:
    for policy in PRESETS.values():
        value = getattr(policy, name)
        assert read_value(name, written(value)) == value
        assert not choices(name) or value in choices(name)


def test_every_setting_of_a_policy_is_a_switch_or_ours() -> None:
    assert {*SWITCHES, *OURS} == {one.name for one in fields(Policy)}
