"""Opens the store of the configuration, whichever engine holds it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from gateway.model.directory import LoggingAddress
from gateway.model.place import ServedPath
from gateway.store.book import now
from gateway.store.database import need
from gateway.store.directory import Configured
from gateway.store.sqlite import SqliteStore

if TYPE_CHECKING:
    from gateway.store.away import AwaitedStore
    from gateway.store.postgres.store import PostgresStore

Store: TypeAlias = "SqliteStore | PostgresStore | AwaitedStore"


def open_store(
    path: Path,
    *,
    domains: frozenset[str] = frozenset(),
    logging_addresses: Sequence[LoggingAddress] = (),
    crm_logins: frozenset[str] = frozenset(),
    clock: Callable[[], datetime] = now,
    shared: bool = False,
) -> SqliteStore | PostgresStore:
    """Open the store, made new or brought up to date as needed; `shared` is for several workers.

    Raises StoreVersionError and StoreBusyError.
    """
    if isinstance(path, ServedPath):
        need("psycopg_pool", "postgresql")
        from gateway.store.postgres.store import PostgresStore

        configured = Configured(domains, tuple(logging_addresses), crm_logins)
        return PostgresStore(path, configured, clock, timeout_s=3.0)
    return SqliteStore.open(
        path,
        domains=domains,
        logging_addresses=logging_addresses,
        crm_logins=crm_logins,
        clock=clock,
        shared=shared,
    )
