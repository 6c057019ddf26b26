"""One run of the gateway for the story: its folder, its process, and who speaks to it."""

from __future__ import annotations

import json
import os
import shlex
import smtplib
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from gateway.demo.letters import Letter, address_of, octets
from gateway.demo.ports import free_ports

PATIENCE_S = 30.0
ENTRY_POINT = "from gateway.cli.main import main; main()"
CONFIG = """\
# Made by `replygate demo`. Every key is explained in conf/replygate.toml.
[gateway]
hostname = "gateway.corp.example"
state = {state}
domains = ["corp.example"]

[next_hop]
address = "127.0.0.1:{next_hop}"

[[listener]]
name = "inbound"
address = "127.0.0.1:{inbound}"
direction = "inbound"

[[listener]]
name = "submission"
address = "127.0.0.1:{submission}"
direction = "submission"

# Copies that an MTA makes of all mail; nothing that comes by it goes onward.
[[listener]]
name = "copies"
address = "127.0.0.1:{copies}"
direction = "submission"
copies_only = true

[addresses]
logging = ["log@gateway.corp.example"]
journal = ["journal@gateway.corp.example"]

[policy]
preset = "{preset}"
folder_field = "X-Mailbox-Folder"
"""


class StoryError(Exception):
    """The story went otherwise than it is written."""


@dataclass
class Stage:
    """A gateway under one preset, with its own store."""

    folder: Path
    preset: str
    next_hop: int
    """The port of the next hop."""
    ports: dict[str, int] = field(default_factory=dict)
    """Of each listener."""
    process: subprocess.Popen[bytes] | None = None
    written: dict[str, bytes] = field(default_factory=dict)
    """The octets of letters that others may enclose."""
    written_at: dict[str, datetime] = field(default_factory=dict)
    """When each letter was written, by its name."""

    @property
    def config(self) -> Path:
        """The configuration file."""
        return self.folder / "replygate.toml"

    def start(self) -> None:
        """Start the real gateway and wait until it takes mail."""
        self.folder.mkdir(parents=True)
        listeners = ("inbound", "submission", "copies")
        self.ports = dict(zip(listeners, free_ports(len(listeners)), strict=True))
        state = json.dumps(str(self.folder / "state"))
        text = CONFIG.format(state=state, next_hop=self.next_hop, preset=self.preset, **self.ports)
        self.config.write_text(text, encoding="utf-8")
        with (self.folder / "gateway.log").open("wb") as log:
            self.process = subprocess.Popen(
                self._command("serve"), stdout=log, stderr=log, env=self._environment
            )
        for port in self.ports.values():
            self._await(port)

    def stop(self) -> None:
        """Stop it as systemd would."""
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def send(self, letter: Letter) -> str:
        """Send a letter over SMTP; return the last line of the reply to its final dot."""
        enclosed = self.written.get(letter.encloses, b"")
        self.written_at[letter.name] = self.written_at.get(letter.again, datetime.now(UTC))
        content = octets(letter, self.written_at[letter.name], enclosed)
        if letter.file is None:
            self.written[letter.name] = content
        with smtplib.SMTP("127.0.0.1", self.ports[letter.listener], timeout=PATIENCE_S) as client:
            client.ehlo("story.example")
            client.mail(address_of(letter.sender))
            for recipient in letter.recipients:
                code, said = client.rcpt(recipient)
                if code // 100 != 2:
                    raise StoryError(f"{recipient} was refused: {code} {said.decode()}")
            code, said = client.data(content)
        if code // 100 != 2:
            raise StoryError(f"{letter.name} was refused: {code} {said.decode()}")
        return said.decode()

    def run(self, command: str) -> str:
        """Run a `replygate` command; return what it printed."""
        done = subprocess.run(
            self._command(*shlex.split(command)),
            capture_output=True,
            text=True,
            check=False,
            env=self._environment,
        )
        if done.returncode != 0:
            raise StoryError(f"replygate {command}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    def _command(self, *words: str) -> list[str]:
        return [sys.executable, "-c", ENTRY_POINT, *words]

    @property
    def _environment(self) -> dict[str, str]:
        return {**os.environ, "REPLYGATE_CONFIG": str(self.config)}

    def _await(self, port: int) -> None:
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            if self.process is not None and self.process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        log = (self.folder / "gateway.log").read_text(encoding="utf-8", errors="replace")
        raise StoryError(f"The gateway did not start. Its log says:\n{log[-2000:]}")
