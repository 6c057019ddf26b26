"""Digests of octets, fed in any way."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mail.hashing import BRIEF_OCTETS, absorb


@given(st.lists(st.binary(max_size=5000)))
def test_digest_is_that_of_all_octets(pieces: list[bytes]) -> None:
    digest = hashlib.sha256()
    for piece in pieces:
        absorb(digest, piece)
    assert digest.digest() == hashlib.sha256(b"".join(pieces)).digest()


@pytest.mark.parametrize("size", [0, 1, 2047, 2048, BRIEF_OCTETS, BRIEF_OCTETS + 1, 100_000])
def test_digest_of_a_view_is_that_of_its_octets(size: int) -> None:
    octets = bytes(range(256)) * 400
    digest = hashlib.sha256()
    absorb(digest, memoryview(octets)[:size])
    assert digest.digest() == hashlib.sha256(octets[:size]).digest()


def test_few_octets_come_in_slices_that_keep_the_interpreter() -> None:
    sizes: list[int] = []

    class Recorder:
        def update(self, octets: bytes | memoryview, /) -> None:
            sizes.append(len(octets))

    absorb(Recorder(), b"x" * 5000)
    assert sizes == [2047, 2047, 906]
