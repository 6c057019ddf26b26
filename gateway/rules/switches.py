"""Switches that were set over those of the configuration, while the gateway runs: pure.

A preset that is set in this way stands for all of its switches; single ones go on top of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from functools import cache
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints

import msgspec

from gateway.model.directory import Switched
from gateway.model.policy import Policy
from gateway.rules.presets import PRESETS

OURS: Final = frozenset(
    {
        "logging_address", "mark_field", "folder_field", "trusted_filters", "retention",
        "received_limit", "copies_limit", "inspection_limit",
    }
)  # fmt: skip
"""Settings of a policy that are no matter of a preset; they change in the file alone."""
SWITCHES: Final = tuple(one.name for one in fields(Policy) if one.name not in OURS)
"""What may be switched, the preset first."""


class SwitchError(ValueError):
    """There is no such switch, or it cannot stand so."""


def in_force(policy: Policy, switched: Iterable[Switched]) -> Policy:
    """Return the policy with what was set over it; what we do not know (any more) is left out."""
    values: dict[str, Any] = {}
    for one in switched:
        try:
            values[one.name] = read_value(one.name, one.value)
        except SwitchError:
            continue
    if preset := values.pop("preset", ""):
        policy = of_preset(policy, preset)
    return replace(policy, **values) if values else policy


def of_preset(policy: Policy, name: str) -> Policy:
    """Return a preset with the settings around it that are ours."""
    return replace(PRESETS[name], **{setting: getattr(policy, setting) for setting in OURS})


def read_value(name: str, text: str) -> Any:
    """Return the value of a switch that is written as JSON. Raises SwitchError."""
    if name not in SWITCHES:
        raise SwitchError(f"{name} is no switch. There are: {', '.join(SWITCHES)}.")
    try:
        value = msgspec.json.decode(text, type=_hints()[name])
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise SwitchError(f"{name} cannot be {text}: {error}.") from error
    numbers = [limit for _, limit in value] if isinstance(value, tuple) else [value]
    if any(isinstance(number, int) and number < 0 for number in numbers):
        raise SwitchError(f"{name} cannot be {text}: it is below 0.")
    return value


def written(value: object) -> str:
    """Return a value as JSON."""
    ordered = sorted(value) if isinstance(value, frozenset) else value
    return msgspec.json.encode(ordered).decode()


def choices(name: str) -> tuple[str, ...]:
    """Return what a switch may be, where that is a short list; empty for numbers and lists."""
    hint = _hints()[name]
    return tuple(map(str, get_args(hint))) if get_origin(hint) is Literal else ()


@cache
def _hints() -> Mapping[str, Any]:
    return {**get_type_hints(Policy), "preset": Literal[tuple(PRESETS)]}
