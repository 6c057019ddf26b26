"""What all tests share: programs that may be missing, and folders of real mail."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from tests.postgres import PostgresServer, postgres_server, programs

PROGRAMS = {
    "postfix": lambda: shutil.which("postfix", path=os.environ.get("PATH", "") + ":/usr/sbin"),
    "miltertest": lambda: shutil.which("miltertest"),
    "chromium": lambda: shutil.which("chromium"),
    "dovecot": lambda: shutil.which("dovecot", path=os.environ.get("PATH", "") + ":/usr/sbin"),
    "slapd": lambda: shutil.which("slapd", path=os.environ.get("PATH", "") + ":/usr/sbin"),
    "postgresql": programs,
    "haproxy": lambda: shutil.which("haproxy", path=os.environ.get("PATH", "") + ":/usr/sbin"),
    "systemd-analyze": lambda: shutil.which("systemd-analyze"),
    "mail": lambda: os.environ.get("REPLYGATE_MAIL"),
}
REQUIRED = frozenset(filter(None, os.environ.get("REPLYGATE_REQUIRED", "").split(",")))


@pytest.fixture(autouse=True)
def own_umask() -> Iterator[None]:
    """The command makes its files readable by the service alone; the next test starts anew."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def need(program: str) -> str:
    """Return where the program is; skip where it is missing, fail where it is required."""
    found = PROGRAMS[program]()
    if found:
        return str(found)
    if program in REQUIRED:
        pytest.fail(f"{program} is required here (REPLYGATE_REQUIRED) and missing")
    pytest.skip(f"{program} is not on this machine")


@pytest.fixture(scope="session")
def postfix() -> str:
    """The path of the postfix command."""
    return need("postfix")


@pytest.fixture(scope="session")
def miltertest() -> str:
    """The path of miltertest."""
    return need("miltertest")


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the browser."""
    return need("chromium")


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL of this run; what it is told need not outlive the machine."""
    with postgres_server(Path(need("postgresql")), fsync="off") as server:
        yield server


@pytest.fixture(scope="session")
def real_mail() -> Path:
    """A folder of real messages, which is no part of the repository."""
    return Path(need("mail"))


@pytest.fixture(autouse=True)
def log_of_its_own() -> Iterator[None]:
    """Let no test write to the log that another one configured."""
    yield
    structlog.reset_defaults()
