"""Starts the gateway over and over: a process that has imported it and forks at each start.

What runs in the fork is `replygate serve`, whole; only the second that its imports take is saved.
One start is a line of JSON on stdin, and the answer is a line with its process id.

A start may be told to die at the nth time that it opens, names, renames or removes a file of its
state folder: SIGKILL from within, by an audit hook, at exactly that moment.
"""

from __future__ import annotations

import ctypes
import faulthandler
import json
import os
import resource
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gateway.daemon
import gateway.store.postgres.store
import gateway.store.sqlite  # noqa: F401 - imported before the fork
from gateway.cli.main import main

PR_SET_PDEATHSIG = 1
"""See prctl(2)."""
FILE_EVENTS = frozenset({"open", "os.rename", "os.remove", "os.link", "os.truncate", "os.mkdir"})


def die_at(count: int, folder: str) -> None:
    """End this process at the nth such event within a folder."""
    left = count

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal left
        if event in FILE_EVENTS and str(arguments[0]).startswith(folder):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


def serve(asked: Mapping[str, Any]) -> None:
    """Be the gateway, in a process group of its own; never returns.

    It ends with us, however we end: one that outlives its run looks into the spool at the same
    place, and once decided the letters of a later run in a record that was long deleted.
    """
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    os.setpgid(0, 0)
    log = os.open(asked.get("log_to", asked["log"]), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for number in (1, 2):
        os.dup2(log, number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    faulthandler.register(signal.SIGUSR1, file=2)
    os.environ.update(asked.get("environ", {}) | asked.get("extra", {}))
    for name, limit in asked.get("limits", {}).items():
        kind = getattr(resource, name)
        resource.setrlimit(kind, (limit, resource.getrlimit(kind)[1]))
    if asked.get("die_at"):
        die_at(asked["die_at"], str(asked["state"]))
    code: object = 1
    try:
        main(["serve", "--config", asked["config"]], prog_name="replygate")
    except SystemExit as ended:
        code = ended.code
    finally:
        sys.stderr.flush()
        Path(asked["log"]).with_suffix(f".{os.getpid()}.code").write_text(str(code))
        os._exit(0)


def loop() -> None:
    """Fork once for each line."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        asked = json.loads(line)
        pid = os.fork()
        if pid == 0:
            serve(asked)
        print(pid, flush=True)


if __name__ == "__main__":
    loop()
