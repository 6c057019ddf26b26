"""Other mail programs between load and sink, each with the smallest configuration that relays.

Haraka comes from npm: `npm install Haraka haraka-plugin-relay`, with HARAKA naming its `haraka`,
or `haraka` on the PATH. amavisd and Postfix's smtp-sink come from Debian.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from tests.bench.contestants import Contestant
from tests.bench.ends.tools import enter, free_port
from tests.bench.goals import AMAVIS, HARAKA, SMTP_SINK

Peer = tuple[str, str, Callable[[], AbstractContextManager[Contestant]]]
"""Its name, why it cannot be measured here, and how it is started."""
HARAKA_FILES: Mapping[str, str] = {
    "smtp.ini": "listen=127.0.0.1:{port}\nnodes=0\n",
    "plugins": "relay\nqueue/smtp_forward\n",
    "relay.ini": "[relay]\nacl=true\n",
    "relay_acl_allow": "127.0.0.0/8\n",
    # Without enable_outbound it would queue to disk, and look fast.
    "smtp_forward.ini": "host=127.0.0.1\nport={sink}\nenable_tls=false\nenable_outbound=true\n",
    "connection.ini": "[max]\nbytes=100000000\nmime_parts=1000\nline_length=512\n"
    "data_line_length=992\n[headers]\nmax_lines=1000\nmax_received=100\n[message]\n"
    "helo=at your service\nclose=good day\n[uuid]\nbanner_chars=6\ndeny_chars=0\n",
    "loglevel": "LOGERROR\n",
    "me": "mx.corp.example\n",
}
AMAVIS_CONFIG = """
use strict;
$max_servers = 4;
$daemon_user = $daemon_group = 'amavis';
$mydomain = 'corp.example';
$myhostname = 'mx.corp.example';
$MYHOME = '{home}';
$TEMPBASE = "$MYHOME/tmp";
$db_home = "$MYHOME/db";
$helpers_home = "$MYHOME/var";
$pid_file = "$MYHOME/var/pid";
$lock_file = "$MYHOME/var/lock";
$logfile = "$MYHOME/log";
$log_level = 0;
$do_syslog = 0;
$enable_db = $enable_zmq = 0;
$unix_socketname = undef;
$inet_socket_bind = '127.0.0.1';
$inet_socket_port = {port};
@inet_acl = @mynetworks = qw(127.0.0.0/8);
@local_domains_maps = (1);
@bypass_virus_checks_maps = @bypass_spam_checks_maps = (1);
@bypass_header_checks_maps = @bypass_banned_checks_maps = (1);
$forward_method = $notify_method = 'smtp:[127.0.0.1]:{sink}';
$smtpd_message_size_limit = 100000000;
1;
"""
"""MIME only: neither viruses nor spam are looked for."""


def peers(sink: int, folder: Path) -> tuple[Peer, ...]:
    """Return all of them."""
    return (
        (HARAKA, why_no_haraka(), lambda: haraka(sink, folder / "haraka")),
        (AMAVIS, why_no_amavis(), lambda: amavis(sink, folder / "amavis")),
        (SMTP_SINK, _why_not("smtp-sink"), lambda: smtp_sink(folder)),
    )


def why_no_haraka() -> str:
    """Return why Haraka cannot be measured here; empty when it can."""
    return "" if _haraka() else "there is none; HARAKA can name its program"


def why_no_amavis() -> str:
    """Return why amavisd cannot be measured here; empty when it can."""
    return _why_not("amavisd") or ("" if os.geteuid() == 0 else "only root can start it")


@contextmanager
def haraka(sink: int, folder: Path) -> Iterator[Contestant]:
    """Forward by queue/smtp_forward, in one process."""
    port = free_port()
    config = folder / "config"
    config.mkdir(parents=True)
    for name, text in HARAKA_FILES.items():
        (config / name).write_text(text.format(port=port, sink=sink))
    with _running([_haraka(), "-c", str(folder)], folder) as process:
        enter(port).close()
        yield Contestant(HARAKA, port, process.pid, exact=False, pace=0.5)


@contextmanager
def amavis(sink: int, folder: Path) -> Iterator[Contestant]:
    """Scan and pass on, by four processes."""
    port, home = free_port(), folder / "home"
    for name in ("tmp", "db", "var"):
        (home / name).mkdir(parents=True)
    # It refuses a configuration that it could change itself.
    config = folder / "amavisd.conf"
    config.write_text(AMAVIS_CONFIG.format(home=home, port=port, sink=sink))
    subprocess.run(["chown", "-R", "amavis:amavis", home], check=True)
    with _running([_where("amavisd"), "-c", str(config), "foreground"], folder) as process:
        enter(port).close()
        # What comes in while all four are busy waits; more than four sessions gain nothing.
        yield Contestant(AMAVIS, port, process.pid, exact=False, pace=0.15)


@contextmanager
def smtp_sink(folder: Path) -> Iterator[Contestant]:
    """Postfix's smtp-sink, which takes everything and keeps nothing."""
    port = free_port()
    # Root must say as whom.
    user = ["-u", "postfix"] if os.geteuid() == 0 else []
    command = [_where("smtp-sink"), *user, f"127.0.0.1:{port}", "1000"]
    with _running(command, folder) as process:
        enter(port).close()
        yield Contestant(SMTP_SINK, port, process.pid, exact=False, delivers=False)


@contextmanager
def _running(command: list[str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / "peer.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _haraka() -> str:
    return os.environ.get("HARAKA") or shutil.which("haraka") or ""


def _where(program: str) -> str:
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin") or ""


def _why_not(program: str) -> str:
    return "" if _where(program) else "there is none on this machine"
