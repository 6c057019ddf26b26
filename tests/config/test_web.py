"""What is allowed of the pages: nobody signs in over an open network."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.config.faults import ConfigError
from gateway.config.load import parse_config
from gateway.config.settings import Web

START = """[next_hop]
address = "127.0.0.1:10026"
[[listener]]
name = "inbound"
address = "127.0.0.1:10025"
direction = "inbound"
[web]
"""


def web(text: str) -> Web:
    return parse_config(START + text, Path("replygate.toml"), {}).web


def test_pages_are_on_loopback_by_default() -> None:
    assert str(web("").address) == "127.0.0.1:8025"


def test_open_address_without_https_is_refused_and_says_why() -> None:
    with pytest.raises(ConfigError, match=r"replygate.toml:8: .*in the clear.*public_url"):
        web('address = "0.0.0.0:8025"')


def test_open_address_behind_https_is_right() -> None:
    assert web('address = "0.0.0.0:8025"\npublic_url = "https://timeline.example.com"').secure


def test_public_url_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigError, match="scheme and a host"):
        web('public_url = "timeline.example.com"')
