"""What of a message reaches the flow, over real sockets."""

from __future__ import annotations

import asyncio
import hashlib
import os
import socket
from pathlib import Path

import pytest

from gateway.intake.milter.connection import QUICK_ACK, Connection, Roll
from gateway.intake.milter.settings import MilterSettings
from gateway.intake.milter.verdict import Surroundings
from gateway.model.envelope import Direction, RelayState
from tests.intake.milter.conftest import OURS, Door, opened
from tests.intake.milter.mta import (
    ALL_STEPS,
    LEADING_SPACE,
    NO_REPLY,
    Mta,
    Shown,
    connect,
    frame,
    macros,
    offer,
    strings,
)

ACCEPTED = [b"a"]


async def test_a_message_is_accepted(door: Door) -> None:
    assert await door.show(Shown()) == ACCEPTED


async def test_octets_are_the_message_as_the_mta_has_it(door: Door) -> None:
    shown = Shown(
        fields=(
            (b"Received", b" from a\n\tby b; date"),
            (b"From", b"ann@example.com"),
            (b"Subject", b"  two spaces "),
            (b"To", b"\tafter a tab"),
            (b"X-Empty", b""),
        ),
        body=b"..\r\n.\r\n\0\xff caf\xe9\r\nno end",
    )
    await door.show(shown)
    assert door.octets == shown.octets
    assert door.envelopes[0].content.sha256 == hashlib.sha256(shown.octets).digest()
    assert door.envelopes[0].content.size == len(shown.octets)


async def test_what_was_counted_is_told(door: Door) -> None:
    await door.show(Shown(body=b"\0caf\xe9\r\n" + b"x" * 2000 + b"\r\nbare\nlf\r\n"))
    traits = door.envelopes[0].content.traits
    assert (traits.nul, traits.eight_bit, traits.longest_line) == (1, True, 2000)
    assert (traits.bare_lf, traits.bare_cr) == (1, 0)


@pytest.mark.parametrize("chunk", [1, 2, 7, 65_535])
async def test_the_size_of_chunks_makes_no_difference(door: Door, chunk: int) -> None:
    shown = Shown(body=b"line\r\n" * 50, chunk=chunk)
    await door.show(shown)
    assert door.octets == shown.octets


async def test_the_end_may_carry_the_last_chunk(door: Door) -> None:
    shown = Shown(body=b"line\r\n" * 50, chunk=100, last_in_end=True)
    await door.show(shown)
    assert door.octets == shown.octets


async def test_a_large_message_is_spooled_and_whole(door: Door) -> None:
    shown = Shown(body=os.urandom(3_000_000))
    await door.show(shown)
    assert door.octets == shown.octets
    assert not list(door.settings.folder.iterdir())


async def test_a_line_end_across_chunks_is_no_bare_one(door: Door) -> None:
    line = b"x" * 76 + b"\r\n"
    await door.show(Shown(body=line * 20_000, chunk=65_535))
    traits = door.envelopes[0].content.traits
    assert (traits.bare_cr, traits.bare_lf, traits.longest_line) == (0, 0, 76)


async def test_a_message_without_a_body_keeps_its_empty_line(door: Door) -> None:
    shown = Shown(body=b"")
    await door.show(shown)
    assert door.octets == shown.octets


async def test_a_missing_leading_space_is_put_back(door: Door) -> None:
    mta = await door.connect()
    await mta.say(offer(steps=ALL_STEPS & ~LEADING_SPACE))
    await mta.hear()
    await mta.say(connect())
    await mta.show(Shown(fields=((b"Subject", b"Hello"), (b"To", b"\tBob"), (b"From", b" Ann"))))
    assert door.octets.startswith(b"Subject: Hello\r\nTo:\tBob\r\nFrom:  Ann\r\n\r\n")


async def test_the_envelope_keeps_options_in_their_case(door: Door) -> None:
    await door.show(
        Shown(
            mail=(b"<ann@example.com>", b"BODY=8BITMIME", b"ENVID=Ab+3Dc"),
            rcpts=(
                (b"<bob@example.org>", b"NOTIFY=NEVER", b"ORCPT=rfc822;Bob@example.org"),
                (b"<@relay.example:Eve@example.org>",),
            ),
        )
    )
    (envelope,) = door.envelopes
    assert envelope.mail_from == "ann@example.com"
    assert envelope.mail_options == ("BODY=8BITMIME", "ENVID=Ab+3Dc")
    assert [r.addr_spec for r in envelope.recipients] == ["bob@example.org", "Eve@example.org"]
    assert envelope.recipients[0].options == ("NOTIFY=NEVER", "ORCPT=rfc822;Bob@example.org")


