"""`conf/replygate.toml` and the code, held against each other in both directions."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any

import pytest

from gateway.config.doors import OWN_KEYS
from gateway.config.load import TABLES, USES, load_config
from gateway.config.settings import (
    Gateway,
    Imap,
    Listener,
    Metrics,
    NextHop,
    Notices,
    Reading,
    Sink,
    Store,
    Sync,
    Web,
)
from gateway.config.switches import FOLLOWS
from gateway.config.values import Endpoint
from gateway.model.policy import Policy, Retention
from gateway.model.trust import Trust

SHIPPED = Path(__file__).parents[2] / "conf" / "replygate.toml"
EXAMPLES = {
    *("gateway.domains", "addresses.logging", "listener.next_hop", "sink.path", "sync.path"),
}
"""Keys that show an example, since their default is empty."""
_KEY = re.compile(r"(?:# )?([a-z_]+) = (.+)")
_TABLE = re.compile(r"(?:# )?\[+([a-z_.]+)\]+")


def written() -> dict[str, Any]:
    """Return each key of the shipped file, commented out or not, with its value."""
    found: dict[str, Any] = {}
    table = ""
    for line in SHIPPED.read_text().splitlines():
        if header := _TABLE.fullmatch(line):
            table = header.group(1)
        elif key := _KEY.fullmatch(line):
            found.setdefault(f"{table}.{key.group(1)}", tomllib.loads(f"x = {key.group(2)}")["x"])
    return found


def plain(value: object) -> object:
    """Return a default of the code as TOML would give it."""
    if isinstance(value, Path | Endpoint):
        return str(value)
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return list(value)
    return "none" if value is None else value


def fields_of(table: str, kind: type) -> Iterator[tuple[str, Field[Any]]]:
    for each in fields(kind):
        yield f"{table}.{each.name}", each


def in_the_code() -> dict[str, Any]:
    """Return each key that the code knows, with its default."""
    found: dict[str, Any] = {}
    kinds = {
        "gateway": [Gateway],
        "next_hop": [NextHop],
        "listener": [Listener],
        "store": [Store],
        "notices": [Notices],
        "policy": [Policy, Reading],
        "web": [Web],
        "metrics": [Metrics],
        "sink": [Sink],
        "sync": [Sync],
        "imap": [Imap],
        "policy.retention": [Retention],
    }
    for table, classes in kinds.items():
        for kind in classes:
            for name, each in fields_of(table, kind):
                default = each.default
                if default is MISSING and each.default_factory is not MISSING:
                    default = each.default_factory()
                found[name] = plain(default)
    found |= {f"trust.{each.name}": [] for each in fields(Trust)}
    left_out = {f"policy.{name}" for name in FOLLOWS} | {
        *("listener.passwords", "policy.retention", "sink.secret", "sync.secret"),
        "imap.secret",
    }
    found |= {f"addresses.{use}": [] for use in USES}
    return {name: default for name, default in found.items() if name not in left_out}


def test_every_key_of_the_file_is_known_to_the_code() -> None:
    assert written().keys() - in_the_code().keys() == set()


def test_every_key_of_the_code_stands_in_the_file() -> None:
    assert in_the_code().keys() - written().keys() == set()


def test_every_table_of_the_code_stands_in_the_file() -> None:
    assert {name.partition(".")[0] for name in written()} == set(TABLES)


def test_no_field_of_a_listener_is_hidden_from_this_test() -> None:
    assert {"next_hop", "passwords"} == OWN_KEYS


def with_a_default() -> list[str]:
    names = written().keys() & in_the_code().keys() - EXAMPLES
    return sorted(name for name in names if in_the_code()[name] is not MISSING)


@pytest.mark.parametrize("name", with_a_default())
def test_the_file_shows_the_default_of_the_code(name: str) -> None:
    default = in_the_code()[name]
    shown = written()[name]
    if name.startswith("policy.attachment_limit_by_"):
        shown = list(shown.items())
    assert shown == default


@pytest.mark.parametrize("name", sorted(written()))
def test_a_sentence_stands_above_each_key(name: str) -> None:
    lines = SHIPPED.read_text().splitlines()
    key = name.rpartition(".")[2]
    places = [n for n, line in enumerate(lines) if (m := _KEY.fullmatch(line)) and m[1] == key]
    above = lines[places[0] - 1]
    assert above.startswith("# ")
    assert above.endswith(".")


def test_the_shipped_file_is_right() -> None:
    config = load_config(SHIPPED, {})
    assert [str(listener.address) for listener in config.listeners] == [
        "127.0.0.1:10025",
        "127.0.0.1:10027",
    ]


def test_the_shipped_file_leaves_the_switches_to_the_preset() -> None:
    policy = load_config(SHIPPED, {}).policy
    assert policy.logging_address == "log@example.com"
    assert policy == Policy(logging_address="log@example.com")


def test_every_commented_key_is_right_when_it_is_uncommented(tmp_path: Path) -> None:
    file = tmp_path / "replygate.toml"
    file.write_text(re.sub(r"^# (?=[a-z_]+ = |\[\[)", "", SHIPPED.read_text(), flags=re.MULTILINE))
    secrets = {"REPLYGATE_IMAP_ANNA": "secret"}
    assert load_config(file, secrets).policy == Policy(logging_address="log@example.com")


def test_the_next_hop_of_the_file_is_an_endpoint() -> None:
    assert load_config(SHIPPED, {}).listeners[0].next_hop.address == Endpoint("127.0.0.1", 10026)
