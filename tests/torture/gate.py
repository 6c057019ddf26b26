"""A gateway in a process of its own, that can be started, killed and started again."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gateway.store.registry import Registry
from tests.intake.door import Caller

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60.0
CONFIG = """
[gateway]
hostname = "gw.corp.example"
state = "{state}"
domains = ["corp.example"]
workers = {workers}
[next_hop]
address = "127.0.0.1:{hop}"
command_timeout_s = {hop_s}
data_timeout_s = {hop_s}
greeting_timeout_s = {hop_s}
final_timeout_s = {hop_s}
[[listener]]
name = "inbound"
address = "127.0.0.1:{inbound}"
direction = "inbound"
[[listener]]
name = "submission"
address = "127.0.0.1:{submission}"
direction = "submission"
[addresses]
logging = ["log@gate.example"]
"""


def free_port() -> int:
    """Return a free port of the loopback, below those that outgoing calls are given.

    A call to one of those while nobody listens there may be answered by itself.
    """
    while True:
        port = random.randrange(12_000, 32_000)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


class Zygote:
    """The process that forks gateways."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def fork(self, asked: Mapping[str, Any]) -> int:
        """Start a gateway and return its process id."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin
        assert stdout
        stdin.write(json.dumps(asked).encode() + b"\n")
        return int(await stdout.readline())


@asynccontextmanager
async def zygote(environ: Mapping[str, str] | None = None) -> AsyncIterator[Zygote]:
    """Start the process that forks gateways, with this in its environment."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.torture.zygote",
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, **(environ or {})},
    )
    try:
        yield Zygote(process)
    finally:
        assert process.stdin
        process.stdin.close()
        await process.wait()


@dataclass
class Gate:
    """One gateway with its folder; `ready` is set while it takes mail."""

    zygote: Zygote
    folder: Path
    hop_port: int
    hop_s: float = 20.0
    more: str = ""
    """Appended to its configuration."""
    workers: int = 1
    state_at: Path | None = None
    """Its state folder, where that is on a disk of its own."""
    ports: dict[str, int] = field(default_factory=dict)
    pid: int = 0
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    starts: int = 0
    forked: asyncio.Event = field(default_factory=asyncio.Event)
    _handle: int = -1

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.ports = {name: free_port() for name in ("inbound", "submission")}
        self.configure()

    @property
    def state(self) -> Path:
        """Its state folder."""
        return self.state_at or self.folder / "state"

    @property
    def database(self) -> Path:
        """Its record."""
        return self.state / "replygate.db"

    @property
    def log(self) -> Path:
        """What it says."""
        return self.folder / "log"

    @property
    def config(self) -> Path:
        """Its configuration."""
        return self.folder / "replygate.toml"

    def configure(self, text: str | None = None) -> None:
        """Write its configuration."""
        usual = CONFIG.format(
            state=self.state,
            hop=self.hop_port,
            hop_s=self.hop_s,
            workers=self.workers,
            **self.ports,
        )
        self.config.write_text((usual + self.more) if text is None else text)

    def furnish(self) -> None:
        """Make the record: one user, one contact."""
        self.state.mkdir(mode=0o700, exist_ok=True)
        with Registry(self.database) as registry:
            registry.add_user("anna@corp.example", "Anna Arai")
            registry.add_mailbox("anna@corp.example", "anna@corp.example", "google")
            registry.connect("anna@corp.example")
            registry.add_contact("carol@customer.example", "Carol Cruz", "")

    async def start(self, **asked: Any) -> None:
        """Start it; returns when it takes mail, or has ended without that."""
        self.starts += 1
        self.ended.clear()
        self.forked.clear()
        path = self.folder / "notify"
        path.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as channel:
            channel.bind(str(path))
            self.pid = await self.zygote.fork(
                {
                    "config": str(self.config),
                    "log": str(self.log),
                    "state": str(self.state),
                    "environ": {"NOTIFY_SOCKET": str(path)},
                    **asked,
                }
            )
            self._watch()
            self.forked.set()
            await self._told(channel)

    async def kill(self) -> None:
        """SIGKILL to all of it, and wait until it is gone."""
        self.strike()
        await self.gone()

    def strike(self) -> None:
        """SIGKILL to all of it at once."""
        if self._handle >= 0:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)

    def strike_some(self, rng: random.Random) -> None:
        """SIGKILL to all of it, to its parent alone, or to one of its workers."""
        crew = self.crew if self.workers > 1 else []
        if not crew or self._handle < 0 or rng.random() < 0.4:
            self.strike()
        elif rng.random() < 0.2:
            self.send(signal.SIGKILL)
        else:
            with suppress(ProcessLookupError):
                os.kill(rng.choice(crew), signal.SIGKILL)

    @property
    def crew(self) -> list[int]:
        """The process ids of its workers, oldest first."""
        path = Path(f"/proc/{self.pid}/task/{self.pid}/children")
        with suppress(FileNotFoundError, ProcessLookupError):
            return [int(pid) for pid in path.read_text().split()]
        return []

    async def stop(self) -> None:
        """SIGTERM, and wait until it has finished."""
        self.send(signal.SIGTERM)
        await self.gone()

    def send(self, number: signal.Signals) -> None:
        """Send it a signal, unless it is gone already: its number may be another's by now."""
        if self._handle >= 0:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, number)

    async def gone(self) -> None:
        """Wait until it has ended."""
        async with asyncio.timeout(PATIENCE_S):
            await self.ended.wait()

    @property
    def exit_code(self) -> str:
        """How the last process ended by itself; empty when it was killed."""
        code = self.log.with_suffix(f".{self.pid}.code")
        return code.read_text() if code.exists() else ""

    async def call(self, listener: str = "inbound") -> Caller:
        """Connect, and say EHLO. Raises ConnectionError."""
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", self.ports[listener], limit=2**22
        )
        caller = Caller(reader, writer)
        greeted = False
        try:
            greeted = await self._greeted(caller)
        finally:
            if not greeted:
                writer.close()
        if not greeted:
            raise ConnectionResetError
        await caller.say(b"EHLO client.example")
        return caller

    async def _greeted(self, caller: Caller) -> bool:
        """Wait for the greeting, or until the gateway has ended; raises ConnectionError.

        Now and then Linux drops the third packet of a handshake (PAWSOldAck, a port that was in
        TIME_WAIT), and when the listener is killed before SYN-ACK is sent again, nobody tells the
        client: one of 500,000 calls to a plain listener that was killed 60,000 times.
        """
        greeting = asyncio.ensure_future(caller.reply())
        ended = asyncio.ensure_future(self.ended.wait())
        try:
            await asyncio.wait({greeting, ended}, return_when=asyncio.FIRST_COMPLETED)
            return bool(greeting.done() and greeting.result())
        finally:
            for waiting in (greeting, ended):
                waiting.cancel()
            await asyncio.gather(greeting, ended, return_exceptions=True)

    def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            self._handle = os.pidfd_open(self.pid)
        except ProcessLookupError:
            self.ended.set()
            return

        def over() -> None:
            loop.remove_reader(self._handle)
            os.close(self._handle)
            self._handle = -1
            self.ready.clear()
            self.ended.set()

        loop.add_reader(self._handle, over)

    async def _told(self, channel: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        ended = asyncio.ensure_future(self.ended.wait())
        told = asyncio.ensure_future(loop.sock_recv(channel, 4096))
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.wait({ended, told}, return_when=asyncio.FIRST_COMPLETED)
        if told.done() and not self.ended.is_set():
            self.ready.set()
        for waiting in (ended, told):
            waiting.cancel()
        await asyncio.gather(ended, told, return_exceptions=True)
