"""What MAIL and RCPT say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.intake.paths import Path, parse_path


@pytest.mark.parametrize(
    ("argument", "addr_spec"),
    [
        (b"FROM:<a@x.example>", "a@x.example"),
        (b"from: <Anna.B@X.Example>", "Anna.B@X.Example"),
        (b"FROM:<>", ""),
        (b"FROM:<@r.example,@s.example:a@x.example>", "a@x.example"),
        (b'FROM:<"a b"@x.example>', '"a b"@x.example'),
        (b'FROM:<"a>\\"b"@x.example>', '"a>\\"b"@x.example'),
        (b"FROM:<postmaster>", "postmaster"),
        (b"FROM:a@x.example", "a@x.example"),
        (b"FROM:<a@[192.0.2.1]>", "a@[192.0.2.1]"),
        (b"FROM:<a@[IPv6:2001:db8::1]>", "a@[IPv6:2001:db8::1]"),
        (b"FROM:<a=b+c@x.example>", "a=b+c@x.example"),
        ("FROM:<あ@例.example>".encode(), "あ@例.example"),
    ],
)
def test_path_is_read_in_its_own_case(argument: bytes, addr_spec: str) -> None:
    path = parse_path(argument, b"FROM:")
    assert path is not None
    assert path.addr_spec == addr_spec


def test_options_are_kept_in_their_own_case() -> None:
    assert parse_path(b"TO:<a@x> ORCPT=rfc822;A+2Bb@x notify=NEVER  X-Y", b"TO:") == Path(
        "a@x", ("ORCPT=rfc822;A+2Bb@x", "notify=NEVER", "X-Y")
    )


def test_option_is_found_in_any_case() -> None:
    assert Path("a", ("size=7",)).option("SIZE") == "7"


@pytest.mark.parametrize(
    "argument",
    [
        b"",
        b"TO:<a@x>",
        b"FROM",
        b"FROM:",
        b"FROM:<a@x",
        b"FROM:<a b@x>",
        b"FROM:<a@x>SIZE=1",
        b"FROM:<a@x> =1",
        b"FROM:<a@x> -X=1",
        b"FROM:<a\x00@x>",
        b"FROM:<a\r@x>",
        b"FROM:<a@x> SIZE=\x00",
        b"FROM:<\xff\xfe@x>",
        b'FROM:<"a@x>',
    ],
)
def test_what_is_no_path_is_none(argument: bytes) -> None:
    assert parse_path(argument, b"FROM:") is None


@given(st.binary())
def test_any_octets_give_a_path_or_none(octets: bytes) -> None:
    path = parse_path(b"FROM:" + octets, b"FROM:")
    assert path is None or not set(path.addr_spec) & set("\r\n\0<>") or '"' in path.addr_spec
