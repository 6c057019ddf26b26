"""What is allowed of the pages: nobody signs in over an open network."""

from __future__ import annotations

import pytest

from gateway.config.faults import ConfigError
from gateway.config.settings import Web
from tests.config.least import LEAST, parsed


def web(text: str) -> Web:
    return parsed(f"{LEAST}[web]\n{text}").web


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