async def test_the_null_reverse_path_is_empty(door: Door) -> None:
    await door.show(Shown(mail=(b"<>",)))
    assert door.envelopes[0].mail_from == ""


async def test_bcc_in_the_envelope_is_seen(door: Door) -> None:
    await door.show(Shown(rcpts=((b"<bob@example.org>",), (b"<log@gw.example>",))))
    recipients = [r.addr_spec for r in door.envelopes[0].recipients]
    assert recipients == ["bob@example.org", "log@gw.example"]


async def test_the_client_is_told(door: Door) -> None:
    mta = await door.connect()
    await mta.say(offer())
    await mta.hear()
    await mta.say(
        macros(b"C", j="mx1.example.com"),
        connect(b"mail.example.com", b"IPv6:2001:db8::7"),
        macros(b"H", tls_version="TLSv1.3", cipher="TLS_AES_256_GCM_SHA384"),
        frame(b"H", strings(b"helo.example.com")),
    )
    await mta.show(Shown())
    client = door.envelopes[0].client
    assert (client.address, client.name) == ("2001:db8::7", "mail.example.com")
    assert client.helo == "helo.example.com"
    assert client.trusted
    assert client.mta == "mx1.example.com"
    assert dict(client.forwarded) == {
        "TLS_VERSION": "TLSv1.3",
        "CIPHER": "TLS_AES_256_GCM_SHA384",
    }


async def test_the_queue_id_is_the_newest_that_was_told(door: Door) -> None:
    mta = await door.client()
    shown = Shown(macros={"mail_addr": "ann@example.com"})
    await mta.say(*shown.envelope(), macros(b"R", i="4Early"), macros(b"T", i="4Late"))
    await mta.say(*shown.content())
    await mta.verdict()
    assert door.envelopes[0].queue_id == "4Late"


async def test_a_login_makes_it_outgoing(door: Door) -> None:
    await door.show(Shown(macros={"i": "4Xy", "auth_authen": "ann"}))
    (envelope,) = door.envelopes
    assert (envelope.client.login, envelope.direction) == ("ann", Direction.OUTGOING)


@pytest.mark.parametrize(
    ("address", "mail", "direction"),
    [
        (b"192.0.2.7", b"<a@b.example>", Direction.INCOMING),
        (b"127.0.0.1", b"<a@b.example>", Direction.OUTGOING),
        (b"IPv6:::1", b"<a@b.example>", Direction.OUTGOING),
        (b"not an address", b"<a@b.example>", Direction.INCOMING),
        (b"127.0.0.1", b"<>", Direction.INCOMING),
    ],
)
async def test_own_networks_make_it_outgoing_but_for_reports_of_the_mta(
    door: Door, address: bytes, mail: bytes, direction: Direction
) -> None:
    mta = await door.connect()
    await mta.say(offer())
    await mta.hear()
    await mta.say(connect(address=address))
    await mta.show(Shown(mail=(mail,)))
    assert door.envelopes[0].direction is direction


@pytest.mark.parametrize("client", [b"localhost\0U", b"localhost\0L\0\0/run/smtp\0"])
async def test_a_client_without_an_ip_address_is_on_the_machine_of_the_mta(
    door: Door, client: bytes
) -> None:
    mta = await door.connect()
    await mta.say(offer())
    await mta.hear()
    await mta.say(frame(b"C", client))
    await mta.show(Shown())
    assert door.envelopes[0].direction is Direction.OUTGOING
    assert door.envelopes[0].client.address == ""


async def test_a_crm_login_marks(tmp_path: Path) -> None:
    async with opened(tmp_path, crm_logins=frozenset({"crm"})) as door:
        await door.show(Shown(macros={"auth_authen": "crm"}))
        await door.show(Shown(macros={"auth_authen": "ann"}))
        assert [e.by_crm for e in door.envelopes] == [True, False]


async def test_delivery_is_the_mtas(door: Door) -> None:
    await door.show(Shown())
    (relayed,) = door.relayed
    assert relayed.state is RelayState.BY_MTA
    assert relayed.sha256_out == door.envelopes[0].content.sha256


async def test_several_messages_on_one_connection(door: Door) -> None:
    mta = await door.client()
    first = Shown(macros={"i": "one", "auth_authen": "ann"})
    second = Shown(macros={"i": "two"}, body=b"other\r\n")
    assert await mta.show(first) == ACCEPTED
    assert await mta.show(second) == ACCEPTED
    assert [e.queue_id for e in door.envelopes] == ["one", "two"]
    assert [e.client.login for e in door.envelopes] == ["ann", ""]
    assert bytes(door.envelopes[1].content.octets[:]) == second.octets


