"""Lines and their ends."""

from __future__ import annotations

import pytest

from gateway.mail.lines import with_lf


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (b"", b""),
        (b"one\r\ntwo\r\n", b"one\ntwo\n"),
        (b"one\ntwo\n", b"one\ntwo\n"),
        (b"lone\rone\r\n", b"lone\rone\n"),
        (b"two\r\r\n", b"two\r\n"),
        (b"end\r", b"end\r"),
    ],
)
def test_crlf_becomes_lf_and_nothing_else_changes(written: bytes, read: bytes) -> None:
    assert with_lf(written) == read
