"""A signature holds only when all of it does."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mail.heading import read_heading
from gateway.trust.keys import Found
from gateway.trust.sections import read_signed
from gateway.trust.signatures import (
    Signature,
    State,
    check_signatures,
    list_signatures,
)
from tests.letters import letter
from tests.trust.signing import (
    ED25519_RECORD,
    FIELDS,
    RSA_PUBLIC,
    found,
    key_name,
    signed_by,
    signed_of,
)

LETTER = letter(author="anna@corp.example", to="carol@customer.example")


def check(octets: bytes, keys: dict[str, Found]) -> list[Signature]:
    signed = signed_of(octets)
    return list(check_signatures(signed, list_signatures(signed), keys))


def states(octets: bytes, keys: dict[str, Found]) -> list[State]:
    return [signature.state for signature in check(octets, keys)]


def problem(octets: bytes, keys: dict[str, Found]) -> str:
    (signature,) = check(octets, keys)
    assert signature.state is State.INVALID
    return signature.problem


@pytest.mark.parametrize("body", ["simple", "relaxed"])
def test_signed_message_holds(body: str) -> None:
    assert states(signed_by(LETTER, body=body), found()) == [State.VALID]


def test_ed25519_holds() -> None:
    octets = signed_by(LETTER, ed25519=True)
    assert states(octets, found(ED25519_RECORD)) == [State.VALID]


def test_signature_tells_domain_and_fields() -> None:
    (signature,) = list_signatures(signed_of(signed_by(LETTER)))
    assert (signature.domain, signature.selector, signature.covers) == (
        "corp.example",
        "s1",
        frozenset(name.lower() for name in FIELDS),
    )


def test_second_signature_is_checked_too() -> None:
    octets = b"DKIM-Signature: v=1; nonsense\r\n" + signed_by(LETTER)
    assert states(octets, found()) == [State.INVALID, State.VALID]


def test_sixth_signature_is_not_looked_at() -> None:
    octets = b"DKIM-Signature: nonsense\r\n" * 5 + signed_by(LETTER)
    assert states(octets, found()) == [State.INVALID] * 5


def test_changed_body_fails() -> None:
    octets = signed_by(LETTER).replace(b"Looks good.", b"Looks bad.")
    assert problem(octets, found()) == "the body was changed"


def test_changed_subject_fails() -> None:
    octets = signed_by(LETTER).replace(b"Our offer", b"Your offer")
    assert problem(octets, found()) == "it does not fit its key"


def test_other_key_fails() -> None:
    assert problem(signed_by(LETTER), found(ED25519_RECORD))


def test_length_of_the_whole_body_holds() -> None:
    assert states(signed_by(LETTER, length=True), found()) == [State.VALID]


def test_length_that_leaves_text_unsigned_fails() -> None:
    octets = signed_by(LETTER, length=True) + b"Pay here instead.\r\n"
    assert problem(octets, found()) == "l= leaves part of the body unsigned"


def test_missing_key_fails() -> None:
    assert problem(signed_by(LETTER), {key_name(): Found()}) == "there is no such key"


def test_revoked_key_fails() -> None:
    assert problem(signed_by(LETTER), found("v=DKIM1; k=rsa; p="))


def test_unanswered_key_is_no_failure() -> None:
    keys = {key_name(): Found(answered=False)}
    assert states(signed_by(LETTER), keys) == [State.UNANSWERED]


def test_key_that_was_not_asked_for_leaves_it_open() -> None:
    assert states(signed_by(LETTER), {}) == [State.UNANSWERED]


def test_signature_that_does_not_cover_the_author_fails() -> None:
    octets = signed_by(LETTER).replace(b"h=from : to", b"h=date : to")
    assert problem(octets, found()) == "it does not cover From"


def test_sha1_fails() -> None:
    octets = signed_by(LETTER).replace(b"a=rsa-sha256", b"a=rsa-sha1")
    assert problem(octets, found()) == "rsa-sha1 is not secure"


def test_expired_signature_fails() -> None:
    octets = signed_by(LETTER).replace(b"q=dns/txt;", b"q=dns/txt; x=1;")
    assert "past" in problem(octets, found())


def test_key_with_a_hostile_exponent_is_not_used() -> None:
    octets = bytearray(base64.b64decode(RSA_PUBLIC))
    # The exponent 65537 at the end becomes a number of 65 octets.
    modulus = bytes(octets[-5 - 128 : -5])
    integers = b"\x02\x81\x81\x00" + modulus + b"\x02\x41\x01" + b"\x01" * 64
    key = base64.b64encode(b"\x30\x81" + bytes([len(integers)]) + integers).decode()
    assert problem(signed_by(LETTER), found(f"p={key}")) == "the key is too large"


@pytest.mark.parametrize(
    "tags",
    [
        b"v=1; a=rsa-sha256; d=corp.example; s=s1; h=from; bh=AAAA; b=AAAA; c=odd/odd",
        b"v=1; a=rsa-sha256; d=corp.example; s=s1; h=from; bh=A===; b=AAAA",
        b"v=1; a=rsa-sha256; d=corp.example; s=s1; h=from; bh=AAAA; b=",
        b"v=1; a=none; d=corp.example; s=s1; h=from; bh=AAAA; b=AAAA",
        b"v=8; a=rsa-sha256; d=corp.example; s=s1; h=from; bh=AAAA; b=AAAA",
        b"v=1; a=rsa-sha256; d=corp.example; s=s1; h=from; bh=AAAA; b=AAAA; l=9999999999999",
        b"v=1; a=rsa-sha256; d=corp.example; s=s1; h=from; bh=AAAA; b=AAAA; l=",
        b"v=1; a=rsa-sha256; d=corp.example; s=s1; h=from; bh=AAAA; b=AAAA; t=x",
        b"v=1; a=rsa-sha256; d=corp.example; d=corp.example; s=s1; h=from",
        b"v=1; a=rsa-sha256; d=corp example; s=s1; h=from; bh=AAAA; b=AAAA",
        b"v=1; a=rsa-sha256; s=s1; h=from; bh=AAAA; b=AAAA",
        b"\xff=\xff",
        b";;;",
        b"",
    ],
)
def test_odd_signature_is_invalid(tags: bytes) -> None:
    assert states(b"DKIM-Signature: " + tags + b"\r\n" + LETTER, found()) == [State.INVALID]


@pytest.mark.parametrize("filler", [b" " * 7000, b"a" * 9000, b"\r\n " * 2000])
def test_signature_field_that_costs_time_is_not_read(filler: bytes) -> None:
    octets = signed_by(LETTER).replace(b"q=dns/txt;", b"q=dns/txt; z=" + filler + b"x;")
    assert problem(octets, found()) == "it cannot be read"


@pytest.mark.parametrize(
    "record",
    ["p=" + RSA_PUBLIC[:40], "p=!!", "k=odd; p=AAAA", "v=DKIM2; p=AAAA", "p", "k=ed25519; p=AAAA"],
)
def test_odd_key_is_a_failure(record: str) -> None:
    assert problem(signed_by(LETTER), found(record))


@given(value=st.binary(max_size=300), record=st.binary(max_size=300))
def test_any_octets_are_answered(value: bytes, record: bytes) -> None:
    folded = value.replace(b"\n", b"").replace(b"\r", b"")
    octets = b"DKIM-Signature: d=corp.example; s=s1; h=from;" + folded + b"\r\n" + LETTER
    assert len(states(octets, {key_name(): Found(record)})) == 1


@given(where=st.integers(0, 400), octet=st.integers(32, 126))
def test_damaged_signature_never_holds_for_other_words(where: int, octet: int) -> None:
    good = signed_by(LETTER).replace(b"Looks good.", b"Looks bad.")
    at = where % good.index(b"From: ")
    octets = good[:at] + bytes([octet]) + good[at + 1 :]
    signed = read_signed(octets, read_heading(octets))
    checked = check_signatures(signed, list_signatures(signed), found()) if signed else ()
    assert State.VALID not in {signature.state for signature in checked}
