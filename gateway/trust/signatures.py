"""Verifies the DKIM signatures of a message.

Standards: RFC 6376, RFC 8463 (ed25519), RFC 8301 (no SHA-1, no RSA key under 1024 bits).

Limits: `t=s` of a key record and RFC 6541 (third-party signatures) are not looked at.

Design notes: dkimpy reads signatures, keys and header sections; the body is hashed by
`gateway.trust.bodies`. Stock dkimpy checks the first signature only, takes an `l=` that leaves part
of the body unsigned, and accepts a signature that does not cover From.
"""

from __future__ import annotations

import base64
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from dkim import DKIM, DKIMException, ValidationError
from dkim.util import InvalidTagValueList, parse_tag_value

from gateway.trust.keys import Found
from gateway.trust.sections import Signed, is_readable

SIGNATURES: Final = 5
"""More are not looked at; the topmost are the newest."""
MODULUS_BITS: Final = 8192
EXPONENT_BITS: Final = 33
"""A verification takes time with both; 65537 is what every signer uses."""
HOSTILE: Final = (
    DKIMException,
    InvalidTagValueList,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    AssertionError,
)
"""What dkimpy raises on signatures and keys that are made to be odd."""

_PARSE_TAGS: Final[Callable[[bytes], Mapping[bytes, bytes]]] = parse_tag_value
_SILENT: Final = logging.Logger("dkimpy", logging.CRITICAL + 1)  # noqa: LOG001 - nobody's child
_NAME: Final = re.compile(rb"[A-Za-z0-9._-]{1,253}")


class State(StrEnum):
    """What came of one signature."""

    VALID = "valid"
    INVALID = "invalid"
    UNANSWERED = "unanswered"
    """No key server answered: it may be valid."""


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature, checked."""

    domain: str
    """The `d=` tag, lower case; empty when it cannot be read."""
    selector: str
    state: State
    covers: frozenset[str] = frozenset()
    """Names of the fields that it signs, lower case."""
    problem: str = ""
    """Why it is not valid, for the trace."""

    @property
    def key_name(self) -> str:
        """Where its key stands in DNS."""
        return f"{self.selector}._domainkey.{self.domain}".lower()


class WindowedBody:
    """Mixed into dkimpy's verifiers: holds the body hash against our own.

    dkimpy has the hook `verify_sig_process` between the look-up of the key and the work; without a
    `bh=` in what it is handed, it does not touch the body.
    """

    signed: Signed
    pk: Any
    ktag: bytes

    def verify_sig_process(
        self,
        sig: Mapping[bytes, bytes],
        include_headers: list[bytes],
        sig_header: tuple[bytes, bytes],
        dnsfunc: object,
    ) -> bool:
        """Return whether the signature holds; raises DKIMException when it cannot."""
        # "Signers and Verifiers MUST NOT use rsa-sha1" (RFC 8301 §3.1).
        if sig[b"a"] == b"rsa-sha1":
            raise ValidationError("rsa-sha1 is not secure")
        if self.ktag == b"rsa" and (
            self.pk["modulus"].bit_length() > MODULUS_BITS
            or self.pk["publicExponent"].bit_length() > EXPONENT_BITS
        ):
            raise ValidationError("the key is too large")
        if b"bh" in sig:
            self._hold_against_body(sig)
        rest = {tag: value for tag, value in sig.items() if tag not in {b"bh", b"l"}}
        verify = super().verify_sig_process  # type: ignore[misc]  # the other base class has it
        return bool(verify(rest, include_headers, sig_header, dnsfunc))

    def _hold_against_body(self, sig: Mapping[bytes, bytes]) -> None:
        """Raise ValidationError when the body is not the one that was signed."""
        canonicalization = sig.get(b"c", b"simple/simple").partition(b"/")[2] or b"simple"
        found = self.signed.bodies.hash_of(canonicalization)
        if b"l" in sig and int(sig[b"l"]) != found.size:
            raise ValidationError("l= leaves part of the body unsigned")
        if base64.b64decode(re.sub(rb"\s+", b"", sig[b"bh"])) != found.sha256:
            raise ValidationError("the body was changed")


class WindowedDkim(WindowedBody, DKIM):
    """DKIM of a message that is already read."""


def list_signatures(signed: Signed) -> tuple[Signature, ...]:
    """Return the topmost signatures as they name themselves, none of them checked yet.

    Those that can be are `unanswered`: their keys are still to be asked for.
    """
    return tuple(_read(value) for value in signed.named(b"dkim-signature")[:SIGNATURES])


def check_signatures(
    signed: Signed, listed: Sequence[Signature], keys: Mapping[str, Found]
) -> tuple[Signature, ...]:
    """Return the listed signatures, checked as far as keys were asked for.

    May read the whole body: a large one belongs in a thread.
    """
    return tuple(
        _check(signed, index, signature, keys[signature.key_name])
        if signature.state is State.UNANSWERED and signature.key_name in keys
        else signature
        for index, signature in enumerate(listed)
    )


def read_tags(value: bytes) -> Mapping[bytes, bytes] | None:
    """Return the tags of a signature field, or None when it should not be looked at.

    None as well when its domain and selector make no name that DNS could have.
    """
    if not is_readable(value):
        return None
    try:
        tags = _PARSE_TAGS(value)
    except HOSTILE:
        return None
    names = (tags.get(b"d", b""), tags.get(b"s", b""))
    return tags if all(map(_NAME.fullmatch, names)) else None


def signed_fields(tags: Mapping[bytes, bytes]) -> frozenset[str]:
    """Return the names of the `h=` tag in lower case."""
    names = tags.get(b"h", b"").decode("ascii", "replace").lower().split(":")
    return frozenset(name.strip() for name in names)


def open_verifier(kind: Any, signed: Signed) -> Any:
    """Return one of dkimpy's verifiers over what is signed; it writes no log."""
    verifier = kind()
    verifier.headers = [list(field) for field in signed.fields]
    verifier.signed = signed
    verifier.logger = _SILENT
    return verifier


def _read(value: bytes) -> Signature:
    """Return a signature as its field names it."""
    tags = read_tags(value)
    if tags is None:
        return Signature("", "", State.INVALID, problem="it cannot be read")
    domain = tags[b"d"].decode("ascii").lower()
    selector = tags[b"s"].decode("ascii")
    covers = signed_fields(tags)
    # "The From header field MUST be signed" (RFC 6376 §5.4).
    if "from" not in covers:
        return Signature(domain, selector, State.INVALID, covers, "it does not cover From")
    return Signature(domain, selector, State.UNANSWERED, covers)


def _check(signed: Signed, index: int, signature: Signature, key: Found) -> Signature:
    """Return a signature, held against its key and the message."""
    if not key.answered:
        return replace(signature, problem="no key server answered")
    if not key.record:
        return replace(signature, state=State.INVALID, problem="there is no such key")
    verifier = open_verifier(WindowedDkim, signed)
    try:
        holds = verifier.verify(idx=index, dnsfunc=lambda *_, **__: key.record)
    except HOSTILE as error:
        return replace(signature, state=State.INVALID, problem=str(error)[:200])
    if not holds:
        return replace(signature, state=State.INVALID, problem="it does not fit its key")
    return replace(signature, state=State.VALID)
