"""Gateways whose kept octets lie in a bucket: whole, away, silent, and back again."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from click.testing import CliRunner

from gateway.cli.main import main
from gateway.store.postgres import pools
from tests.bucket import Storage, storage
from tests.next_hop import NextHop, next_hop
from tests.postgres import PostgresServer
from tests.torture.gate import Zygote, zygote
from tests.torture.nodes import ServedGate, served_gate
from tests.torture.test_faults import CAROL, decided, offer, send, waiting

LARGE = 300_000


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Storage]:
    """Storage of this test, which gateways and this process know."""
    with storage() as made:
        for name, value in made.environ.items():
            monkeypatch.setenv(name, value)
        with made.bucket():
            yield made
            if made._server is None:
                made.start()


@pytest_asyncio.fixture
async def starter(server: Storage) -> AsyncIterator[Zygote]:
    async with zygote(server.environ) as made:
        yield made


@asynccontextmanager
async def node(
    starter: Zygote, postgres: PostgresServer, folder: Path
) -> AsyncIterator[tuple[ServedGate, NextHop]]:
    """Run a gateway with its record on a server and its octets in a bucket."""
    async with next_hop() as hop:
        made = served_gate(starter, folder, hop.port, postgres.database(), "s3://mail/kept")
        made.furnish()
        await made.start()
        try:
            yield made, hop
        finally:
            await made.kill()
            pools.close()


def exported(made: ServedGate, folder: Path) -> list[bytes]:
    """Return the octets that are kept of Carol, by the command."""
    words = ["export", CAROL, "--to", str(folder), "--config", str(made.config)]
    assert CliRunner().invoke(main, words).exit_code == 0
    return sorted(path.read_bytes() for path in folder.glob("*.eml"))


async def test_mail_is_logged_and_its_octets_are_in_the_bucket(
    starter: Zygote, postgres: PostgresServer, tmp_path: Path
) -> None:
    async with node(starter, postgres, tmp_path / "node") as (made, hop):
        letters = [offer(1), offer(2), offer(3, LARGE)]
        for one in letters:
            assert (await send(made, one)).startswith("250")
        await decided(made, {1, 2, 3})
        assert exported(made, tmp_path / "out") == sorted(letters)
    assert len(hop.taken) == 3
    assert not list((tmp_path / "node" / "state").rglob("segments"))


@pytest.mark.parametrize("size", [100, LARGE])
async def test_mail_passes_while_the_bucket_is_away_and_is_decided_later(
    starter: Zygote, postgres: PostgresServer, server: Storage, tmp_path: Path, size: int
) -> None:
    async with node(starter, postgres, tmp_path / "node") as (made, hop):
        assert (await send(made, offer(1, size))).startswith("250")
        server.stop()
        begun = time.monotonic()
        assert (await send(made, offer(2, size))).startswith("250")
        assert time.monotonic() - begun < 10
        assert waiting(made) == 1
        server.start()
        await decided(made, {1, 2})
        assert exported(made, tmp_path / "out") == sorted([offer(1, size), offer(2, size)])
    assert len(hop.taken) == 2
    assert "Traceback" not in made.log.read_text("utf-8")


async def test_mail_waits_some_seconds_at_most_for_a_bucket_that_says_nothing(
    starter: Zygote, postgres: PostgresServer, server: Storage, tmp_path: Path
) -> None:
    async with node(starter, postgres, tmp_path / "node") as (made, hop):
        server.stop()
        with socket.create_server(("127.0.0.1", server.port)):
            begun = time.monotonic()
            assert (await send(made, offer(1))).startswith("250")
            assert time.monotonic() - begun < 10
            assert waiting(made) == 1
    assert len(hop.taken) == 1


async def test_what_is_erased_is_gone_from_the_bucket(
    starter: Zygote, postgres: PostgresServer, server: Storage, tmp_path: Path
) -> None:
    async with node(starter, postgres, tmp_path / "node") as (made, _):
        await send(made, offer(1))
        await send(made, offer(2, LARGE))
        await decided(made, {1, 2})
        assert len(server.names()) == 2
        words = ["erase", CAROL, "--yes", "--json", "--config", str(made.config)]
        said = json.loads(CliRunner().invoke(main, words).stdout)
        assert server.names() == []
    assert (said["messages"], said["left"]) == (2, [])


async def test_a_backup_brings_the_octets_out_of_the_bucket(
    starter: Zygote, postgres: PostgresServer, tmp_path: Path
) -> None:
    async with node(starter, postgres, tmp_path / "node") as (made, _):
        await send(made, offer(1))
        await send(made, offer(2, LARGE))
        await decided(made, {1, 2})
        words = ["backup", str(tmp_path / "copy"), "--json", "--config", str(made.config)]
        said = json.loads(CliRunner().invoke(main, words).stdout)
    assert (said["entries"], said["contents"]) == (2, 2)
    files = [path.stat().st_size for path in (tmp_path / "copy" / "blobs").rglob("*")]
    assert sum(files) > LARGE
