"""The stores that must keep the contract; a further one is a further entry here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.model.directory import LoggingAddress
from gateway.store.sqlite import SqliteStore
from tests.store.office import Clock, Office


def sqlite_office(folder: Path) -> tuple[Office, Callable[[], None]]:
    path, clock = folder / "store.sqlite", Clock()
    store = SqliteStore.open(
        path,
        domains=frozenset({"acme.example"}),
        logging_addresses=(LoggingAddress("log@crm.example"),),
        clock=clock,
    )
    return Office(store, path, clock), store.close


@pytest.fixture(params=[sqlite_office], ids=["sqlite"])
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    """An office over each store."""
    made, close = request.param(tmp_path)
    with made.registry() as registry:
        registry.add_user("bob@acme.example", "Bob")
        registry.add_mailbox("bob@acme.example", "bob@acme.example", "google")
        registry.connect("bob@acme.example")
        registry.add_mailbox("sales@acme.example", provider="google")
    yield made
    close()
