"""Who is measured: nobody between load and sink, a stock relay, the gateway, Postfix."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pysqlite3

from gateway.demo.stage import ENTRY_POINT
from tests.bench.ends.tools import ROOT, enter, free_port
from tests.bench.figures import OURS
from tests.flows.postfix.instance import Ports, Postfix
from tests.flows.postfix.ports import reserved

CONFIG = """
[gateway]
hostname = "gateway.corp.example"
state = {state}
domains = ["corp.example"]

[next_hop]
address = "127.0.0.1:{next_hop}"

[[listener]]
name = "inbound"
address = "127.0.0.1:{port}"
direction = "inbound"

[policy]
preset = "gateway"
"""
FACTS = (
    ("user", "add", "anna@corp.example", "--name", "Anna Arai"),
    ("mailbox", "add", "anna@corp.example", "--user", "anna@corp.example", "--provider", "google"),
    ("contact", "add", "joe@customer.example", "--name", "Joe"),
)


@dataclass(frozen=True)
class Contestant:
    """One way from the load to the sink."""

    name: str
    port: int
    process: int | None
    """The process that is watched, with all below it; None when there is none."""
    exact: bool = True
    """Every octet arrives as it was sent; Postfix adds a Received field."""
    logged: Callable[[], int] | None = None
    """How many messages are on its timeline, durable; None when it keeps no record."""
    pace: float = 1.0
    """The share of the messages that it is sent: a slow one gets fewer."""
    delivers: bool = True
    """What it takes reaches the sink."""
    only: str = ""
    """The one plan that it is there for; empty is all."""


@contextmanager
def direct(sink: int) -> Iterator[Contestant]:
    """Nobody: what the tools can do."""
    yield Contestant("direct", sink, None)


@contextmanager
def stock(sink: int) -> Iterator[Contestant]:
    """A relay of aiosmtpd and aiosmtplib that parses and stores nothing."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.stock_relay", str(sink)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield Contestant("aiosmtpd+aiosmtplib", int(process.stdout.readline()), process.pid)
    finally:
        process.kill()
        process.communicate()


@contextmanager
def gateway(
    sink: int, folder: Path, workers: int = 1, *, name: str = OURS, only: str = "", after: int = 0
) -> Iterator[Contestant]:
    """The gateway with everything on: every message is read, judged, logged and kept.

    What it logs is counted after this entry.
    """
    port = free_port()
    state = json.dumps(str(folder / "state"))
    config = CONFIG.format(state=state, next_hop=sink, port=port)
    if workers > 1:
        config = config.replace("[gateway]\n", f"[gateway]\nworkers = {workers}\n")
        name = f"replygate, {workers} workers"
    with serving(folder, config, after) as (pid, logged):
        enter(port).close()
        yield Contestant(name, port, pid, logged=logged, only=only)


@contextmanager
def serving(folder: Path, text: str, after: int = 0) -> Iterator[tuple[int, Callable[[], int]]]:
    """Serve with this configuration; give the process, and how much is logged."""
    config = folder / "replygate.toml"
    config.write_text(text)
    for words in FACTS:
        subprocess.run(_command(config, *words), cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    with (folder / "gateway.log").open("wb") as log:
        process = subprocess.Popen(_command(config, "serve"), cwd=ROOT, stdout=log, stderr=log)
    try:
        store = folder / "state" / "replygate.db"
        yield process.pid, lambda: _logged(store, after)
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def postfix(sink: int) -> Iterator[Contestant]:
    """Postfix as a plain relay, of its own folders; until delivered, for it has a queue."""
    with ExitStack() as open_:
        ports = Ports(*open_.enter_context(reserved(5)))
        running = open_.enter_context(Postfix(ports, sink))
        running.run("postconf -e message_size_limit=100000000 && postfix reload")
        assert running.master is not None
        yield Contestant("Postfix", ports.smtp, running.master.pid, exact=False)


def why_no_postfix() -> str:
    """Return why Postfix cannot be measured here; empty when it can."""
    if shutil.which("postfix", path=f"{os.environ.get('PATH', '')}:/usr/sbin") is None:
        return "there is none on this machine"
    return "" if os.geteuid() == 0 else "only root can start one"


def _command(config: Path, *words: str) -> list[str]:
    return [sys.executable, "-c", ENTRY_POINT, *words, "--config", str(config)]


def _logged(store: Path, after: int) -> int:
    """Return how many messages the record holds as logged."""
    with pysqlite3.connect(f"file:{store}?mode=ro", uri=True) as read:
        counted = "SELECT count(*) FROM entries WHERE entry > ? AND outcome = 'logged'"
        row = read.execute(counted, (after,)).fetchone()
    read.close()
    return int(row[0])
