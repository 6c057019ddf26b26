"""What `doctor` looks at on the gateway's own side: files, store, spool, next hops."""

from __future__ import annotations

import shutil
import socket
import stat
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import metadata
from pathlib import Path

from gateway.config.settings import Config, NextHop
from gateway.interfaces import UNREADABLE, StoreBusyError
from gateway.model.place import ServedPath
from gateway.service.clock import FILE, last_look
from gateway.store import database
from gateway.store.registry import Registry
from gateway.store.spool import unreadable

ROOM_OCTETS = 1_000_000_000
LARGE_DATABASE = 2_000_000_000
"""Larger ones are not read whole: that would take minutes."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    check: str
    well: bool
    found: str
    remedy: str = ""
    """What to do; empty when all is well."""


def look_at_ourselves(config: Config) -> Iterator[Finding]:
    """Look at all of it."""
    yield Finding("configuration", True, str(config.file))
    yield from look_at_files(config)
    if config.gateway.state.is_dir():
        yield from look_at_store(config)
    yield from look_at_versions()
    hops = {str(one.next_hop.address): one for one in config.listeners if one.next_hop}
    for listener in hops.values():
        if listener.next_hop is not None:
            yield from look_at_next_hop(listener.next_hop, listener.size_limit)


def look_at_files(config: Config) -> Iterator[Finding]:
    """Look at the state folder: that it is ours alone, can be written, and has room."""
    folder, name = config.gateway.state, "state folder"
    probe = folder / ".doctor"
    try:
        probe.write_bytes(b"well\r\n")
        probe.unlink()
    except OSError as error:
        why = f"{folder}: {error.strerror}"
        yield Finding(name, False, why, "Make the folder, owned by the service's user, mode 0700.")
        return
    yield Finding(name, True, f"{folder} can be written")
    free = shutil.disk_usage(folder).free
    room = f"{free // 1_000_000} MB free"
    short = "" if free >= ROOM_OCTETS else "Make room: a full disk sends mail by unlogged."
    yield Finding("room", not short, room, short)
    mode = stat.S_IMODE(folder.stat().st_mode)
    well = mode & 0o007 == 0
    yield Finding(
        "rights",
        well,
        "nobody else may read the mail" if well else f"everybody may read {folder} ({mode:o})",
        "" if well else f"chmod 0700 {folder}",
    )


def look_at_store(config: Config) -> Iterator[Finding]:
    """Look at the database, its version and health, and at what waits undecided."""
    path = config.store_path
    try:
        with Registry(path) as registry:
            users, boxes = len(registry.list_users()), len(registry.list_mailboxes())
        place = path.shown if isinstance(path, ServedPath) else path
        yield Finding("store", True, f"{place}: {users} users, {boxes} mailboxes")
        if not isinstance(path, ServedPath) and path.stat().st_size < LARGE_DATABASE:
            with (
                database.told(path),
                closing(database.connect(path, read_only=True)) as connection,
            ):
                (said,) = connection.execute("PRAGMA quick_check(1)").fetchone()
                newest = connection.execute("SELECT max(received_at) FROM entries").fetchone()[0]
            remedy = "" if said == "ok" else "Stop the gateway and restore a backup."
            yield Finding("store health", said == "ok", said, remedy)
            yield _clock(newest or 0)
    except (StoreBusyError, ValueError, OSError) as error:
        yield Finding("store", False, str(error), "See the sentence itself.")
    yield from _jumped(config.gateway.state / FILE)
    yield from _spool(config.gateway.state / "spool")


def _clock(newest: int) -> Finding:
    ahead = timedelta(microseconds=newest - time.time_ns() // 1000)
    if ahead > timedelta(minutes=1):
        found = f"the newest message is of a time that comes in {ahead}"
        return Finding("clock", False, found, "The clock went back: let NTP keep it.")
    return Finding("clock", True, datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))


def _jumped(file: Path) -> Iterator[Finding]:
    """Say that the gateway does not believe the clock; nothing while it does."""
    if (ahead := last_look(file)) is not None:
        found = f"the clock jumped ahead by {ahead.by}, and nothing is freed"
        remedy = "Set it; if it is right, wait for a day, or run replygate purge."
        yield Finding("clock, jumped", False, found, remedy)


def _spool(folder: Path) -> Iterator[Finding]:
    yield _waiting(folder)
    if aside := unreadable(folder):
        yield Finding(
            "spool, unreadable",
            False,
            f"{aside} messages were damaged there and lie in {folder / UNREADABLE}",
            "The log says how. Take an .eml file that is whole in by replygate import, or put both"
            " files back to have it tried again; then remove them.",
        )


def _waiting(folder: Path) -> Finding:
    names = sorted(path.stem for path in folder.glob("*.json")) if folder.exists() else []
    if not names:
        return Finding("spool", True, "nothing waits undecided")
    age_s = max(0.0, time.time() - _put_at(names[0]))
    found = f"{len(names)} messages wait undecided, the oldest for {age_s:.0f} s"
    remedy = "Look in the log for why: they stay until the store takes them."
    return Finding("spool", age_s < 60, found, "" if age_s < 60 else remedy)


def _put_at(name: str) -> float:
    """Return when that was put: names begin with microseconds, in hexadecimal."""
    try:
        return int(name.partition("-")[0], 16) / 1_000_000
    except ValueError:
        return 0.0


def look_at_versions() -> Iterator[Finding]:
    """Look for versions that are known to do harm."""
    from gateway.store import database

    lite = tuple(int(part) for part in database.driver.sqlite_version.split("."))
    # Two connections that write and checkpoint at once may damage a database before 3.51.3.
    yield Finding(
        "SQLite",
        lite >= (3, 51, 3),
        database.driver.sqlite_version,
        "" if lite >= (3, 51, 3) else "It may damage a WAL database: pip install -U pysqlite3",
    )
    server = metadata.version("aiosmtpd")
    yield Finding(
        "aiosmtpd",
        server == "1.4.6",
        server,
        "" if server == "1.4.6" else "Its inner parts differ: pip install aiosmtpd==1.4.6",
    )


def look_at_next_hop(hop: NextHop, size_limit: int) -> Iterator[Finding]:
    """Ask a next hop what it takes."""
    name = f"next hop {hop.address}"
    try:
        greeting, offers = _ehlo(hop)
    except OSError as error:
        why = f"{error.strerror or error}"
        yield Finding(name, False, why, "Start it, or name another in [next_hop] address.")
        return
    if not greeting.startswith("220"):
        found = f"it answers, but not as a mail server ready for mail: {greeting!r}"
        yield Finding(name, False, found, "See its own log.")
        return
    yield Finding(name, True, greeting)
    lacks = [word for word in ("8BITMIME", "SMTPUTF8", "DSN", "XFORWARD") if word not in offers]
    size = int(offers.get("SIZE", "0") or "0")
    if size and (size_limit == 0 or size < size_limit):
        lacks.append(f"SIZE over {size}")
    said = f"{name} takes"
    if "8BITMIME" in lacks:
        remedy = "Mail in 8 bits would be refused or changed: let it offer 8BITMIME."
        yield Finding(said, False, "no 8-bit mail", remedy)
    else:
        yield Finding(said, True, f"all but {', '.join(lacks)}" if lacks else "all that is offered")


def _ehlo(hop: NextHop) -> tuple[str, dict[str, str]]:
    """Return the greeting, and the keywords of its EHLO with their parameters."""
    place = (hop.address.host, hop.address.port)
    with socket.create_connection(place, timeout=5.0) as channel, channel.makefile("rb") as file:
        greeting = file.readline(1024).decode("ascii", "replace").rstrip()
        offers: dict[str, str] = {}
        if greeting.startswith("220"):
            channel.sendall(b"EHLO doctor.invalid\r\n")
            while line := file.readline(1024):
                keyword, _, rest = line[4:].decode("ascii", "replace").strip().partition(" ")
                offers[keyword.upper()] = rest
                if line[3:4] != b"-":
                    break
            channel.sendall(b"QUIT\r\n")
    return greeting, offers
