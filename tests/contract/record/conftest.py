"""An empty store for each test, over each engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.model.directory import LoggingAddress
from gateway.model.place import ServedPath
from gateway.store.directory import Configured
from gateway.store.postgres import pools
from gateway.store.postgres.store import PostgresStore
from gateway.store.registry import Registry
from gateway.store.sqlite import SqliteStore
from tests.postgres import PostgresServer
from tests.store.office import Clock, Office

DOMAINS = frozenset({"acme.example"})
LOGGING = (LoggingAddress("log@crm.example"),)


@pytest.fixture(params=["sqlite", "postgresql"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """Where the store is."""
    place = tmp_path / "store.sqlite"
    if request.param == "sqlite":
        yield place
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    yield ServedPath.at(place, server.database())
    pools.close()


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still."""
    return Clock()


@pytest.fixture
def store(path: Path, clock: Clock) -> Iterator[SqliteStore | PostgresStore]:
    """An empty store."""
    made: SqliteStore | PostgresStore
    if isinstance(path, ServedPath):
        configured = Configured(DOMAINS, LOGGING, frozenset({"crm"}))
        made = PostgresStore(path, configured, clock, 5.0)
    else:
        made = SqliteStore.open(
            path,
            domains=DOMAINS,
            logging_addresses=LOGGING,
            crm_logins=frozenset({"crm"}),
            clock=clock,
            timeout_s=0.2,
        )
    yield made
    made.close()


@pytest.fixture
def office(store: SqliteStore | PostgresStore, path: Path, clock: Clock) -> Office:
    """The office over that store."""
    return Office(store, path, clock)


@pytest.fixture
def registry(path: Path, clock: Clock) -> Iterator[Registry]:
    """The registry of that store."""
    with Registry(path, clock=clock, timeout_s=5.0) as made:
        yield made
