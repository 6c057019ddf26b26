"""The write-ahead log, brought over beside the commits."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from gateway.store import database
from gateway.store.checkpoints import Checkpoints

PATIENCE_S = 20.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "s.db"


@pytest.fixture
def writer(path: Path) -> Iterator[database.Connection]:
    with closing(database.connect(path)) as connection:
        connection.execute("CREATE TABLE letters (letter TEXT)")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        yield connection


def in_the_database(path: Path) -> int:
    """Return how many letters the database holds without its log."""
    alone = path.with_name("alone.db")
    shutil.copyfile(path, alone)
    with closing(database.driver.connect(alone)) as connection:
        return int(connection.execute("SELECT count(*) FROM letters").fetchone()[0])


def test_what_was_committed_reaches_the_database_without_another_commit(
    path: Path, writer: database.Connection
) -> None:
    with closing(Checkpoints(path, 0.0)) as checkpoints:
        writer.execute("INSERT INTO letters VALUES ('one')")
        assert in_the_database(path) == 0
        checkpoints.due()
        until = time.monotonic() + PATIENCE_S
        while in_the_database(path) == 0 and time.monotonic() < until:
            time.sleep(0.01)
    assert in_the_database(path) == 1


def test_it_ends_though_nothing_was_committed(path: Path) -> None:
    Checkpoints(path).close()
    assert not path.exists()


def test_a_store_that_cannot_be_opened_ends_it_quietly(tmp_path: Path) -> None:
    with closing(Checkpoints(tmp_path / "gone" / "s.db", 0.0)) as checkpoints:
        checkpoints.due()


def test_it_stands_in_nobodys_way(path: Path, writer: database.Connection) -> None:
    with closing(Checkpoints(path, 0.0)) as checkpoints:
        for number in range(200):
            writer.execute("INSERT INTO letters VALUES (?)", (str(number),))
            checkpoints.due()
    assert writer.execute("SELECT count(*) FROM letters").fetchone() == (200,)
