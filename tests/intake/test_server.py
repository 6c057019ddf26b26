"""Opening, stopping, logins, TLS."""

from __future__ import annotations

import asyncio
import base64
import socket
import ssl
from pathlib import Path

import pytest

from gateway.interfaces import Delivery, Handled
from gateway.model.envelope import Envelope
from tests.intake.door import Caller, Door, gateway

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


async def test_stopping_in_the_same_moment_as_the_final_dot_lets_it_be_delivered(
    tmp_path: Path,
) -> None:
    async with gateway(tmp_path) as door:
        caller = await door.call()
        await caller.open()
        (session,) = door.server._open
        session.data_received(LETTER + b".\r\n")
        session.stop()
        assert (await caller.reply()).startswith("250")
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


async def test_who_guesses_passwords_is_sent_away(tmp_path: Path) -> None:
    async with gateway(tmp_path, check_login=check, clients=()) as door:
        caller = await door.call()
        replies = [await caller.say(plain("crm", f"guess {number}")) for number in range(20)]
        assert {reply[:3] for reply in replies} == {"535"}
        assert (await caller.reply()).startswith("421 4.7.0")


async def test_login_lets_a_stranger_send(tmp_path: Path) -> None:
    async with gateway(tmp_path, check_login=check, clients=()) as door:
        caller = await door.call()
        await caller.say(plain("crm", "secret"))
        assert (await caller.deliver(LETTER)).startswith("250")


TLS = Path(__file__).parent / "tls"
"""A certificate that signs itself, of nobody: `gateway.example`."""


def server_tls() -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(TLS / "certificate.pem", TLS / "key.pem")
    return context


async def secure(caller: Caller) -> None:
    context = ssl.create_default_context(cafile=TLS / "certificate.pem")
    assert (await caller.say(b"STARTTLS")).startswith("220")
    await caller.writer.start_tls(context, server_hostname="gateway.example")


async def test_message_goes_through_in_tls(tmp_path: Path) -> None:
    async with gateway(tmp_path, tls=server_tls()) as door:
        caller = await door.call()
        await secure(caller)
        assert "STARTTLS" not in await caller.say(b"EHLO client.example")
        assert (await caller.deliver(LETTER)).startswith("250")
        assert door.hop.taken[0].wire == LETTER
        assert (await caller.say(b"QUIT")).startswith("221")


async def test_starttls_begins_the_session_anew(tmp_path: Path) -> None:
    async with gateway(tmp_path, tls=server_tls()) as door:
        caller = await door.call()
        await caller.say(b"XFORWARD ADDR=192.0.2.1")
        await secure(caller)
        assert (await caller.say(b"MAIL FROM:<a@x.example>")).startswith("503")
        await caller.say(b"EHLO client.example")
        await caller.deliver(LETTER)
        assert door.envelopes[0].client.address == "127.0.0.1"


async def test_octets_before_the_handshake_are_forgotten(tmp_path: Path) -> None:
    async with gateway(tmp_path, tls=server_tls()) as door:
        caller = await door.call()
        caller.send(b"STARTTLS\r\nMAIL FROM:<evil@x.example>\r\n")
        assert (await caller.reply()).startswith("220")
        context = ssl.create_default_context(cafile=TLS / "certificate.pem")
        await caller.writer.start_tls(context, server_hostname="gateway.example")
        await caller.say(b"EHLO client.example")
        assert (await caller.say(b"RCPT TO:<b@y.example>")).startswith("503")


async def test_failed_handshake_closes_and_the_listener_lives(tmp_path: Path) -> None:
    async with gateway(tmp_path, tls=server_tls()) as door:
        caller = await door.call()
        await caller.say(b"STARTTLS")
        caller.send(b"this is no handshake\r\n")
        await caller.reader.read()
        other = await door.call()
        assert (await other.deliver(LETTER)).startswith("250")


async def test_starttls_is_offered_only_with_a_certificate(tmp_path: Path) -> None:
    async with gateway(tmp_path) as door:
        caller = await door.call()
        assert (await caller.say(b"STARTTLS")).startswith("502")
