"""The wiring: doors that open and close, a reload, and what runs behind the mail."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pysqlite3

from gateway.mail.wire import stuffed
from gateway.model.decision import Reason
from gateway.model.entry import Entry
from gateway.model.envelope import RelayState
from tests.flows.running import CONFIG, Running, running
from tests.letters import letter
from tests.next_hop import next_hop

PATIENCE_S = 10.0


async def eventually(gateway: Running, message_id: str, holds: Callable[[Entry], bool]) -> Entry:
    """Return the entry once it is as it must be."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            with gateway.entries() as entries:
                found = entries.find(message_id)
            if found is not None and holds(found):
                return found
            await asyncio.sleep(0.02)


def company(gateway: Running) -> None:
    with gateway.registry() as registry:
        registry.add_user("anna@corp.example", "Anna Arai")
        registry.add_mailbox("anna@corp.example", "anna@corp.example", "google")
        registry.connect("anna@corp.example")


def sent(**fields: str) -> bytes:
    return letter(author="anna@corp.example", to="carol@customer.example", **fields)


async def deliver(gateway: Running, listener: str, mail_from: str, rcpt: str, octets: bytes) -> str:
    caller = await gateway.call(listener)
    await caller.say(f"MAIL FROM:<{mail_from}>".encode())
    await caller.say(f"RCPT TO:<{rcpt}>".encode())
    await caller.say(b"DATA")
    caller.send(stuffed(octets) + b".\r\n")
    said = await caller.reply()
    caller.writer.close()
    return said


async def test_a_change_of_the_directory_holds_for_the_next_message(tmp_path: Path) -> None:
    async with next_hop() as hop, running(tmp_path, hop) as gateway:
        company(gateway)
        said = await deliver(
            gateway, "submission", "anna@corp.example", "carol@customer.example",
            sent(X_Log_To_CRM="yes"),
        )  # fmt: skip
    assert "logged opted-in" in said


async def test_orphans_are_judged_anew_when_their_parent_arrives(tmp_path: Path) -> None:
    async with next_hop() as hop, running(tmp_path, hop) as gateway:
        company(gateway)
        with gateway.registry() as registry:
            registry.add_contact("carol@customer.example", "Carol", "")
        reply = letter(message_id="reply@c.example", In_Reply_To="<offer@corp.example>")
        first = await deliver(
            gateway, "inbound", "carol@customer.example", "anna@corp.example", reply
        )
        assert "original-unknown" in first
        offer = sent(message_id="offer@corp.example", X_Log_To_CRM="yes")
        await deliver(gateway, "submission", "anna@corp.example", "carol@customer.example", offer)
        now = await eventually(
            gateway, "reply@c.example", lambda entry: entry.reason is Reason.TRACKED_REPLY
        )
    assert [decision.reason for decision in now.decisions] == [
        Reason.ORIGINAL_UNKNOWN,
        Reason.TRACKED_REPLY,
    ]


def written(gateway: Running, hop_port: int, policy: str = "", more: str = "") -> None:
    text = CONFIG.format(state=gateway.database.parent, hop=hop_port, policy=policy)
    gateway.daemon.config.file.write_text(text + more)


async def test_a_reload_takes_the_new_policy(tmp_path: Path) -> None:
    async with next_hop() as hop, running(tmp_path, hop) as gateway:
        written(gateway, hop.port, 'preset = "gateway"')
        await gateway.daemon.reload()
        assert gateway.daemon.pipeline.settings.policy.log == "all"


async def test_a_reload_with_a_fault_changes_nothing(tmp_path: Path) -> None:
    async with next_hop() as hop, running(tmp_path, hop) as gateway:
        before = gateway.daemon.config
        written(gateway, hop.port, 'preset = "nonsense"')
        await gateway.daemon.reload()
        assert gateway.daemon.config is before
        said = await deliver(gateway, "inbound", "a@x.example", "anna@corp.example", letter())
    assert said.startswith("250 ")


async def test_a_reload_opens_a_new_listener_and_closes_one_that_went(tmp_path: Path) -> None:
    more = """
[[listener]]
name = "second"
address = "127.0.0.3:0"
direction = "inbound"
"""
    async with next_hop() as hop, running(tmp_path, hop) as gateway:
        written(gateway, hop.port, more=more)
        await gateway.daemon.reload()
        assert gateway.daemon.listening == ["inbound", "second", "submission"]
        written(gateway, hop.port)
        await gateway.daemon.reload()
        assert gateway.daemon.listening == ["inbound", "submission"]


async def test_a_reload_loses_no_connection(tmp_path: Path) -> None:
    async with next_hop() as hop, running(tmp_path, hop) as gateway:
        caller = await gateway.call()
        await caller.open(b"<anna@corp.example>")
        written(gateway, hop.port, 'preset = "gateway"')
        await gateway.daemon.reload()
        caller.send(stuffed(letter()) + b".\r\n")
        said = await caller.reply()
        caller.writer.close()
    assert said.startswith("250 ")


async def test_stopping_finishes_what_is_past_data(tmp_path: Path) -> None:
    async with next_hop() as hop:
        asked = asyncio.Event()
        async with running(tmp_path, hop) as gateway:

            def noticing(command: str) -> None:
                if command == ".":
                    asked.set()

            hop.answer = noticing
            caller = await gateway.call()
            await caller.open(b"<anna@corp.example>")
            caller.send(stuffed(letter()) + b".\r\n")
            await asked.wait()
        said = await caller.reply()
        caller.writer.close()
    assert said.startswith("250 ")
    assert len(hop.taken) == 1


async def test_mail_passes_a_locked_store_and_is_decided_later(tmp_path: Path) -> None:
    async with next_hop() as hop, running(tmp_path, hop) as gateway:
        company(gateway)
        other = pysqlite3.connect(gateway.database, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        offer = sent(message_id="offer@corp.example", X_Log_To_CRM="yes")
        said = await deliver(
            gateway, "submission", "anna@corp.example", "carol@customer.example", offer
        )
        assert "failed store-unavailable" in said
        assert hop.taken[0].content == offer
        other.execute("ROLLBACK")
        other.close()
        found = await eventually(
            gateway, "offer@corp.example", lambda entry: entry.relayed.state is RelayState.RELAYED
        )
    assert found.reason is Reason.OPTED_IN
