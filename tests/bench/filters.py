"""Milters of others, as Debian has them, with the smallest configuration that verifies DKIM."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.ends.tools import ROOT
from tests.trust.signing import RSA_RECORD

SELECTOR, DOMAIN = "s1", "customer.example"
KEY_NAME = f"{SELECTOR}._domainkey.{DOMAIN}"
START_S = 120.0
"""rspamd compiles its patterns first."""
OPENDKIM = """
Mode v
Background no
Syslog no
Socket inet:{port}@127.0.0.1
TestPublicKeys {folder}/keys
PidFile {folder}/pid
"""
RSPAMD = {
    "worker-proxy.inc": 'bind_socket = "127.0.0.1:{port}";\nmilter = yes;\ntimeout = 60s;\n'
    'upstream "local" {{ default = yes; self_scan = yes; }}\n',
    "worker-normal.inc": "enabled = false;\n",
    "worker-controller.inc": "enabled = false;\n",
    "worker-fuzzy.inc": "enabled = false;\n",
    "logging.inc": 'type = "file";\nfilename = "{folder}/log";\nlevel = "error";\n',
    "milter_headers.conf": 'use = ["authentication-results"];\nskip_local = false;\n',
    # The load is on this machine.
    "dkim.conf": "check_local = true;\n",
    # Nobody is asked over the network: what it answers here is what it can do by itself.
    "options.inc": "local_addrs = [];\ndns {{\n  timeout = 1s;\n  fake_records = [{{\n"
    '    name = "{key_name}"; type = txt; replies = ["{record}"];\n  }}];\n}}\n',
    **{
        f"{module}.conf": "enabled = false;\n"
        for module in (
            "arc", "asn", "bimi", "dkim_signing", "dmarc", "fuzzy_check", "greylist", "hfilter",
            "mx_check", "neural", "phishing", "ratelimit", "rbl", "replies", "reputation", "spf",
            "surbl",
        )
    },
}  # fmt: skip
"""Files of local.d; as it comes but for modules that ask others, or keep something in Redis."""


def why_not(program: str) -> str:
    """Return why a milter cannot be measured here; empty when it can."""
    here = program == "nothing" or _where(program)
    return "" if here else "it is not on this machine"


@contextmanager
def nothing(folder: Path, port: int) -> Iterator[int]:
    """Let everything pass at this port, and give the process."""
    del folder
    with _serving((sys.executable, "-m", "tests.bench.ends.nothing", str(port)), port) as process:
        yield process


@contextmanager
def opendkim(folder: Path, port: int) -> Iterator[int]:
    """Serve at this port, and give the process."""
    folder.mkdir()
    (folder / "keys").write_text(f"{KEY_NAME} {RSA_RECORD}\n")
    file = folder / "opendkim.conf"
    file.write_text(OPENDKIM.format(port=port, folder=folder))
    with _serving((_where("opendkim"), "-f", "-x", str(file)), port) as process:
        yield process


@contextmanager
def rspamd(folder: Path, port: int) -> Iterator[int]:
    """Serve at this port, and give the process."""
    (folder / "local.d").mkdir(parents=True)
    words = {"port": port, "folder": folder, "key_name": KEY_NAME, "record": RSA_RECORD}
    for name, text in RSPAMD.items():
        (folder / "local.d" / name).write_text(text.format(**words))
    # It gives root up.
    for place in (folder, folder / "local.d"):
        shutil.chown(place, "_rspamd", "_rspamd")
    places = ("LOCAL_CONFDIR", "DBDIR", "RUNDIR", "LOGDIR")
    told = [f"--var={place}={folder}" for place in places]
    command = (_where("rspamd"), "-f", "-u", "_rspamd", "-g", "_rspamd", *told)
    with _serving(command, port) as process:
        yield process


def has_verified(content: bytes) -> bool:
    """Whether a message says that its signature was found good."""
    head = re.sub(rb"\r\n[ \t]+", b" ", content.partition(b"\r\n\r\n")[0])
    return re.search(rb"(?im)^Authentication-Results:.*dkim=pass", head) is not None


def await_door(port: int, process: subprocess.Popen[bytes] | None = None) -> None:
    """Wait until somebody listens there; a milter says nothing by itself."""
    until = time.monotonic() + START_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError as error:
            if (process and process.poll() is not None) or time.monotonic() > until:
                raise RuntimeError(f"nobody listens at port {port}") from error
            time.sleep(0.05)
        else:
            return


@contextmanager
def _serving(command: tuple[str, ...], port: int) -> Iterator[int]:
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, cwd=ROOT, stdout=quiet, stderr=quiet)
    try:
        await_door(port, process)
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _where(program: str) -> str:
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin") or ""
