"""The least configuration, and how it is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.config.faults import ConfigError
from gateway.config.load import parse_config
from gateway.config.settings import Config

FILE = Path("replygate.toml")
LEAST = """\
[next_hop]
address = "127.0.0.1:10026"
[[listener]]
name = "inbound"
address = "127.0.0.1:10025"
direction = "inbound"
"""


def parsed(text: str, **environ: str) -> Config:
    return parse_config(text, FILE, environ)


def faults(text: str, **environ: str) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        parsed(text, **environ)
    return [str(fault) for fault in raised.value.faults]
