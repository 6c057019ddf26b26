"""Signatures that break with the first changed octet, by a key made for the test.

Standards: RFC 6376, RFC 8017 appendix A.1 (what the key looks like in DER).
"""

from __future__ import annotations

import base64
import functools
import random

import dkim

DOMAIN = b"customer.example"
SELECTOR = b"made-here"
EXPONENT = 65537
RSA_ENCRYPTION = bytes.fromhex("300d06092a864886f70d0101010500")
INTEGER, BIT_STRING, SEQUENCE = 0x02, 0x03, 0x30


def signed(content: bytes) -> bytes:
    """Return the message with a signature that allows no change of body or signed fields."""
    private, _ = _key()
    field = dkim.sign(content, SELECTOR, DOMAIN, private, canonicalize=(b"simple", b"simple"))
    return bytes(field) + content


def verifies(content: bytes) -> bool:
    """Return whether the signature of a message holds."""
    return bool(dkim.verify(content, dnsfunc=_record))


def _record(name: bytes, timeout: int = 5) -> bytes:
    assert name.rstrip(b".") == SELECTOR + b"._domainkey." + DOMAIN
    _, public = _key()
    return b"v=DKIM1; k=rsa; p=" + base64.b64encode(public)


@functools.cache
def _key() -> tuple[bytes, bytes]:
    """Make a key of 1024 bits; return it as PEM, and its public half as DER."""
    p, q = _prime(), _prime()
    d = pow(EXPONENT, -1, (p - 1) * (q - 1))
    numbers = (0, p * q, EXPONENT, d, p, q, d % (p - 1), d % (q - 1), pow(q, -1, p))
    private = base64.encodebytes(_der(SEQUENCE, b"".join(map(_integer, numbers))))
    half = _der(SEQUENCE, _integer(p * q) + _integer(EXPONENT))
    public = _der(SEQUENCE, RSA_ENCRYPTION + _der(BIT_STRING, b"\0" + half))
    lines = b"-----BEGIN RSA PRIVATE KEY-----\n", private, b"-----END RSA PRIVATE KEY-----\n"
    return b"".join(lines), public


def _prime() -> int:
    """Return a prime of 512 bits, as good as certainly."""
    chance = random.SystemRandom()
    while True:
        # The two highest bits are set, so that the product has all of its 1024 bits.
        n = chance.getrandbits(512) | 3 << 510 | 1
        if (n - 1) % EXPONENT and all(pow(base, n - 1, n) == 1 for base in (2, 3, 5, 7, 11)):
            return n


def _integer(number: int) -> bytes:
    return _der(INTEGER, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 128:
        return bytes([tag, size]) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 128 + len(octets)]) + octets + content
