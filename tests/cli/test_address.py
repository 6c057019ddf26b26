"""`replygate address`, as people run it."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.config.load import load_config
from gateway.store.sqlite import SqliteStore
from tests.cli.conftest import Run, rows
from tests.cli.test_held import take

ANNA = "anna@corp.example"


@pytest.fixture(autouse=True)
def anna(run: Run, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPLYGATE_CONFIG", str(config))
    run("user", "add", ANNA)


def of_users(run: Run) -> list[str]:
    return [row["address"] for row in rows(run("address", "list", "--json")) if row["user"]]


def test_a_secret_address_is_of_its_user(run: Run) -> None:
    said = run("address", "create", ANNA).stdout
    (address,) = of_users(run)
    assert address in said.replace("\n", "")
    local_part, _, domain = address.partition("@")
    assert (local_part[:4], len(local_part), domain) == ("log+", 20, "crm.corp.example")


def test_no_two_secrets_are_alike(run: Run) -> None:
    run("address", "create", ANNA)
    run("address", "create", ANNA)
    assert len(set(of_users(run))) == 2


def test_rotation_takes_the_old_address_away(run: Run) -> None:
    run("address", "create", ANNA)
    (old,) = of_users(run)
    said = run("address", "rotate", ANNA).stdout.replace("\n", " ")
    (new,) = of_users(run)
    assert new != old
    assert f"{old} is taken no more" in " ".join(said.split())


def test_a_running_gateway_takes_a_secret_address_at_once(run: Run, config: Path) -> None:
    settings = load_config(config, {})
    store = SqliteStore.open(settings.store_path, logging_addresses=settings.addresses)
    run("address", "create", ANNA)
    (address,) = of_users(run)
    assert store.directory.logging_by_key[address].user == ANNA
    store.close()


def test_nobody_has_a_secret_address_who_is_no_user(run: Run) -> None:
    assert "eve@evil.example" in run("address", "create", "eve@evil.example", fails=1).stderr


def test_without_a_logging_address_there_is_none_to_make(
    run: Run, config: Path, config_text: str
) -> None:
    config.write_text(config_text.replace('["log@crm.corp.example"]', "[]"))
    assert "[addresses]" in run("address", "create", ANNA, fails=1).stderr


def test_the_address_of_a_thread_is_made_once(run: Run, config: Path) -> None:
    run("mailbox", "add", ANNA, "--user", ANNA)
    take(config, "one")
    said = [run("address", "thread", "one@corp.example").stdout for _ in range(2)]
    (row,) = (row for row in rows(run("address", "list", "--json")) if row["thread_of"])
    assert row["thread_of"] == "one@corp.example"
    assert [text.split()[0] for text in said] == [row["address"]] * 2


def test_there_is_no_address_of_a_thread_that_nobody_knows(run: Run) -> None:
    assert "There is no entry" in run("address", "thread", "x@y.example", fails=1).stderr
