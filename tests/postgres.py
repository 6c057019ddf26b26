"""A real PostgreSQL for tests: Debian's programs, an unprivileged user, a folder that goes.

One test at a time has the database for itself, and finds it empty.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from gateway.model.place import ServedPath
from gateway.store.postgres import pools
from gateway.store.registry import Registry
from gateway.store.tables import tables
from tests.torture.gate import free_port

BINARIES = Path("/usr/lib/postgresql")
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "300",
    "log_min_messages": "fatal",
    "shared_buffers": "128MB",
}


def programs() -> Path | None:
    """Return the folder of the newest PostgreSQL's programs, or None."""
    found = sorted(BINARIES.glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


@dataclass
class PostgresServer:
    """A server that runs."""

    folder: Path
    port: int
    binaries: Path
    settings: dict[str, str]
    _made: set[str] = field(default_factory=set)
    _process: subprocess.Popen[bytes] | None = None

    def url(self, database: str) -> str:
        """Return the address of a database."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    @property
    def pid(self) -> int:
        """Its process, which all others are below."""
        return int((self.folder / "data/postmaster.pid").read_text().split()[0])

    def start(self) -> None:
        """Start it and wait until it answers."""
        settings = [f"-c{name}={value}" for name, value in self.settings.items()]
        command = [
            str(self.binaries / "postgres"), "-D", str(self.folder / "data"),
            f"-p{self.port}", f"-k{self.folder}", *settings,
        ]  # fmt: skip
        self._process = subprocess.Popen(
            unprivileged(command), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        ready = [str(self.binaries / "pg_isready"), "-h127.0.0.1", f"-p{self.port}", "-q"]
        while subprocess.run(ready, check=False).returncode:
            assert self._process.poll() is None, "PostgreSQL ended at once"

    def stop(self) -> None:
        """End it at once: what was committed is there when it starts again."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGQUIT)
        self._process.wait()
        self._process = None

    def ask(self, sql: str) -> list[tuple[object, ...]]:
        """Run a statement as the owner of all."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            cursor = connection.execute(sql.encode())
            return cursor.fetchall() if cursor.description else []

    def run(self, program: str, *words: str) -> None:
        """Run one of PostgreSQL's programs against this server."""
        place = ["-h127.0.0.1", f"-p{self.port}", "-Upostgres"]
        subprocess.run([str(self.binaries / program), *place, *words], check=True)

    def database(self, name: str = "store") -> str:
        """Return the address of a database with our tables, which nobody else uses and are empty.

        Asked again it is emptied: to make and to remove one costs half a second.
        """
        if name not in self._made:
            self.ask(f"CREATE DATABASE {name} TEMPLATE template0")
            with Registry(ServedPath.at(self.folder / name, self.url(name))):
                self._made.add(name)
            pools.close()
            return self.url(name)
        with psycopg.connect(self.url(name), autocommit=True) as connection:
            others = ", ".join(sorted({*tables(), "nodes", "underway"} - {"settings"}))
            connection.execute(f"TRUNCATE {others} RESTART IDENTITY".encode())
            connection.execute("DELETE FROM settings WHERE name NOT IN ('key')")
            connection.execute("INSERT INTO settings VALUES ('directory_version', '1')")
        return self.url(name)

    def empty(self, name: str) -> str:
        """Make a database without any table; return its address."""
        self.ask(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        self.ask(f"CREATE DATABASE {name} TEMPLATE template0")
        return self.url(name)


@contextmanager
def postgres_server(binaries: Path, **settings: str) -> Iterator[PostgresServer]:
    """Run a server in a folder of its own."""
    folder = Path(tempfile.mkdtemp(prefix="replygate-postgres-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    server = PostgresServer(folder, free_port(), binaries, _SETTINGS | settings)
    initdb = [
        str(binaries / "initdb"), "-D", str(folder / "data"), "-Upostgres", "--auth=trust",
        "--locale=C", "--encoding=UTF8", "--no-sync",
    ]  # fmt: skip
    subprocess.run(unprivileged(initdb), check=True, stdout=subprocess.DEVNULL)
    try:
        server.start()
        yield server
    finally:
        pools.close()
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def unprivileged(command: list[str]) -> list[str]:
    """Return the command as somebody whom PostgreSQL serves: it does not run as root."""
    if os.geteuid() != 0:
        return command
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *command]
