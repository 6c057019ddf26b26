"""The first moments of a database that several nodes begin with."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier

import psycopg

from gateway.model.place import ServedPath
from gateway.store import database
from gateway.store.postgres import pools
from gateway.store.postgres.schema import steps
from tests.postgres import PostgresServer

NODES, ROUNDS = 8, 12


def test_all_that_begin_at_the_same_moment_begin(postgres: PostgresServer, tmp_path: Path) -> None:
    url = postgres.empty("dawn")
    together = Barrier(NODES)

    def begun(node: int) -> int:
        path = ServedPath.at(tmp_path / str(node), url)
        with closing(database.connect(path)) as connection:
            together.wait()
            database.migrate(connection, path)
            return int(connection.execute("SELECT max(number) FROM migrations").fetchone()[0])

    # What they fall over stands for microseconds.
    with ThreadPoolExecutor(NODES) as nodes, psycopg.connect(url, autocommit=True) as server:
        for _ in range(ROUNDS):
            assert set(nodes.map(begun, range(NODES))) == {steps()[-1][0]}
            server.execute("DROP SCHEMA public CASCADE")
            server.execute("CREATE SCHEMA public")
    pools.close()
