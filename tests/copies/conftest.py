"""The office that copies come to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.model.directory import LoggingAddress
from gateway.model.trust import Trust
from gateway.pipeline import Pipeline, Settings
from gateway.rules.presets import preset
from gateway.store.registry import Registry
from gateway.store.spool import FolderSpool
from gateway.store.sqlite import SqliteStore
from gateway.trust.keys import Keys
from gateway.trust.verifier import Verifier
from tests.copies.office import ANNA, BOB, JOURNAL, LOG, SECRET, TRUSTED, Office
from tests.letters import NOON


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    store = SqliteStore.open(
        tmp_path / "replygate.db",
        domains=frozenset({"corp.example"}),
        logging_addresses=[
            LoggingAddress(LOG),
            LoggingAddress(SECRET, user=ANNA),
            LoggingAddress(JOURNAL, "journal"),
        ],
        clock=lambda: NOON,
    )
    with Registry(tmp_path / "replygate.db", clock=lambda: NOON) as company:
        for address in (ANNA, BOB):
            company.add_user(address)
            company.add_mailbox(address, address, "google", at=NOON - timedelta(days=9))
            company.connect(address, at=NOON - timedelta(days=9))
    verifier = Verifier(Trust(networks=(f"{TRUSTED}/32",)), Keys(None))
    settings = Settings(preset("gateway"))
    yield Office(
        tmp_path, store, Pipeline(store, FolderSpool(tmp_path / "spool"), verifier, settings)
    )
    store.close()
