"""Bodies are hashed as RFC 6376 says, and as fast as they are read."""

from __future__ import annotations

import hashlib
import re

import pytest
from dkim.canonicalization import ALGORITHMS
from hypothesis import given
from hypothesis import strategies as st

from gateway.trust.bodies import WINDOW_OCTETS, Bodies, BodyHash


def expected(body: bytes, canonicalization: bytes) -> BodyHash:
    """Return what dkimpy hashes."""
    lines = b"\r\n".join(re.split(rb"\r?\n", body))
    canonical = ALGORITHMS[canonicalization].canonicalize_body(lines)
    return BodyHash(hashlib.sha256(canonical).digest(), len(canonical))


def of_text(text: bytes) -> BodyHash:
    return BodyHash(hashlib.sha256(text).digest(), len(text))


PIECES = st.sampled_from([b" ", b"\t", b"\r\n", b"\n", b"\r", b"a", b"  \r\n", b"\r\n\r\n", b"."])


@pytest.mark.parametrize("canonicalization", [b"simple", b"relaxed"])
@given(pieces=st.lists(PIECES, max_size=40))
def test_hash_is_that_of_dkimpy(canonicalization: bytes, pieces: list[bytes]) -> None:
    body = b"".join(pieces)
    assert Bodies(body, 0).hash_of(canonicalization) == expected(body, canonicalization)


@pytest.mark.parametrize("canonicalization", [b"simple", b"relaxed"])
@given(
    before=st.lists(PIECES, max_size=12),
    after=st.lists(PIECES, max_size=12),
    offset=st.integers(-12, 4),
)
def test_hash_is_the_same_across_windows(
    canonicalization: bytes, before: list[bytes], after: list[bytes], offset: int
) -> None:
    body = b"x" * (WINDOW_OCTETS + offset) + b"".join(before) + b"y" + b"".join(after)
    assert Bodies(body, 0).hash_of(canonicalization) == expected(body, canonicalization)


@pytest.mark.parametrize("canonicalization", [b"simple", b"relaxed"])
@pytest.mark.parametrize("octets", [b"\r\n", b"\r", b" ", b"\t", b" \r\n", b"\n"])
def test_hash_of_a_long_run_is_that_of_dkimpy(canonicalization: bytes, octets: bytes) -> None:
    body = b"a" + octets * (WINDOW_OCTETS // len(octets) + 7) + b"\r\nb\r\n"
    assert Bodies(body, 0).hash_of(canonicalization) == expected(body, canonicalization)


def test_empty_body_is_one_line_end_when_simple() -> None:
    assert Bodies(b"", 0).hash_of(b"simple") == of_text(b"\r\n")


def test_empty_body_is_nothing_when_relaxed() -> None:
    assert Bodies(b"", 0).hash_of(b"relaxed") == of_text(b"")


def test_body_starts_after_the_header_section() -> None:
    assert Bodies(b"A: b\r\n\r\nc\r\n", 8).hash_of(b"simple") == of_text(b"c\r\n")


def test_example_of_the_standard_is_relaxed() -> None:
    # RFC 6376 §3.4.5.
    body = b" C \r\nD \t E\r\n\r\n\r\n"
    assert Bodies(body, 0).hash_of(b"relaxed") == of_text(b" C\r\nD E\r\n")


def test_example_of_the_standard_is_simple() -> None:
    body = b" C \r\nD \t E\r\n\r\n\r\n"
    assert Bodies(body, 0).hash_of(b"simple") == of_text(b" C \r\nD \t E\r\n")


@pytest.mark.parametrize(
    ("octets", "size"),
    [(b" ", 4), (b"\t ", 4), (b"\r\n", 4_000_003), (b"\r", 4_000_003), (b" \r", 4_000_003)],
)
def test_hostile_body_takes_linear_time(octets: bytes, size: int) -> None:
    # In quadratic time this takes longer than any test may.
    body = octets * (4_000_000 // len(octets)) + b"x"
    assert Bodies(body, 0).hash_of(b"relaxed").size == size
