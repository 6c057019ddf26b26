"""Listeners as the configuration says them, open on real sockets."""

from __future__ import annotations

import ast
import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

import gateway
from gateway import maillog
from gateway.config.load import parse_config
from gateway.daemon import Daemon
from gateway.store.entries import Entries
from tests.flows.running import Running
from tests.intake.door import Caller
from tests.letters import letter

SOURCE = Path(gateway.__file__).parent
CONFIG = """
[gateway]
hostname = "gw.corp.example"
state = "{state}"
domains = ["corp.example"]
log_level = "error"
[[listener]]
name = "copies"
address = "127.0.0.1:0"
direction = "inbound"
{listener}
[addresses]
logging = ["log@gate.example"]
journal = ["journal@gate.example"]
[policy]
"""
COPIES = "copies_only = true"


@asynccontextmanager
async def house(folder: Path, listener: str = COPIES) -> AsyncIterator[Running]:
    text = CONFIG.format(state=folder / "state", listener=listener)
    config = parse_config(text, folder / "replygate.toml", {})
    daemon = Daemon(config, maillog.configure("logfmt", "error"))
    await daemon.start()
    running = Running(daemon, config.store_path)
    with running.registry() as registry:
        registry.add_user("anna@corp.example")
        registry.add_mailbox("anna@corp.example", "anna@corp.example", "google")
        registry.connect("anna@corp.example")
    try:
        yield running
    finally:
        await daemon.stop()


@asynccontextmanager
async def call(running: Running, hello: bytes = b"EHLO client.example") -> AsyncIterator[Caller]:
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", running.daemon.servers["copies"].port
    )
    caller = Caller(reader, writer)
    await caller.reply()
    await caller.say(hello)
    yield caller
    writer.close()


async def send(caller: Caller, octets: bytes, *rcpts: str, mail_from: str) -> str:
    await caller.say(f"MAIL FROM:<{mail_from}>".encode())
    for rcpt in rcpts:
        said = await caller.say(f"RCPT TO:<{rcpt}>".encode())
        if not said.startswith("250"):
            await caller.say(b"RSET")
            return said
    await caller.say(b"DATA")
    caller.send(octets + b".\r\n")
    return await caller.reply()


BCC = letter(author="anna@corp.example", to="carol@customer.example")


async def test_a_listener_for_copies_has_no_relay(tmp_path: Path) -> None:
    async with house(tmp_path) as running, call(running) as caller:
        said = await send(caller, BCC, "log@gate.example", mail_from="anna@corp.example")
        assert said.startswith("250")
        assert running.daemon.relays == {}


async def test_a_copy_is_in_the_record_when_250_is_said(tmp_path: Path) -> None:
    async with house(tmp_path) as running, call(running) as caller:
        await send(caller, BCC, "log@gate.example", mail_from="anna@corp.example")
        with Entries(running.database) as entries:
            assert entries.find("one@customer.example") is not None


async def test_only_own_addresses_are_taken(tmp_path: Path) -> None:
    async with house(tmp_path) as running, call(running) as caller:
        said = await send(caller, BCC, "carol@customer.example", mail_from="anna@corp.example")
        assert said.startswith("550 5.7.1")


@pytest.mark.parametrize("address", ["postmaster", "postmaster@gate.example"])
async def test_postmaster_answers(tmp_path: Path, address: str) -> None:
    async with house(tmp_path) as running, call(running) as caller:
        assert (await send(caller, letter(), address, mail_from="x@y.example")).startswith("250")
    assert len(list((tmp_path / "state" / "postmaster" / "new").iterdir())) == 1


async def test_a_flood_of_strangers_is_450(tmp_path: Path) -> None:
    async with (
        house(tmp_path, f"{COPIES}\nstrangers_per_hour = 2") as running,
        call(running) as caller,
    ):
        said = [
            await send(caller, letter(), "log@gate.example", mail_from="x@y.example")
            for _ in range(3)
        ]
        assert [reply[:9] for reply in said] == ["250 2.0.0", "250 2.0.0", "450 4.7.1"]


async def test_journal_reports_are_never_turned_away(tmp_path: Path) -> None:
    async with (
        house(tmp_path, f"{COPIES}\nstrangers_per_hour = 1") as running,
        call(running) as caller,
    ):
        said = [
            await send(caller, letter(), "journal@gate.example", mail_from="x@y.example")
            for _ in range(3)
        ]
        assert {reply[:3] for reply in said} == {"250"}


async def test_a_journal_report_with_odd_line_ends_is_not_refused(tmp_path: Path) -> None:
    async with house(tmp_path) as running, call(running) as caller:
        odd = letter() + b"\n.\nMAIL FROM:<>\r\n"
        said = await send(caller, odd, "journal@gate.example", mail_from="x@y.example")
        assert said.startswith("250")


