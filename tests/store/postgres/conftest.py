"""Several nodes on one database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from gateway.model.directory import LoggingAddress
from gateway.model.place import ServedPath
from gateway.store.directory import Configured
from gateway.store.postgres import pools
from gateway.store.postgres.store import PostgresStore
from tests.postgres import PostgresServer
from tests.store.office import BOB, Clock, Office

CONFIGURED = Configured(frozenset({"acme.example"}), (LoggingAddress("log@crm.example"),))
Nodes = Callable[[str], Office]


@pytest.fixture
def url(postgres: PostgresServer) -> Iterator[str]:
    """A database that is empty but for its tables."""
    yield postgres.database()
    pools.close()


@pytest.fixture
def clock() -> Clock:
    """A clock that all nodes share."""
    return Clock()


@pytest.fixture
def node(url: str, tmp_path: Path, clock: Clock) -> Iterator[Nodes]:
    """Opens a node by its name; a name that is opened again is the same node."""
    with ExitStack() as stack:

        def opened(name: str) -> Office:
            folder = tmp_path / name
            folder.mkdir(exist_ok=True)
            path = ServedPath.at(folder / "store", url, str(tmp_path / "blobs"))
            store = PostgresStore(path, CONFIGURED, clock, 5.0)
            stack.callback(store.close)
            return Office(store, path, clock)

        yield opened


@pytest.fixture
def two(node: Nodes) -> tuple[Office, Office]:
    """Two nodes, and a user whom both know."""
    first, second = node("first"), node("second")
    with first.registry() as registry:
        registry.add_user(BOB, "Bob")
        registry.add_mailbox(BOB, BOB, "google")
        registry.connect(BOB)
    return first, second
