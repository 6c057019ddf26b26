"""What XFORWARD says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.intake.xforward import VALUE_OCTETS, address_of, known, parse_xforward


def test_values_are_decoded_from_xtext() -> None:
    assert parse_xforward(b"NAME=a+20b ident=4X+3D") == {"NAME": "a b", "IDENT": "4X="}


@pytest.mark.parametrize(
    "argument",
    [
        b"",
        b"NAME",
        b"LOGIN=root",
        b"NAME=" + b"x" * (VALUE_OCTETS + 1),
        b"NAME=a+0D+0AMAIL",
        b"NAME=+00",
    ],
)
def test_what_is_no_xforward_is_none(argument: bytes) -> None:
    assert parse_xforward(argument) is None


@pytest.mark.parametrize(
    ("told", "address"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("IPV6:2001:db8::1", "2001:db8::1"),
        ("[UNAVAILABLE]", ""),
        ("[TEMPUNAVAIL]", ""),
    ],
)
def test_address_is_the_clients_behind(told: str, address: str) -> None:
    assert address_of({"ADDR": told}) == address


def test_unavailable_is_not_known() -> None:
    assert known({"NAME": "[UNAVAILABLE]"}, "NAME") == ""


@given(st.binary())
def test_any_octets_give_attributes_or_none(octets: bytes) -> None:
    told = parse_xforward(octets)
    assert told is None or all(value.isprintable() for value in told.values())
