"""What flows through real programs need to start."""

from __future__ import annotations

import os

import pytest

from tests.conftest import REQUIRED


@pytest.fixture(scope="session")
def postfix_to_start(postfix: str) -> str:
    """A Postfix that may be started here: master begins as root and gives it up."""
    if os.geteuid() != 0:
        if "postfix" in REQUIRED:
            pytest.fail("postfix is required here (REPLYGATE_REQUIRED) and only root can start it")
        pytest.skip("only root can start a Postfix of its own")
    return postfix
