"""A chain is believed when it is whole and its newest seal is read right."""

from __future__ import annotations

import dkim
from hypothesis import given
from hypothesis import strategies as st

from gateway.mail.heading import read_heading
from gateway.trust.arc import Chain, check_chain, read_chain
from gateway.trust.keys import Found
from gateway.trust.results import Result, Results
from gateway.trust.sections import read_signed
from tests.letters import letter
from tests.trust.signing import RSA_RECORD, key_name, sealed_by, signed_of

LETTER = letter(author="anna@corp.example")
PASS = "dmarc=pass header.from=corp.example"
KEY = key_name("sealer.example")
SECOND_KEY = key_name("second.example")
KEYS = {KEY: Found(RSA_RECORD.encode()), SECOND_KEY: Found(RSA_RECORD.encode())}
SEALED = sealed_by(LETTER, PASS)
SEALED_TWICE = sealed_by(SEALED, "arc=pass; dkim=fail header.d=corp.example", "second.example")


def check(octets: bytes) -> Results | None:
    return check_chain(signed_of(octets), KEYS)


def chain(octets: bytes) -> Chain | None:
    return read_chain(signed_of(octets))


def test_whole_chain_tells_what_the_sealer_found() -> None:
    expected = Results("sealer.example", (Result("dmarc", "pass", "corp.example"),))
    assert check(SEALED) == expected


def test_newest_set_speaks() -> None:
    results = check(SEALED_TWICE)
    assert results is not None
    assert results.authserv_id == "second.example"


def test_chain_names_its_sealer_and_keys() -> None:
    found = chain(SEALED_TWICE)
    assert found is not None
    assert (found.sealer, set(found.key_names)) == ("second.example", {KEY, SECOND_KEY})


def test_chain_names_what_it_covers() -> None:
    found = chain(SEALED)
    assert found is not None
    assert {"from", "subject", "date", "message-id"} <= found.covers


def test_changed_body_breaks_the_chain() -> None:
    assert check(SEALED.replace(b"Looks good.", b"Looks bad.")) is None


def test_changed_results_break_the_chain() -> None:
    assert check(SEALED.replace(b"dmarc=pass", b"dmarc=none", 1)) is None


def test_missing_key_breaks_the_chain() -> None:
    assert check_chain(signed_of(SEALED), {KEY: Found()}) is None


def test_message_without_seals_has_no_chain() -> None:
    assert chain(LETTER) is None


def test_missing_signature_makes_no_chain() -> None:
    octets = SEALED.replace(b"ARC-Message-Signature:", b"X-Other:")
    assert chain(octets) is None


def test_missing_results_break_the_chain() -> None:
    assert check(SEALED.replace(b"ARC-Authentication-Results:", b"X-Other:")) is None


def test_seal_without_its_place_makes_no_chain() -> None:
    assert chain(SEALED.replace(b"ARC-Seal: i=1;", b"ARC-Seal: i=3;")) is None


def test_long_chain_is_not_looked_at() -> None:
    assert chain(b"ARC-Seal: i=1; d=a.example; s=s\r\n" * 31 + SEALED) is None


def test_unreadable_seal_makes_no_chain() -> None:
    assert chain(b"ARC-Seal: nonsense\r\n" + SEALED) is None


def test_signature_without_space_before_its_place_is_not_believed() -> None:
    # dkimpy 1.1.8 looks for " i=1;" with the space, and fails without it.
    octets = SEALED.replace(b"ARC-Message-Signature: i=1;", b"ARC-Message-Signature:i=1;")
    assert check(octets) is None


@given(where=st.integers(0, 2000), octet=st.integers(33, 126))
def test_damaged_chain_is_answered_and_never_holds_for_other_words(where: int, octet: int) -> None:
    bad = SEALED.replace(b"Looks good.", b"Looks bad.")
    at = where % bad.index(b"From: ")
    octets = bad[:at] + bytes([octet]) + bad[at + 1 :]
    signed = read_signed(octets, read_heading(octets))
    if signed is not None and (found := read_chain(signed)) is not None:
        keys = dict.fromkeys(found.key_names, Found(RSA_RECORD.encode()))
        assert check_chain(signed, keys) is None


def test_chain_is_also_whole_for_stock_dkimpy() -> None:
    def record(*_: object, **__: object) -> bytes:
        return RSA_RECORD.encode()

    assert dkim.arc_verify(SEALED_TWICE, dnsfunc=record)[0] == b"pass"
