"""A Postfix of its own: private folders, loopback ports, gone when the test is."""

from __future__ import annotations

import os
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

SNIPPETS = Path(__file__).resolve().parents[3] / "conf" / "postfix"
LIFE_S = 900
"""Master ends by itself after this time, whatever became of the tests."""
START_S = 30.0
PRIVATE = 0o700
QUEUES = {
    **dict.fromkeys(("active", "bounce", "corrupt", "defer", "deferred", "flush"), PRIVATE),
    **dict.fromkeys(("hold", "incoming", "private", "saved", "trace"), PRIVATE),
    "maildrop": 0o730,
    "public": 0o710,
}
"""The folders of the queue with their modes, as Postfix's postfix-files has them."""

MAIN = """
compatibility_level = 3.6
config_directory = {folder}/etc
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/mail.log
maillog_file_prefixes = {folder}
myhostname = mx.corp.example
mydestination =
alias_maps =
alias_database =
inet_interfaces = loopback-only
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
relayhost = [127.0.0.1]:{last_hop}
biff = no
smtp_line_length_limit = 0
maximal_queue_lifetime = 1h
bounce_queue_lifetime = 1h
"""
MASTER = """
127.0.0.1:{smtp} inet n - n - - smtpd
127.0.0.1:{submission} inet n - n - - smtpd
    -o syslog_name=postfix/submission
pickup unix n - n 1 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
local unix - n n - - local
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


def _command_line(pid: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


@dataclass(frozen=True)
class Ports:
    """The doors, each in place of the one that the snippets name."""

    smtp: int
    """In place of 25."""
    submission: int
    """In place of 587."""
    inbound: int
    """In place of 10025, the gateway's."""
    outbound: int
    """In place of 10027, the gateway's."""
    back: int
    """In place of 10026."""

    def within(self, text: str) -> str:
        """Return a snippet or a command with the ports of this test."""
        for fixed, port in ((10025, self.inbound), (10027, self.outbound), (10026, self.back)):
            text = re.sub(rf"\b{fixed}\b", str(port), text)
        for service, port in (("smtp", self.smtp), ("submission", self.submission)):
            text = re.sub(rf"\b{service}/inet\b", f"127.0.0.1:{port}/inet", text)
        return text


class Postfix:
    """A running Postfix while it is entered."""

    def __init__(self, ports: Ports, last_hop: int) -> None:
        self.ports = ports
        self.last_hop = last_hop
        self.folder = Path(tempfile.mkdtemp(prefix="replygate-postfix-"))
        # The daemons give up root before they come back to their folders.
        self.folder.chmod(0o755)
        self.etc = self.folder / "etc"
        self.snippets = self.folder / "snippets"
        self.master: subprocess.Popen[bytes] | None = None
        self._write()

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    @property
    def log(self) -> str:
        """What Postfix logged so far."""
        path = self.folder / "mail.log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def run(self, command: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run a line of shell, as an admin would, against this Postfix."""
        replaced = self._daemons() if "postfix reload" in command else set[str]()
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
            env=os.environ
            | {"MAIL_CONFIG": str(self.etc), "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"},
            cwd=cwd or self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}{self.log}"
        # Nobody may come upon a daemon that still has the old configuration.
        until = time.monotonic() + START_S
        while replaced & self._daemons() and time.monotonic() < until:
            select.select([], [], [], 0.005)
        return done

    def logged(self, pattern: str) -> re.Match[str]:
        """Wait for a line of the log and return what fits."""
        until = time.monotonic() + START_S
        while (found := re.search(pattern, self.log, re.MULTILINE)) is None:
            assert time.monotonic() < until, f"no {pattern!r} in:\n{self.log}"
            select.select([], [], [], 0.02)
        return found

    def _daemons(self) -> set[str]:
        """Return the process ids of what master started, but for the way back.

        There the gateway keeps connections, and each has its process and its old configuration.
        """
        if self.master is None:
            return set()
        pid = self.master.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        back = f"127.0.0.1:{self.ports.back}".encode()
        return {child for child in children if back not in _command_line(child)}

    def _write(self) -> None:
        """Write the configuration, and a copy of the snippets with the ports of this test."""
        for name in ("etc", "queue", "data"):
            (self.folder / name).mkdir()
        words = {"folder": self.folder, "last_hop": self.last_hop}
        (self.etc / "main.cf").write_text(MAIN.format(**words))
        doors = {"smtp": self.ports.smtp, "submission": self.ports.submission}
        (self.etc / "master.cf").write_text(MASTER.format(**doors))
        # Postfix waits a second or two before it believes a file that was written just now.
        os.utime(self.etc / "main.cf", (0, 0))
        shutil.copytree(SNIPPETS, self.snippets)
        for file in self.snippets.rglob("*.*"):
            file.write_text(self.ports.within(file.read_text()))

    def _start(self) -> None:
        self._make_queue()
        daemons = self.run("postconf -h daemon_directory").stdout.strip()
        self.master = subprocess.Popen(
            [f"{daemons}/master", "-c", str(self.etc), "-s", "-e", str(LIFE_S)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.logged(r"daemon started")
        for port in (self.ports.smtp, self.ports.submission):
            with socket.create_connection(("127.0.0.1", port), START_S) as door:
                assert door.recv(100).startswith(b"220")

    def _make_queue(self) -> None:
        """Make the folders of the queue; `postfix check` does the same in two seconds."""
        queue = self.folder / "queue"
        (queue / "pid").mkdir()
        for name, mode in QUEUES.items():
            (queue / name).mkdir()
            (queue / name).chmod(mode)
            shutil.chown(queue / name, "postfix", "postdrop" if mode != PRIVATE else None)
        shutil.chown(self.folder / "data", "postfix")

    def _end(self) -> None:
        if self.master is not None:
            self.master.terminate()
            try:
                self.master.wait(20)
            finally:
                # Its own session: nobody else is in the group, which is gone as a rule.
                with suppress(ProcessLookupError):
                    os.killpg(self.master.pid, signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)
