"""Clients behind a load balancer that speaks the PROXY protocol."""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import suppress
from ipaddress import ip_network
from pathlib import Path

import pytest

from gateway.intake.listeners import LOOPBACK
from tests.intake.door import Caller, Door, gateway

SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
CLIENT = "192.0.2.7"


def version_2(command: int, family: int, addresses: bytes) -> bytes:
    return SIGNATURE + struct.pack("!BBH", 0x20 | command, family, len(addresses)) + addresses


def inet(client: str) -> bytes:
    return socket.inet_aton(client) + socket.inet_aton("127.0.0.1") + struct.pack("!HH", 5000, 25)


HEADERS = (
    f"PROXY TCP4 {CLIENT} 127.0.0.1 5000 25\r\n".encode(),
    version_2(1, 0x11, inet(CLIENT)),
    version_2(1, 0x11, inet(CLIENT) + b"\x04\x00\x01x"),
)
LOCAL = (b"PROXY UNKNOWN\r\n", version_2(0, 0, b""))
EVERYWHERE = (ip_network("0.0.0.0/0"),)


async def call(door: Door, header: bytes) -> Caller:
    caller = await door.call(hello=False)
    caller.send(header)
    await caller.reply()
    await caller.say(b"EHLO client.example")
    return caller


@pytest.mark.parametrize("header", HEADERS)
async def test_the_client_is_whom_the_proxy_names(tmp_path: Path, header: bytes) -> None:
    async with gateway(tmp_path, proxies=LOOPBACK, clients=EVERYWHERE) as door:
        caller = await call(door, header)
        assert (await caller.deliver(b"x\r\n")).startswith("250")
    (envelope,) = door.envelopes
    assert envelope.client.address == CLIENT
    assert not envelope.client.trusted


@pytest.mark.parametrize("header", LOCAL)
async def test_a_proxy_may_speak_for_itself(tmp_path: Path, header: bytes) -> None:
    async with gateway(tmp_path, proxies=LOOPBACK) as door:
        caller = await call(door, header)
        assert (await caller.deliver(b"x\r\n")).startswith("250")
    assert door.envelopes[0].client.address == "127.0.0.1"


async def test_a_client_behind_a_proxy_has_no_more_rights_than_it_has(tmp_path: Path) -> None:
    async with gateway(tmp_path, proxies=LOOPBACK) as door:
        caller = await call(door, HEADERS[0])
        assert (await caller.say(b"MAIL FROM:<a@x.example>")).startswith("554 5.7.1")


@pytest.mark.parametrize(
    "header", [b"EHLO client.example\r\n", b"PROXY TCP4 nobody 127.0.0.1 1 2\r\n", SIGNATURE * 2]
)
async def test_a_proxy_that_does_not_say_is_cut_off(tmp_path: Path, header: bytes) -> None:
    async with gateway(tmp_path, proxies=LOOPBACK) as door:
        caller = await door.call(hello=False)
        caller.send(header)
        with suppress(ConnectionResetError):
            assert not await caller.reply()
    assert door.envelopes == []


async def test_who_is_no_proxy_is_not_believed(tmp_path: Path) -> None:
    async with gateway(tmp_path) as door:
        caller = await door.call(hello=False)
        await caller.reply()
        assert (await caller.say(HEADERS[0].removesuffix(b"\r\n"))).startswith("500")


async def test_what_follows_the_header_at_once_is_heard(tmp_path: Path) -> None:
    async with gateway(tmp_path, proxies=LOOPBACK) as door:
        caller = await door.call(hello=False)
        for octet in HEADERS[1] + b"NOOP\r\n":
            caller.send(bytes((octet,)))
            await asyncio.sleep(0)
        assert (await caller.reply()).startswith("220")
        assert (await caller.reply()).startswith("250")
