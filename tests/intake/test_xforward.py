"""What XFORWARD says, and who may say it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.intake.xforward import VALUE_OCTETS, address_of, known, parse_xforward
from tests.intake.door import LETTER, gateway


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


async def test_trusted_client_tells_the_client_behind_it(tmp_path: Path) -> None:
    async with gateway(tmp_path) as door:
        caller = await door.call()
        assert (await caller.say(b"XFORWARD NAME=mx.r.example ADDR=192.0.2.7")).startswith("250")
        assert (await caller.say(b"XFORWARD HELO=he.example IDENT=4XQ2")).startswith("250")
        await caller.deliver(LETTER)
        envelope = door.envelopes[0]
        client = envelope.client
        assert client.mta == "127.0.0.1"
        assert (client.address, client.name, client.helo) == (
            "192.0.2.7",
            "mx.r.example",
            "he.example",
        )
        assert envelope.queue_id == "4XQ2"
        assert door.hop.taken[0].xforward == [
            "XFORWARD NAME=mx.r.example ADDR=192.0.2.7 HELO=he.example IDENT=4XQ2"
        ]


async def test_xforward_holds_for_one_transaction(tmp_path: Path) -> None:
    async with gateway(tmp_path) as door:
        caller = await door.call()
        await caller.say(b"XFORWARD ADDR=192.0.2.7 IDENT=4XQ2")
        await caller.deliver(LETTER)
        await caller.deliver(LETTER)
        assert (door.envelopes[1].queue_id, door.envelopes[1].client.address) == ("", "127.0.0.1")


async def test_stranger_may_not_say_xforward(tmp_path: Path) -> None:
    async with gateway(tmp_path, trusted=()) as door:
        caller = await door.call(hello=False)
        await caller.reply()
        assert "XFORWARD" not in await caller.say(b"EHLO c.example")
        assert (await caller.say(b"XFORWARD ADDR=192.0.2.7")).startswith("550 5.7.0")


async def test_xforward_inside_a_transaction_is_refused(tmp_path: Path) -> None:
    async with gateway(tmp_path) as door:
        caller = await door.call()
        await caller.say(b"MAIL FROM:<a@x.example>")
        assert (await caller.say(b"XFORWARD ADDR=192.0.2.7")).startswith("503")
