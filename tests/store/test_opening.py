"""Which engine is opened, and what is said where its part is missing."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path

import pytest

from gateway.model.place import ServedPath
from gateway.store.database import PartMissingError
from gateway.store.octets import blobs_at, place_of_octets
from gateway.store.opening import open_store
from gateway.store.postgres import pools
from gateway.store.postgres.store import PostgresStore
from gateway.store.registry import Registry
from gateway.store.sqlite import SqliteStore
from tests.postgres import PostgresServer


def test_a_path_is_a_file_of_sqlite(tmp_path: Path) -> None:
    with closing(open_store(tmp_path / "store.sqlite")) as store:
        assert isinstance(store, SqliteStore)


def test_an_address_is_a_database_of_postgresql(postgres: PostgresServer, tmp_path: Path) -> None:
    with closing(open_store(ServedPath.at(tmp_path / "store", postgres.database()))) as store:
        assert isinstance(store, PostgresStore)
    pools.close()


def test_without_the_driver_it_is_said_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg_pool", None)
    path = ServedPath.at(tmp_path / "store", "postgresql://db.example/mail")
    for opens in (open_store, Registry):
        with pytest.raises(PartMissingError, match=r"pip install 'replygate\[postgresql\]'"):
            opens(path)


def test_without_obstore_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "obstore", None)
    with pytest.raises(PartMissingError, match=r"pip install 'replygate\[s3\]'"):
        blobs_at("s3://mail/kept")


def test_octets_lie_beside_the_path_unless_a_place_is_named(tmp_path: Path) -> None:
    path = tmp_path / "replygate.db"
    assert place_of_octets(path) == f"{path}-blobs"
    assert place_of_octets(ServedPath.at(path, "postgresql://x/y")) == f"{path}-blobs"
    assert place_of_octets(ServedPath.at(path, "postgresql://x/y", "/srv/mail")) == "/srv/mail"


def test_a_place_is_shown_without_its_password(tmp_path: Path) -> None:
    place = ServedPath.at(tmp_path, "postgresql://me:secret@db.example:5433/mail")
    assert place.shown == "postgresql://db.example:5433/mail"
    assert ServedPath.at(tmp_path, "postgresql:///mail").shown == "postgresql:///mail"
