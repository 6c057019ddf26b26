"""Next hops and clients that misbehave at every step, and at every octet."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway import maillog
from gateway.config.load import parse_config
from gateway.daemon import Daemon
from gateway.mail.wire import stuffed
from gateway.model.envelope import RelayState
from gateway.store.entries import Entries
from tests.flows.running import CONFIG, Running
from tests.letters import letter
from tests.next_hop import ALL_EXTENSIONS, NextHop, next_hop
from tests.test_daemon import company, sent
from tests.torture.wire import Wire, wire

STEPS = ("connect", "EHLO", "MAIL", "RCPT", "DATA", ".")
LARGE_REPLY = "250-" + "\r\n250-".join(["x" * 998] * 1050) + "\r\n250 end"
WAYS = {
    "closes": "close",
    "hangs": "hang",
    "421": "421 4.3.2 Going down",
    "451": "451 4.3.0 Later",
    "550": "550 5.7.1 No",
    "no reply at all": "nonsense",
    "another code in the second line": "250-Ok\r\n550 No",
    "a megabyte": LARGE_REPLY,
    "a line without an end": "250 " + "x" * 100_000,
}


@asynccontextmanager
async def behind(folder: Path, port: int, hop_s: float = 0.3) -> AsyncIterator[Running]:
    """Start a whole gateway in front of this port, which is not patient."""
    text = CONFIG.format(state=folder / "state", hop=port, policy="")
    text = text.replace("command_timeout_s = 5.0", f"command_timeout_s = {hop_s}").replace(
        "final_timeout_s = 20.0",
        f"final_timeout_s = {hop_s}\ngreeting_timeout_s = {hop_s}\ndata_timeout_s = {hop_s}\n"
        "idle_connections = 0",
    )
    config = parse_config(text, folder / "replygate.toml", {})
    daemon = Daemon(config, maillog.configure("logfmt", "error"))
    await daemon.start()
    try:
        yield Running(daemon, config.store_path)
    finally:
        await daemon.stop()


async def bring(gateway: Running, octets: bytes, listener: str = "submission") -> str:
    """Bring one letter; return the reply at which it ended."""
    caller = await gateway.call(listener)
    try:
        for command in (
            b"MAIL FROM:<anna@corp.example> RET=HDRS",
            b"RCPT TO:<carol@customer.example> NOTIFY=NEVER",
            b"DATA",
        ):
            said = await caller.say(command)
            if not said.startswith(("2", "3")):
                return said
        caller.send(stuffed(octets) + b".\r\n")
        return await caller.reply()
    finally:
        caller.writer.close()


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("way", WAYS)
async def test_a_next_hop_that_misbehaves_is_told_to_the_client_and_the_next_message_passes(
    tmp_path: Path, step: str, way: str
) -> None:
    async with next_hop() as hop, behind(tmp_path, hop.port) as gateway:
        hop.answer = lambda command: WAYS[way] if command.split(" ")[0] == step else None
        said = await bring(gateway, letter())
        taken = len(hop.taken)
        # A 250 is said of what was taken, and of nothing else.
        assert taken == 1 if said.startswith("250 ") else said[:1] in {"4", "5"}
        if way == "550" and step not in {"connect", "EHLO"}:
            assert said.startswith("550 5.7.1 No")
        hop.answer = lambda _: None
        assert (await bring(gateway, letter(message_id="next@x.example"))).startswith("250 ")
        assert hop.taken[-1].content == letter(message_id="next@x.example")


async def octets_of_a_session(tmp_path: Path) -> tuple[int, int]:
    """Return how many octets the next hop sends and gets for one letter."""
    async with next_hop() as hop, wire(hop.port) as way, behind(tmp_path, way.port) as gateway:
        await bring(gateway, letter())
        return way.to_client, way.to_server


async def swept(
    tmp_path: Path, way: Wire, hop: NextHop, cut: str, limits: range
) -> list[tuple[str, int]]:
    """Bring a letter per limit; return what the client was told and how often it was taken."""
    found = []
    async with behind(tmp_path, way.port, hop_s=2.0) as gateway:
        for limit in limits:
            setattr(way, cut, limit)
            before = len(hop.taken)
            said = await bring(gateway, letter(message_id=f"{limit}@x.example"))
            found.append((said, len(hop.taken) - before))
        setattr(way, cut, None)
        assert (await bring(gateway, letter(message_id="end@x.example"))).startswith("250 ")
    return found


@pytest.mark.parametrize("reset", [False, True])
@pytest.mark.parametrize("cut", ["cut_to_client", "cut_to_server"])
async def test_a_next_hop_that_goes_at_any_octet_loses_nothing(
    tmp_path: Path, cut: str, reset: bool
) -> None:
    replies, commands = await octets_of_a_session(tmp_path / "measure")
    most = replies if cut == "cut_to_client" else commands
    async with next_hop() as hop, wire(hop.port) as way:
        way.reset = reset
        found = await swept(tmp_path, way, hop, cut, range(most + 8))
    assert len(found) == most + 8
    for said, taken in found:
        # Told that it was taken: it was. Told to try again: it may have been, and no other reply.
        assert (said.startswith("250 ") and taken == 1) or said.startswith("4")
    assert any(said.startswith("250 ") for said, _ in found)


async def test_a_next_hop_that_offers_less_after_a_reconnect_gets_what_it_can_take(
    tmp_path: Path,
) -> None:
    async with next_hop() as hop, behind(tmp_path, hop.port) as gateway:
        caller = await gateway.call("submission")
        hop.extensions = ()
        await caller.say(b"MAIL FROM:<anna@corp.example> RET=HDRS BODY=8BITMIME SIZE=100")
        said = await caller.say(b"RCPT TO:<carol@customer.example> NOTIFY=NEVER")
        caller.writer.close()
        assert said.startswith("250 ")
        mail = next(line for line in reversed(hop.heard) if line.startswith("MAIL"))
        rcpt = next(line for line in reversed(hop.heard) if line.startswith("RCPT"))
    assert "RET=" not in mail
    assert "SIZE=" not in mail
    assert "NOTIFY" not in rcpt


async def test_a_next_hop_that_lies_about_extensions_is_believed_when_it_refuses(
    tmp_path: Path,
) -> None:
    async with next_hop(ALL_EXTENSIONS) as hop, behind(tmp_path, hop.port) as gateway:
        hop.answer = lambda command: "555 5.5.4 Unknown option" if "RET=" in command else None
        said = await bring(gateway, letter())
    assert said.startswith("555 5.5.4")
    assert hop.taken == []


@pytest.mark.parametrize("reset", [False, True])
async def test_a_client_that_goes_at_any_octet_is_delivered_whole_or_not_at_all(
    tmp_path: Path, reset: bool
) -> None:
    octets = sent(X_Log_To_CRM="yes", message_id="cut@corp.example")
    dialogue = (
        b"EHLO c.example\r\nMAIL FROM:<anna@corp.example>\r\nRCPT TO:<carol@customer.example>\r\n"
        b"DATA\r\n" + octets + b".\r\n"
    )
    async with next_hop() as hop, behind(tmp_path, hop.port, hop_s=2.0) as gateway:
        company(gateway)
        server = gateway.daemon.servers["submission"]
        for cut in range(len(dialogue) + 1):
            before = len(hop.taken)
            reader, writer = await asyncio.open_connection("127.0.0.2", server.port)
            writer.write(dialogue[:cut])
            await writer.drain()
            if reset:
                writer.transport.abort()
            else:
                writer.write_eof()
                await reader.read()
            writer.close()
            if cut < len(dialogue):
                assert len(hop.taken) == before
    # It has stopped, so that all is settled, and nobody was left inside.
    assert server.sessions == 0
    with Entries(gateway.database) as entries:
        found = entries.find("cut@corp.example")
    if found is not None:
        assert found.relayed.state is RelayState.RELAYED
        assert found.relayed.sha256_out == hashlib.sha256(octets).digest()
    # A reset may overtake the final dot; else the last try was whole.
    assert len(hop.taken) == (found is not None)
    assert {taken.content for taken in hop.taken} <= {octets}
    assert reset or found is not None