async def test_messages_that_come_before_the_first_is_answered(door: Door) -> None:
    mta = await door.client()
    shown = Shown()
    await mta.say(*(*shown.envelope(), *shown.content()) * 3)
    assert [await mta.hear() for _ in range(3)] == [b"a", b"a", b"a"]


async def test_an_aborted_message_is_forgotten(door: Door) -> None:
    mta = await door.client()
    await mta.say(*Shown(macros={"i": "gone"}).envelope(), frame(b"A"))
    await mta.say(*Shown().envelope(), *Shown().content()[:2], frame(b"A"))
    shown = Shown(macros={})
    assert await mta.show(shown) == ACCEPTED
    assert door.octets == shown.octets
    assert door.envelopes[0].queue_id == ""


async def test_another_client_on_the_same_connection(door: Door) -> None:
    mta = await door.client()
    await mta.show(Shown(macros={"auth_authen": "ann"}))
    await mta.say(frame(b"K"), connect(b"other.example", b"198.51.100.9"))
    await mta.show(Shown(macros={}))
    assert [e.client.name for e in door.envelopes] == ["client.example.com", "other.example"]
    assert door.envelopes[1].client.helo == ""


async def test_quit_ends_the_connection(door: Door) -> None:
    mta = await door.client()
    await mta.say(frame(b"Q"))
    assert await mta.hear() == b""
    assert not door.notes


async def test_a_helo_in_the_middle_of_a_transaction_is_taken(door: Door) -> None:
    mta = await door.client()
    await mta.say(*Shown().envelope(), frame(b"H", b"again.example\0"), frame(b"A"))
    await mta.show(Shown())
    assert door.envelopes[0].client.helo == "again.example"


async def answers(mta: Mta, shown: Shown) -> bytes:
    """Send frame by frame, and return the first octet of each answer."""
    heard = b""
    for sent in (connect(), frame(b"H", b"x\0"), *shown.envelope(), *shown.content()):
        await mta.say(sent)
        if sent[4:5] not in b"DAKQ":
            heard += (await mta.hear())[:1]
    return heard


@pytest.mark.parametrize("version", [2, 3, 4, 5, 6])
async def test_an_mta_that_wants_replies_gets_them(door: Door, version: int) -> None:
    mta = await door.connect()
    await mta.say(offer(version, 0x3F, 0x7F))
    assert await mta.hear() == frame(b"O", bytes([0, 0, 0, version]) + bytes(8))[4:]
    # C, H, M, R, T, two header fields, N, B; then the end.
    assert await answers(mta, Shown()) == b"c" * 9 + b"a"


async def test_only_what_we_need_is_asked_for(door: Door) -> None:
    mta = await door.connect()
    await mta.say(offer(version=7))
    expected = NO_REPLY | LEADING_SPACE | 0x100
    assert await mta.hear() == b"O" + bytes([0, 0, 0, 6]) + bytes(4) + expected.to_bytes(4, "big")


async def test_what_was_not_offered_is_not_asked_for(door: Door) -> None:
    mta = await door.connect()
    await mta.say(offer(6, 0, 0x80))
    assert await mta.hear() == b"O" + bytes([0, 0, 0, 6]) + bytes(4) + bytes([0, 0, 0, 0x80])


class Socket:
    """A socket that remembers its options."""

    def __init__(self) -> None:
        self.options: list[tuple[int, int, int]] = []

    def setsockopt(self, *option: int) -> None:
        self.options.append((option[0], option[1], option[2]))


class Transport(asyncio.Transport):
    """A TCP connection that goes nowhere."""

    def __init__(self) -> None:
        self.socket = Socket()
        super().__init__({"peername": ("127.0.0.1", 4711), "socket": self.socket})

    def write(self, data: bytes | bytearray | memoryview) -> None:
        pass

    def is_closing(self) -> bool:
        return False


@pytest.mark.skipif(QUICK_ACK is None, reason="an option of Linux")
async def test_what_comes_is_acknowledged_at_once(tmp_path: Path) -> None:
    # Else each message of an MTA on TCP waits for 40 ms: our delayed acknowledgement and its
    # Nagle algorithm wait for each other.
    loop = asyncio.get_running_loop()
    settings = MilterSettings("milter", tmp_path)
    around = Surroundings(settings, Door(settings).remember, OURS.__contains__)
    connection, transport = Connection(loop, Roll(loop, 1), around), Transport()
    connection.connection_made(transport)
    connection.data_received(offer())
    connection.data_received(connect())
    connection.connection_lost(None)
    assert transport.socket.options == [(socket.IPPROTO_TCP, QUICK_ACK, 1)] * 3
