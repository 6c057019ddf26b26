"""Reads `[policy]`: a preset, and the switches that are set on top of it."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, get_type_hints

from gateway.config.faults import allowed_words
from gateway.config.lines import Path
from gateway.config.settings import Reading
from gateway.config.tables import Table, Tables
from gateway.config.values import FieldName
from gateway.model.policy import Policy, Retention
from gateway.rules.presets import PRESETS, preset

FOLLOWS = frozenset({"logging_address"})
"""Fields of Policy that follow from other settings, and are no switches."""
PROVIDERS = ("google", "microsoft365", "exchange", "imap", "other")
_PATH = ("policy",)
_HINTS = {
    "mark_field": FieldName,
    "folder_field": FieldName,
    "trusted_filters": frozenset[FieldName],
}


def read_policy(tables: Tables, table: Table) -> tuple[Policy | None, Reading | None]:
    """Return the preset with the switches set on top, and the limits of reading."""
    limits = {f.name for f in fields(Reading)}
    switches = {**get_type_hints(Policy, include_extras=True), **_HINTS}
    allowed = (switches.keys() | limits) - FOLLOWS
    tables.unknown(table, allowed, _PATH, "[policy]")
    wanted = {key: value for key, value in table.items() if key in limits}
    reading = tables.settings(Reading, wanted, _PATH)
    base = _preset(tables, table.get("preset", Policy().preset))
    if base is None:
        return None, reading
    found: dict[str, Any] = {}
    for key in table.keys() & (switches.keys() - FOLLOWS - {"preset", "retention"}):
        path = (*_PATH, key)
        found[key] = tables.value(table[key], switches[key], path)
        _look_at(tables, key, found[key], path)
    found["retention"] = _retention(tables, table, base.retention)
    return replace(base, **found), reading


def _preset(tables: Tables, name: object) -> Policy | None:
    if isinstance(name, str) and name in PRESETS:
        return preset(name)
    words = allowed_words(str(name), PRESETS)
    tables.say((*_PATH, "preset"), f'[policy] preset: "{name}" is no preset{words}')
    return None


def _look_at(tables: Tables, key: str, value: Any, path: Path) -> None:
    """Say what a type cannot: no limit is negative, and providers have names."""
    numbers = [value] if isinstance(value, int) else []
    if key.startswith("attachment_limit_by_"):
        numbers = [limit for _, limit in value or ()]
    if any(number < 0 for number in numbers):
        tables.say(path, f"[policy] {key}: a limit below 0 is wrong; 0 lets nothing in.")
    if key.endswith("_providers"):
        for provider in sorted((value or frozenset()) - set(PROVIDERS)):
            words = allowed_words(provider, PROVIDERS)
            tables.say(path, f'[policy] {key}: "{provider}" is no provider{words}')


def _retention(tables: Tables, holder: Table, base: Retention) -> Retention:
    path = (*_PATH, "retention")
    table = tables.table(holder, path)
    hints = get_type_hints(Retention)
    tables.unknown(table, hints.keys(), path, "[policy.retention]")
    found = {
        key: tables.value(table[key], hints[key], (*path, key))
        for key in table.keys() & hints.keys()
    }
    for key, days in found.items():
        if days is not None and days < 0:
            tables.say((*path, key), f"[policy.retention] {key}: days cannot be below 0.")
    return replace(base, **found)
