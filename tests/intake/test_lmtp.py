"""LMTP over a real socket: LHLO, and a reply for each recipient."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from gateway.interfaces import Delivery, Handled
from gateway.model.envelope import Envelope, Reply
from tests.intake.door import Caller, Door, gateway

LETTER = b"Subject: x\r\n\r\nhello\r\n"
RCPTS = (b"<log@gw.example>", b"<bcc@gw.example>")


@asynccontextmanager
async def lmtp(spool: Path, **settings: Any) -> AsyncIterator[tuple[Door, Caller]]:
    async with gateway(spool, copies_only=True, lmtp=True, **settings) as door:
        caller = await door.call(hello=False)
        assert (await caller.reply()).startswith("220 localhost LMTP")
        yield door, caller


async def to_data(caller: Caller, *rcpts: bytes) -> list[str]:
    """Come as far as DATA's 354; return the replies to RCPT."""
    await caller.say(b"LHLO client.example")
    await caller.say(b"MAIL FROM:<anna@corp.example>")
    said = [await caller.say(b"RCPT TO:" + rcpt) for rcpt in rcpts]
    assert (await caller.say(b"DATA")).startswith("354")
    return said


async def test_ehlo_and_helo_are_not_known(tmp_path: Path) -> None:
    async with lmtp(tmp_path) as (_, caller):
        assert (await caller.say(b"EHLO client.example")).startswith("500 5.5.2")
        assert (await caller.say(b"HELO client.example")).startswith("500 5.5.2")


async def test_lhlo_offers_what_lmtp_has_to(tmp_path: Path) -> None:
    async with lmtp(tmp_path) as (_, caller):
        offered = (await caller.say(b"LHLO client.example")).split("|")
        assert {"250-PIPELINING", "250-ENHANCEDSTATUSCODES"} <= set(offered)


async def test_lhlo_is_not_known_to_smtp(tmp_path: Path) -> None:
    async with gateway(tmp_path) as door:
        caller = await door.call(hello=False)
        await caller.reply()
        assert (await caller.say(b"LHLO client.example")).startswith("500 5.5.2")


async def test_each_accepted_recipient_gets_a_reply_in_order(tmp_path: Path) -> None:
    async with lmtp(tmp_path) as (door, caller):
        said = await to_data(caller, RCPTS[0], b"<b@y.example>", RCPTS[1])
        assert [reply[:3] for reply in said] == ["250", "550", "250"]
        caller.send(LETTER + b".\r\nNOOP\r\n")
        replies = [await caller.reply() for _ in range(3)]
        assert [reply[:9] for reply in replies] == ["250 2.0.0"] * 3
        assert replies[0] == replies[1] != replies[2]
        assert len(door.envelopes) == 1


async def test_content_that_is_refused_is_refused_for_each(tmp_path: Path) -> None:
    async with lmtp(tmp_path, size_limit=10) as (_, caller):
        await to_data(caller, *RCPTS)
        caller.send(LETTER + b".\r\nNOOP\r\n")
        replies = [await caller.reply() for _ in range(3)]
        assert [reply[:3] for reply in replies] == ["552", "552", "250"]


async def test_what_cannot_be_kept_is_deferred_for_each(tmp_path: Path) -> None:
    async def full(envelope: Envelope, delivery: Delivery) -> Handled:
        return Handled(Reply(451, ("4.3.0 later",)))

    async with lmtp(tmp_path) as (door, caller):
        door.receive = full
        await to_data(caller, *RCPTS)
        caller.send(LETTER + b".\r\n")
        assert [await caller.reply() for _ in range(2)] == ["451 4.3.0 later"] * 2


async def test_defect_of_ours_is_told_to_each(tmp_path: Path) -> None:
    async def broken(envelope: Envelope, delivery: Delivery) -> Handled:
        raise ZeroDivisionError

    async with lmtp(tmp_path) as (door, caller):
        door.receive = broken
        await to_data(caller, *RCPTS)
        caller.send(LETTER + b".\r\nQUIT\r\n")
        assert [(await caller.reply())[:3] for _ in range(3)] == ["451", "451", "221"]