async def bring(
    caller: Caller, times: int, rcpt: str = "log@gate.example", behind: bytes = b"127.0.0.1"
) -> list[str]:
    """Bring copies in the name of a user, for this client; return the codes."""
    said = []
    for _ in range(times):
        await caller.say(b"XFORWARD ADDR=" + behind)
        said.append(await send(caller, BCC, rcpt, mail_from="anna@corp.example"))
    return [reply[:3] for reply in said]


ONE = f"{COPIES}\nstrangers_per_hour = 1\nunproven_per_hour = 2"


async def test_who_only_says_that_he_is_a_user_is_turned_away_later_than_a_stranger(
    tmp_path: Path,
) -> None:
    """Until D-24 a user's MAIL FROM was never turned away, whoever said it."""
    async with house(tmp_path, ONE) as running, call(running) as caller:
        assert await bring(caller, 3) == ["250", "250", "450"]


async def test_users_behind_another_client_are_not_turned_away_with_it(tmp_path: Path) -> None:
    async with house(tmp_path, ONE) as running, call(running) as caller:
        assert await bring(caller, 3, behind=b"198.51.100.7") == ["250", "250", "450"]
        assert await bring(caller, 1, behind=b"198.51.100.8") == ["250"]


@pytest.mark.parametrize(
    "proof",
    [
        'clients = ["127.0.0.0/8"]\n[trust]\nnetworks = ["127.0.0.1/32"]',
        "[trust]\nservers = [{ authserv_id = 'mx.corp.example' }]",
    ],
    ids=["a trusted network", "a signature that a trusted server found"],
)
async def test_users_who_are_proved_are_never_turned_away(tmp_path: Path, proof: str) -> None:
    async with house(tmp_path, f"{ONE}\n{proof}") as running, call(running) as caller:
        signed = (
            b"Authentication-Results: mx.corp.example; dkim=pass header.d=corp.example\r\n"
            b"Received: from x by mx.corp.example; Mon, 23 Nov 2026 12:00:00 +0000\r\n"
        )
        said = [
            await send(
                caller,
                signed + BCC.replace(b"<one@", b"<%d@" % number),
                "log@gate.example",
                mail_from="anna@corp.example",
            )
            for number in range(5)
        ]
        assert {reply[:3] for reply in said} == {"250"}


async def test_the_secret_address_of_a_user_never_turns_him_away(tmp_path: Path) -> None:
    async with house(tmp_path, ONE) as running, call(running) as caller:
        with running.registry() as registry:
            registry.add_logging_address("log+s3cret@gate.example", "any", "anna@corp.example")
        assert await bring(caller, 4, "log+s3cret@gate.example") == ["250"] * 4


async def test_lmtp_is_spoken_where_the_configuration_says_so(tmp_path: Path) -> None:
    async with (
        house(tmp_path, f'{COPIES}\nprotocol = "lmtp"') as running,
        call(running, b"LHLO client.example") as caller,
    ):
        rcpts = ("log@gate.example", "journal@gate.example")
        assert (await send(caller, BCC, *rcpts, mail_from="anna@corp.example"))[:3] == "250"
        assert (await caller.reply())[:3] == "250"


async def test_a_milter_opens_at_its_socket(tmp_path: Path) -> None:
    socket = tmp_path / "milter"
    async with house(tmp_path, f'protocol = "milter"\nsocket = "{socket}"'):
        _, writer = await asyncio.open_unix_connection(socket)
        writer.close()


async def test_networks_that_may_send_are_the_configured_ones(tmp_path: Path) -> None:
    async with (
        house(tmp_path, f'{COPIES}\nclients = ["192.0.2.0/24"]') as running,
        call(running) as caller,
    ):
        assert (await caller.say(b"MAIL FROM:<x@y.example>")).startswith("554 5.7.1")


# ---- no way from a copy to the relay


def imports_of(module: str) -> set[str]:
    """Return the modules of ours that a module imports, directly or through others."""
    found: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name in found or not name.startswith("gateway"):
            continue
        found.add(name)
        path = SOURCE.parent / Path(*name.split("."))
        file = path.with_suffix(".py") if path.with_suffix(".py").exists() else path / "__init__.py"
        if not file.exists():
            continue
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                waiting += [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                waiting += [node.module, *(f"{node.module}.{a.name}" for a in node.names)]
    return found


def modules_under(package: str) -> list[str]:
    folder = SOURCE / package
    return sorted(
        ".".join(("gateway", *file.relative_to(SOURCE).with_suffix("").parts))
        for file in folder.rglob("*.py")
    )


RELAY = {"gateway.relay.client", "gateway.relay.pool", "gateway.relay.delivery"}


@pytest.mark.parametrize(
    "module", [*modules_under("intake"), "gateway.relay.consumed", "gateway.pipeline"]
)
def test_nothing_on_the_way_of_a_copy_imports_the_relay(module: str) -> None:
    assert not imports_of(module) & RELAY


def test_the_relay_is_found_where_it_is_imported() -> None:
    assert imports_of("gateway.doors") & RELAY
