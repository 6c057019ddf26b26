"""The line that the tests of this folder send mail through; skipped where Postfix is missing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.flows.postfix.line import Line, line


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
