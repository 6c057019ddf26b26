"""The real gateway as a process of its own, and its command."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from gateway.demo.stage import ENTRY_POINT

ROOT = Path(__file__).resolve().parents[3]
PATIENCE_S = 30.0
CONFIG = """
[gateway]
hostname = "gateway.corp.example"
state = {state}
domains = ["corp.example"]
log_format = "json"

[next_hop]
address = "127.0.0.1:{next_hop}"

[[listener]]
name = "inbound"
address = "127.0.0.1:{inbound}"
direction = "inbound"
say_decision = {say_decision}

[[listener]]
name = "submission"
address = "127.0.0.1:{outbound}"
direction = "submission"
say_decision = {say_decision}

[addresses]
logging = ["log@gateway.corp.example"]

[policy]
preset = "gateway"
"""


class Replygate:
    """A gateway that serves while it is entered; can be stopped and started in between."""

    def __init__(
        self, folder: Path, next_hop: int, inbound: int, outbound: int, *, say_decision: bool
    ) -> None:
        self.folder = folder
        self.config = folder / "replygate.toml"
        self.config.write_text(
            CONFIG.format(
                state=json.dumps(str(folder / "state")),
                next_hop=next_hop,
                inbound=inbound,
                outbound=outbound,
                say_decision=json.dumps(say_decision),
            )
        )
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def log(self) -> str:
        """What it wrote so far."""
        path = self.folder / "gateway.log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def start(self) -> None:
        """Serve, and wait until it tells its service manager that it is ready."""
        door = self.folder / "notify"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notified:
            notified.bind(str(door))
            notified.settimeout(PATIENCE_S)
            with (self.folder / "gateway.log").open("ab") as log:
                self.process = subprocess.Popen(
                    self._command("serve"),
                    env=self._environment({"NOTIFY_SOCKET": str(door)}),
                    cwd=ROOT,
                    stdout=log,
                    stderr=log,
                )
            try:
                while b"READY=1" not in notified.recv(4096):
                    pass
            except TimeoutError:
                self.stop()
                raise AssertionError(f"the gateway did not start:\n{self.log}") from None
            finally:
                door.unlink()

    def stop(self, sign: signal.Signals = signal.SIGTERM) -> None:
        """Stop it and wait for its end."""
        if self.process is None:
            return
        process, self.process = self.process, None
        process.send_signal(sign)
        try:
            process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def run(self, *words: str) -> str:
        """Run a command of it and return what it printed."""
        done = subprocess.run(
            self._command(*words),
            env=self._environment({}),
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_S,
        )
        assert done.returncode == 0, f"replygate {words}: {done.stderr}{done.stdout}"
        return done.stdout

    def decisions(self, message_id: str) -> list[Mapping[str, Any]]:
        """Return what was decided of a message."""
        lines = self.run("decisions", "--json").splitlines()
        return [d for d in map(json.loads, lines) if message_id in str(d["message_id"])]

    def _command(self, *words: str) -> list[str]:
        return [sys.executable, "-c", ENTRY_POINT, *words, "--config", str(self.config)]

    def _environment(self, more: Mapping[str, str]) -> dict[str, str]:
        return {**os.environ, **more}
