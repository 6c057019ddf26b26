"""Notices and loops, through the whole gateway over real sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway import maillog
from gateway.config.load import parse_config
from gateway.daemon import Daemon
from gateway.mail.reading import read_heading
from gateway.model.envelope import Relayed, RelayState
from tests.flows.running import Running
from tests.intake.door import Caller
from tests.letters import envelope_of, letter
from tests.next_hop import NextHop, next_hop

ANNA, CAROL, LOG = "anna@corp.example", "carol@customer.example", "log@gate.example"
CONFIG = """
[gateway]
hostname = "gw.corp.example"
state = "{state}"
domains = ["corp.example"]
log_level = "error"
[next_hop]
address = "127.0.0.1:{hop}"
[[listener]]
name = "inbound"
address = "127.0.0.1:0"
direction = "inbound"
[addresses]
logging = ["log@gate.example"]
[notices]
address = "gate@corp.example"
[policy]
preset = "gateway"
"""


@asynccontextmanager
async def office(folder: Path) -> AsyncIterator[tuple[Running, NextHop, Caller]]:
    async with next_hop() as hop:
        text = CONFIG.format(state=folder / "state", hop=hop.port)
        config = parse_config(text, folder / "replygate.toml", {})
        daemon = Daemon(config, maillog.configure("logfmt", "error"))
        await daemon.start()
        running = Running(daemon, config.store_path)
        with running.registry() as registry:
            registry.add_user(ANNA)
            registry.add_mailbox(ANNA, ANNA, "google")
            registry.connect(ANNA)
        caller = await running.call()
        try:
            yield running, hop, caller
        finally:
            caller.writer.close()
            await daemon.stop()


async def copy(caller: Caller, octets: bytes, to: str = LOG, mail_from: str = ANNA) -> str:
    await caller.say(f"MAIL FROM:<{mail_from}>".encode())
    await caller.say(f"RCPT TO:<{to}>".encode())
    await caller.say(b"DATA")
    caller.send(octets + b".\r\n")
    return await caller.reply()


async def notices(running: Running, hop: NextHop) -> list[bytes]:
    """Return the notices that the next hop has by now."""
    daemon = running.daemon
    await daemon.filing.finish()
    await daemon.duties.send_notices()
    return [taken.content for taken in hop.taken if b"From: Replygate" in taken.content]


UNPROVEN = letter(author=ANNA, to=CAROL)


async def test_who_sent_a_copy_that_is_held_is_told(tmp_path: Path) -> None:
    async with office(tmp_path) as (running, hop, caller):
        assert "held copy-sender-unverified" in await copy(caller, UNPROVEN)
        (notice,) = await notices(running, hop)
    assert b"To: anna@corp.example\r\n" in notice
    assert b"copy-sender-unverified" in notice


async def test_a_notice_that_is_being_filed_survives_a_stop(tmp_path: Path) -> None:
    async with office(tmp_path) as (running, _, caller):
        await copy(caller, UNPROVEN)
    (waiting,) = running.daemon.notice_box.due(datetime.now(UTC), 9)
    assert waiting.recipient == ANNA


async def test_who_sent_a_copy_that_is_decided_late_is_told(tmp_path: Path) -> None:
    async with office(tmp_path) as (running, hop, _):
        spool = running.daemon.spool
        envelope = envelope_of(UNPROVEN, mail_from=ANNA, rcpt_to=LOG, trusted=False)
        name = await spool.put(envelope, "store-unavailable")
        await spool.settle(name, Relayed(RelayState.CONSUMED))
        await running.daemon.pipeline.decide_later()
        (notice,) = await notices(running, hop)
    assert b"copy-sender-unverified" in notice


async def test_a_stranger_hears_nothing(tmp_path: Path) -> None:
    async with office(tmp_path) as (running, hop, caller):
        await copy(caller, letter(), mail_from=CAROL)
        assert await notices(running, hop) == []


async def test_the_same_copy_again_is_no_second_notice(tmp_path: Path) -> None:
    async with office(tmp_path) as (running, hop, caller):
        for _ in range(3):
            await copy(caller, UNPROVEN)
        assert len(await notices(running, hop)) == 1


@pytest.mark.parametrize("to", [ANNA, LOG])
async def test_a_vacation_notice_against_a_notice_ends_there(tmp_path: Path, to: str) -> None:
    async with office(tmp_path) as (running, hop, caller):
        await copy(caller, UNPROVEN)
        (notice,) = await notices(running, hop)
        vacation = letter(
            author=ANNA,
            to="gate@corp.example",
            message_id="vacation@corp.example",
            In_Reply_To=f"<{read_heading(notice).message_id}>",
            Auto_Submitted="auto-replied",
        )
        said = await copy(caller, vacation, to, mail_from="")
        assert "own-notice" in said or "internal-only" in said
        assert len(await notices(running, hop)) == 1


async def test_a_notice_that_comes_back_is_known(tmp_path: Path) -> None:
    async with office(tmp_path) as (running, hop, caller):
        await copy(caller, UNPROVEN)
        (notice,) = await notices(running, hop)
        assert "own-notice" in await copy(caller, notice, LOG)
        assert len(await notices(running, hop)) == 1


async def test_a_pair_of_automatic_forwards_is_stopped(tmp_path: Path) -> None:
    async with office(tmp_path) as (running, hop, caller):
        said = [await copy(caller, UNPROVEN) for _ in range(22)]
        assert "mail-loop" in said[-1]
        assert len(await notices(running, hop)) == 1


async def test_an_own_address_in_a_list_is_not_answered(tmp_path: Path) -> None:
    async with office(tmp_path) as (running, hop, caller):
        await copy(caller, letter(author=ANNA, to="all@list.example", List_Id="<all.list.example>"))
        assert await notices(running, hop) == []
