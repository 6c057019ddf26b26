"""The whole gateway in this process: store, listeners, relay, and what runs behind the mail."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from gateway import maillog
from gateway.config.load import parse_config
from gateway.daemon import Daemon
from gateway.store.entries import Entries
from gateway.store.registry import Registry
from tests.intake.door import RECEIVER, Caller
from tests.next_hop import NextHop

CONFIG = """
[gateway]
hostname = "gw.corp.example"
state = "{state}"
domains = ["corp.example"]
log_level = "error"
[next_hop]
address = "127.0.0.1:{hop}"
command_timeout_s = 5.0
final_timeout_s = 20.0
[[listener]]
name = "inbound"
address = "127.0.0.1:0"
direction = "inbound"
receiver = "RECEIVER"
[[listener]]
name = "submission"
address = "127.0.0.2:0"
direction = "submission"
receiver = "RECEIVER"
[addresses]
logging = ["log@gate.example"]
[policy]
{policy}
""".replace("RECEIVER", RECEIVER)


@dataclass
class Running:
    """A running gateway."""

    daemon: Daemon
    database: Path

    async def call(self, listener: str = "inbound") -> Caller:
        """Connect to a listener and say EHLO."""
        server = self.daemon.servers[listener]
        reader, writer = await asyncio.open_connection(
            server.listener.host, server.port, limit=2**22
        )
        caller = Caller(reader, writer)
        await caller.reply()
        await caller.say(b"EHLO client.example")
        return caller

    def entries(self) -> Entries:
        """Open the record for reading."""
        return Entries(self.database)

    def registry(self) -> Registry:
        """Open the directory for changes."""
        return Registry(self.database)


@asynccontextmanager
async def running(folder: Path, hop: NextHop, policy: str = "") -> AsyncIterator[Running]:
    """Start the whole gateway in front of this next hop."""
    text = CONFIG.format(state=folder / "state", hop=hop.port, policy=policy)
    config = parse_config(text, folder / "replygate.toml", {})
    daemon = Daemon(config, maillog.configure("logfmt", "error"))
    await daemon.start()
    try:
        yield Running(daemon, config.store_path)
    finally:
        await daemon.stop()
