"""A store of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.model.directory import LoggingAddress
from gateway.store.registry import Registry
from gateway.store.sqlite import SqliteStore
from tests.store.office import Clock, Office


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the database is."""
    return tmp_path / "store.sqlite"


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still."""
    return Clock()


@pytest.fixture
def store(path: Path, clock: Clock) -> Iterator[SqliteStore]:
    """An empty store."""
    made = SqliteStore.open(
        path,
        domains=frozenset({"acme.example"}),
        logging_addresses=(LoggingAddress("log@crm.example"),),
        crm_logins=frozenset({"crm"}),
        clock=clock,
        timeout_s=0.2,
    )
    yield made
    made.close()


@pytest.fixture
def office(store: SqliteStore, path: Path, clock: Clock) -> Office:
    """The office over that store."""
    return Office(store, path, clock)


@pytest.fixture
def registry(path: Path, clock: Clock) -> Iterator[Registry]:
    """The registry of that store."""
    with Registry(path, clock=clock, timeout_s=0.2) as made:
        yield made
