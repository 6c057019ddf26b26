"""The line that the tests of this folder send mail through; skipped where Postfix is missing."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.conftest import REQUIRED
from tests.flows.postfix.line import Line, line


@pytest.fixture(scope="session")
def postfix_to_start(postfix: str) -> str:
    """A Postfix that may be started here: master begins as root and gives it up."""
    if os.geteuid() != 0:
        if "postfix" in REQUIRED:
            pytest.fail("postfix is required here (REPLYGATE_REQUIRED) and only root can start it")
        pytest.skip("only root can start a Postfix of its own")
    return postfix


@pytest.fixture(scope="module")
def behind(postfix_to_start: str) -> Iterator[Line]:
    """The gateway behind Postfix's queue, for the tests of one file."""
    with line("Behind the queue") as running:
        yield running


@pytest.fixture(scope="module")
def before(postfix_to_start: str) -> Iterator[Line]:
    """The gateway before Postfix's queue, for the tests of one file."""
    with line("Before the queue") as running:
        yield running
