"""Opening, stopping, logins, TLS."""

from __future__ import annotations

import asyncio
import base64
import socket
from pathlib import Path

import pytest

from gateway.interfaces import Delivery, Handled
from gateway.model.envelope import Envelope
from tests.intake.door import Door, gateway

LETTER = b"Subject: hello\r\n\r\nbody\r\n"


def check(login: str, password: str) -> bool:
    return (login, password) == ("crm", "secret")


def plain(login: str, password: str) -> bytes:
    return b"AUTH PLAIN " + base64.b64encode(f"\0{login}\0{password}".encode())


async def test_stopping_says_421_to_who_is_idle(tmp_path: Path) -> None:
    async with gateway(tmp_path) as door:
        caller = await door.call()
        await door.server.stop(5)
        assert (await caller.reply()).startswith("421 4.3.2")
        assert await caller.reply() == ""


async def test_stopping_says_421_in_an_open_transaction(tmp_path: Path) -> None:
    async with gateway(tmp_path) as door:
        caller = await door.call()
        await caller.say(b"MAIL FROM:<a@x.example>")
        await door.server.stop(5)
        assert (await caller.reply()).startswith("421 4.3.2")


async def test_stopping_lets_a_delivery_finish(tmp_path: Path) -> None:
    async with gateway(tmp_path) as door:
        stopping = await _stop_while_delivering(door, grace_s=5)
        assert (await door.callers[0].reply()).startswith("250")
        await stopping
        assert len(door.hop.taken) == 1


async def _stop_while_delivering(door: Door, grace_s: float) -> asyncio.Future[None]:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def wait_first(envelope: Envelope, delivery: Delivery) -> Handled:
        begun.set()
        await go_on.wait()
        return await door.pass_on(envelope, delivery)

    door.receive = wait_first
    caller = await door.call()
    await caller.open()
    caller.send(LETTER + b".\r\n")
    await begun.wait()
    stopping = asyncio.ensure_future(door.server.stop(grace_s))
    await asyncio.sleep(0)
    go_on.set()
    return stopping


async def test_content_that_comes_in_while_stopping_is_taken_to_its_end(tmp_path: Path) -> None:
    async with gateway(tmp_path) as door:
        caller = await door.call()
        await caller.open()
        stopping = asyncio.ensure_future(door.server.stop(5))
        await asyncio.sleep(0)
        caller.send(LETTER + b".\r\n")
        assert (await caller.reply()).startswith("250 2.0.0")
        await stopping


async def test_nobody_comes_in_after_stopping(tmp_path: Path) -> None:
    async with gateway(tmp_path) as door:
        port = door.server.port
        await door.server.stop(5)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)


async def test_inherited_socket_is_served(tmp_path: Path) -> None:
    inherited = socket.create_server(("127.0.0.1", 0))
    async with gateway(tmp_path, inherited=inherited) as door:
        caller = await door.call()
        assert (await caller.deliver(LETTER)).startswith("250")


async def test_login_of_a_crm_account_marks_the_envelope(tmp_path: Path) -> None:
    async with gateway(tmp_path, check_login=check, crm_logins=frozenset({"crm"})) as door:
        caller = await door.call()
        assert (await caller.say(plain("crm", "secret"))).startswith("235")
        await caller.deliver(LETTER)
        assert (door.envelopes[0].by_crm, door.envelopes[0].client.login) == (True, "crm")


async def test_login_in_steps_is_taken(tmp_path: Path) -> None:
    async with gateway(tmp_path, check_login=check) as door:
        caller = await door.call()
        assert (await caller.say(b"AUTH login")).startswith("334")
        assert (await caller.say(base64.b64encode(b"crm"))).startswith("334")
        assert (await caller.say(base64.b64encode(b"secret"))).startswith("235")
        await caller.deliver(LETTER)
        assert (door.envelopes[0].by_crm, door.envelopes[0].client.login) == (False, "crm")


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (plain("crm", "wrong"), "535"),
        (b"AUTH PLAIN !!!", "501"),
        (b"AUTH PLAIN " + base64.b64encode(b"x"), "501"),
        (b"AUTH CRAM-MD5", "504"),
        (b"AUTH", "501"),
    ],
)
async def test_wrong_login_is_refused(tmp_path: Path, command: bytes, code: str) -> None:
    async with gateway(tmp_path, check_login=check, clients=()) as door:
        caller = await door.call()
        assert (await caller.say(command)).startswith(code)
        assert (await caller.say(b"MAIL FROM:<a@x.example>")).startswith("530")


async def test_login_lets_a_stranger_send(tmp_path: Path) -> None:
    async with gateway(tmp_path, check_login=check, clients=()) as door:
        caller = await door.call()
        await caller.say(plain("crm", "secret"))
        assert (await caller.deliver(LETTER)).startswith("250")
