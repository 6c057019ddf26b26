"""Signs messages for tests, with keys that protect nothing."""

from __future__ import annotations

import base64

import dkim
import nacl.encoding
import nacl.signing

from gateway.mail.heading import read_heading
from gateway.trust.keys import Found
from gateway.trust.sections import Signed, read_signed

RSA_KEY = """\
MIICXgIBAAKBgQDyRp3BQMA3WytVGLW3loJ0jImZHB+3H1BIkvLitibwFoJORXp9KJ+xKhE4k+gNxgCJrPFu3DWGxBsX
GBmxGfoBTtp/C+2Y15Fc5duy3ZHM3ZYqiiq3fxltl+EF4WtlWMg4rIbI50KDvZedLaOXdb8b08/JUWefmzURTJi4/hU1
bQIDAQABAoGBAMmU6fN+rbAhYkeWnLPZPkg9GsvTM6xJGKKZ6g+qYXGIOPlpI8Z5g42EI/oATqcPJSloRSXpgXvVNXkc
q1vI8lJ/20Jkln/2TjDeY6y8E/2I75y3penGXMV/deQ7DKRMDW6d6WiKWqu283RGPMamao3Z0BaiERwACFmajDUF36vd
AkEA+hO1pyV+4s8WERZzF/px2OSxRfSN5ukICajpYNcRZUzofCNDkU7KenbiBTUQjb7USNTsy2rVkoEGJjiFQUkPvwJB
APgDmyMUQc0k1S6/XbKEi6Wa6Fyd2nourdgeDpK+djD783AcR9S5Lz0E6eQTcdXXQWe2l80IyLIA8zA57FIRhdMCQCzr
dWm8tnoPMKuJGMtp1SFckus57nNX0HXLvYADocBMfEYwH2bufDhbOmYtDfgoGwGqHY68dfiG7I/Y/zam5QkCQQCP8OfV
ECiwezQPEZm7xhmWX7WEK0llqDnVOHyUxl2qSFAdPQyjdWbpLzTf3jkvNuMK4npv0S1JwitiTfvOFcVpAkEA0kdZy1Tx
9Q/rqa8v/isA73nhAjNPuXrWIV0l6y9wpCn3ZFArY4YWMa2rkyvtfnpv5armRYJNrrkPEolJbsh8qg==
"""
RSA_PUBLIC = (
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDyRp3BQMA3WytVGLW3loJ0jImZHB+3H1BIkvLitibwFoJORXp9"
    "KJ+xKhE4k+gNxgCJrPFu3DWGxBsXGBmxGfoBTtp/C+2Y15Fc5duy3ZHM3ZYqiiq3fxltl+EF4WtlWMg4rIbI50KD"
    "vZedLaOXdb8b08/JUWefmzURTJi4/hU1bQIDAQAB"
)
RSA_RECORD = f"v=DKIM1; k=rsa; p={RSA_PUBLIC}"
RSA_PEM = b"-----BEGIN RSA PRIVATE KEY-----\n%s-----END RSA PRIVATE KEY-----\n" % RSA_KEY.encode()

_SEED = nacl.signing.SigningKey(b"a seed of thirty-two octets long")
ED25519_RECORD = "v=DKIM1; k=ed25519; p=" + base64.b64encode(bytes(_SEED.verify_key)).decode()
FIELDS = ("From", "To", "Subject", "Date", "Message-ID", "Content-Type")


def signed_by(
    octets: bytes,
    domain: str = "corp.example",
    *,
    selector: str = "s1",
    fields: tuple[str, ...] = FIELDS,
    body: str = "relaxed",
    length: bool = False,
    ed25519: bool = False,
) -> bytes:
    """Return the message with a signature in front."""
    signer = dkim.DKIM(octets)
    names = [name.lower().encode() for name in fields]
    field = signer.sign(
        selector.encode(),
        domain.encode(),
        _SEED.encode(nacl.encoding.Base64Encoder) if ed25519 else RSA_PEM,
        signature_algorithm=b"ed25519-sha256" if ed25519 else b"rsa-sha256",
        canonicalize=(b"relaxed", body.encode()),
        include_headers=names,
        length=length,
    )
    return bytes(field) + octets


def sealed_by(
    octets: bytes, results: str, domain: str = "sealer.example", selector: str = "s1"
) -> bytes:
    """Return the message with an ARC set in front; `results` goes without authserv-id."""
    field = f"Authentication-Results: {domain}; {results}\r\n".encode()
    sealed = dkim.arc_sign(
        field + octets, selector.encode(), domain.encode(), RSA_PEM, domain.encode()
    )
    return b"".join(sealed) + octets


def key_name(domain: str = "corp.example", selector: str = "s1") -> str:
    """Return where a key stands in DNS."""
    return f"{selector}._domainkey.{domain}"


def found(record: str = RSA_RECORD, domain: str = "corp.example") -> dict[str, Found]:
    """Return one key as it was looked up."""
    return {key_name(domain): Found(record.encode())}


def signed_of(octets: bytes) -> Signed:
    """Return what is signed of a message."""
    signed = read_signed(octets, read_heading(octets))
    assert signed is not None
    return signed
