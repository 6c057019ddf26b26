"""Domains speak for each other when the same registrant holds them."""

from __future__ import annotations

import pytest

from gateway.trust.alignment import ascii_domain, is_aligned, organizational_domain


@pytest.mark.parametrize(
    ("domain", "author"),
    [
        ("corp.example", "corp.example"),
        ("mail.corp.example", "corp.example"),
        ("corp.example", "tokyo.corp.example"),
        ("a.corp.co.jp", "b.corp.co.jp"),
        ("CORP.example.", "corp.EXAMPLE"),
        ("xn--fsq.example", "例.example"),
        ("localhost", "localhost"),
    ],
)
def test_domains_of_one_registrant_are_aligned(domain: str, author: str) -> None:
    assert is_aligned(domain, author)


@pytest.mark.parametrize(
    ("domain", "author"),
    [
        ("co.jp", "corp.co.jp"),
        ("other.co.jp", "corp.co.jp"),
        ("evilcorp.example", "corp.example"),
        ("corp.example.evil.example", "corp.example"),
        ("example", "corp.example"),
        ("alice.github.io", "bob.github.io"),
        ("", ""),
        ("", "corp.example"),
        ("a..example", "a..example"),
        (".", "."),
    ],
)
def test_domains_of_others_are_not_aligned(domain: str, author: str) -> None:
    assert not is_aligned(domain, author)


def test_organizational_domain_stands_below_the_public_suffix() -> None:
    assert organizational_domain("a.b.corp.co.jp") == "corp.co.jp"


def test_domain_that_dns_cannot_have_is_none() -> None:
    assert ascii_domain("é" * 80 + ".example") == ""
