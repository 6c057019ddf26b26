"""The stores that must keep the contract; a further one is a further entry here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.model.directory import LoggingAddress
from gateway.model.place import ServedPath
from gateway.store.directory import Configured
from gateway.store.outbox import SqliteOutbox
from gateway.store.postgres import pools
from gateway.store.postgres.store import PostgresStore
from gateway.store.sqlite import SqliteStore
from tests.contract.post import Post
from tests.postgres import PostgresServer
from tests.shelf import Shelf
from tests.store.office import Clock, Office

DOMAINS = frozenset({"acme.example"})
LOGGING = (LoggingAddress("log@crm.example"),)


def sqlite_office(folder: Path) -> tuple[Office, Callable[[], None]]:
    path, clock = folder / "store.sqlite", Clock()
    store = SqliteStore.open(path, domains=DOMAINS, logging_addresses=LOGGING, clock=clock)
    return Office(store, path, clock), store.close


def postgres_office(folder: Path, url: str) -> tuple[Office, Callable[[], None]]:
    path, clock = ServedPath.at(folder / "store", url), Clock()
    store = PostgresStore(path, Configured(DOMAINS, LOGGING), clock, 5.0)
    return Office(store, path, clock), store.close


@pytest.fixture(params=["sqlite", "postgresql"])
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    """An office over each store."""
    if request.param == "sqlite":
        made, close = sqlite_office(tmp_path)
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        made, close = postgres_office(tmp_path, server.database())
    with made.registry() as registry:
        registry.add_user("bob@acme.example", "Bob")
        registry.add_mailbox("bob@acme.example", "bob@acme.example", "google")
        registry.connect("bob@acme.example")
        registry.add_mailbox("sales@acme.example", provider="google")
    yield made
    close()
    pools.close()


@pytest.fixture
def post(office: Office) -> Post:
    """Return the office's outbox, with one sink."""
    outbox = SqliteOutbox(office.path)
    outbox.register({"shelf": False})
    return Post(office, outbox, Shelf())
