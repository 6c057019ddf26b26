"""Reads the directory whole: users, mailboxes and lists, with what the configuration names."""

from __future__ import annotations

import hashlib
import hmac
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from gateway.model.directory import (
    Connection,
    Directory,
    LoggingAddress,
    Mailbox,
    NeverLog,
    ProviderChange,
    Switched,
    User,
)
from gateway.store import database
from gateway.store.rows import moment, moment_or_none


@dataclass(frozen=True, slots=True)
class Configured:
    """What of the directory is configuration and not in the database."""

    domains: frozenset[str] = frozenset()
    logging_addresses: tuple[LoggingAddress, ...] = ()
    crm_logins: frozenset[str] = frozenset()


def read_directory(connection: database.Connection, configured: Configured) -> Directory:
    """Return the directory as of one read; the caller holds the snapshot."""
    settings = dict(connection.execute("SELECT name, value FROM settings").fetchall())
    return Directory(
        version=settings["directory_version"],
        domains=configured.domains,
        users=read_users(connection),
        mailboxes=read_mailboxes(connection),
        never_log=tuple(
            NeverLog(pattern, user, moment(added_at), moment_or_none(removed_at))
            for pattern, user, added_at, removed_at in connection.execute(
                "SELECT pattern, user, added_at, removed_at FROM never_log ORDER BY never_log"
            )
        ),
        logging_addresses=(
            *configured.logging_addresses,
            *(
                LoggingAddress(*row)
                for row in connection.execute(
                    "SELECT key, use, user, coalesce(cites, '') FROM logging_addresses"
                    " LEFT JOIN thread_addresses USING (key)"
                )
            ),
        ),
        allowed_senders=_column(connection, "SELECT pattern FROM allowed_senders"),
        crm_logins=configured.crm_logins | _column(connection, "SELECT login FROM crm_logins"),
        erased=_column(connection, "SELECT digest FROM erased"),
        erased_key=settings["key"],
        approved_routes=frozenset(
            connection.execute("SELECT network, user FROM approved_routes").fetchall()
        ),
        notice_key=_notice_key(settings["key"]),
        switched=read_switches(settings.get("switches")),
    )


def read_switches(text: Any) -> tuple[Switched, ...]:
    """Return what the setting of switches says; nothing where it cannot be read."""
    try:
        return msgspec.json.decode(text, type=tuple[Switched, ...]) if text else ()
    except (msgspec.MsgspecError, UnicodeError, TypeError):
        return ()


def notice_key(path: Path) -> bytes:
    """Return the key that signs the ids of our notices. Raises StoreBusyError."""
    with (
        database.told(path),
        closing(database.connect(path, read_only=True)) as connection,
    ):
        found = connection.execute("SELECT value FROM settings WHERE name = 'key'")
        return _notice_key(found.fetchone()[0])


def _notice_key(key: bytes) -> bytes:
    return hmac.new(key, b"notices", hashlib.sha256).digest()


def _column(connection: database.Connection, sql: str) -> frozenset[str]:
    return frozenset(row[0] for row in connection.execute(sql))


def read_users(connection: database.Connection) -> tuple[User, ...]:
    """Return all users, oldest first."""
    further = _grouped(connection.execute("SELECT user, address FROM user_addresses"))
    return tuple(
        User(
            key,
            name,
            role,
            bool(logging),
            bool(permitted),
            tuple(a for (a,) in further[key]),
            *wishes,
        )
        for key, name, role, logging, permitted, *wishes in connection.execute(
            "SELECT key, name, role, logging, permitted, language, time_zone FROM users"
            " ORDER BY added_at, key"
        )
    )


def read_mailboxes(connection: database.Connection) -> tuple[Mailbox, ...]:
    """Return all mailboxes with their history, oldest first."""
    aliases = _grouped(connection.execute("SELECT mailbox, alias FROM mailbox_aliases"))
    providers = _grouped(
        connection.execute("SELECT mailbox, since, provider FROM providers ORDER BY since")
    )
    connections = _grouped(
        connection.execute(
            "SELECT mailbox, connected_at, provider, disconnected_at FROM connections"
            " ORDER BY connected_at"
        )
    )
    return tuple(
        Mailbox(
            address,
            user or "",
            tuple(alias for (alias,) in aliases[address]),
            tuple(ProviderChange(moment(since), name) for since, name in providers[address]),
            tuple(
                Connection(moment(begun), name, moment_or_none(ended))
                for begun, name, ended in connections[address]
            ),
            log_sent,
        )
        for address, user, log_sent in connection.execute(
            "SELECT address, user, log_sent FROM mailboxes ORDER BY added_at, address"
        )
    )


def _grouped(rows: Iterable[Sequence[Any]]) -> defaultdict[str, list[Sequence[Any]]]:
    found: defaultdict[str, list[Sequence[Any]]] = defaultdict(list)
    for first, *others in rows:
        found[first].append(others)
    return found
