"""The two ends of the line that is measured: what sends, and what takes.

Both are C where there is a compiler, so that they cost next to nothing; else asyncio.
"""

from __future__ import annotations

import json
import secrets
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
PATIENCE_S = 120.0


@dataclass(frozen=True)
class Sent:
    """What the load tool says of a run."""

    sent: int
    failed: int
    seconds: float
    p50_ms: float
    p99_ms: float
    octets: int
    sum: int
    """Of all octets sent."""
    spread_ms: tuple[float, ...]
    """At 50, 75, 90, 95, 99 and 99.9 of a hundred."""


@dataclass(frozen=True)
class Taken:
    """What the sink took so far."""

    messages: int
    octets: int
    sum: int

    def since(self, before: Taken) -> Taken:
        """Return what was taken since then."""
        return Taken(
            self.messages - before.messages, self.octets - before.octets, self.sum - before.sum
        )


@dataclass(frozen=True)
class Tools:
    """How the tools are called here."""

    language: str
    load: tuple[str, ...]
    sink: tuple[str, ...]


def tools(folder: Path) -> Tools:
    """Build the tools in a folder, or fall back to those in Python."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        python = (sys.executable, "-m")
        return Tools(
            "asyncio", (*python, "tests.bench.ends.load"), (*python, "tests.bench.ends.sink")
        )
    for name in ("load", "sink"):
        source, built = HERE / f"{name}.c", folder / name
        subprocess.run([compiler, "-O3", "-pthread", "-o", built, source], check=True)
    return Tools("C", (str(folder / "load"),), (str(folder / "sink"),))


def send(tools: Tools, port: int, message: Path, sessions: int, count: int) -> Sent:
    """Send a message so many times, each with an id of its own."""
    done = subprocess.run(
        [*tools.load, str(port), str(message), str(sessions), str(count), secrets.token_hex(4)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    told = json.loads(done.stdout)
    sent = Sent(**{**told, "spread_ms": tuple(told["spread_ms"])})
    if sent.failed:
        raise RuntimeError(f"{sent.failed} of {count} messages were not taken:\n{done.stderr}")
    return sent


class Sink:
    """The end of the line, while it is entered."""

    def __init__(self, tools: Tools) -> None:
        self.tools = tools
        self.port = free_port()
        self.process = subprocess.Popen([*tools.sink, str(self.port)], cwd=ROOT)

    def __enter__(self) -> Self:
        self.line = enter(self.port)
        return self

    def __exit__(self, *_: object) -> None:
        self.line.close()
        self.process.kill()
        self.process.wait()

    def taken(self) -> Taken:
        """Ask what arrived so far."""
        self.line.sendall(b"NOOP\r\n")
        words = self.line.recv(200).split()
        return Taken(int(words[1]), int(words[2]), int(words[3]))

    def await_messages(self, count: int) -> float:
        """Wait until so many messages arrived in all; return the seconds that it took."""
        began = time.monotonic()
        until = began + PATIENCE_S
        while (taken := self.taken().messages) < count:
            if time.monotonic() > until:
                raise RuntimeError(f"{taken} of {count} messages arrived at the sink")
            time.sleep(0.001)
        return time.monotonic() - began


def free_port() -> int:
    """Return a loopback port that nobody uses now."""
    with socket.create_server(("127.0.0.1", 0)) as held:
        return int(held.getsockname()[1])


def enter(port: int) -> socket.socket:
    """Connect to a server that is starting, and wait for its greeting."""
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            line = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
        except ConnectionRefusedError:
            if time.monotonic() > until:
                raise
            time.sleep(0.01)
        else:
            greeting = line.recv(500)
            if not greeting.startswith(b"220"):
                raise RuntimeError(f"port {port} answers {greeting!r}")
            return line
