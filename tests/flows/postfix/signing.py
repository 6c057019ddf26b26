"""Signatures that break with the first changed octet."""

from __future__ import annotations

import dkim

from tests.trust.signing import RSA_PEM, RSA_RECORD, key_name

DOMAIN = "customer.example"


def signed(content: bytes) -> bytes:
    """Return the message with a signature that allows no change of body or signed fields."""
    field = dkim.sign(content, b"s1", DOMAIN.encode(), RSA_PEM, canonicalize=(b"simple", b"simple"))
    return bytes(field) + content


def verifies(content: bytes) -> bool:
    """Return whether the signature of a message holds."""
    return bool(dkim.verify(content, dnsfunc=_record))


def _record(name: bytes, timeout: int = 5) -> bytes:
    del timeout
    assert name.decode().rstrip(".") == key_name(DOMAIN)
    return RSA_RECORD.encode()
