"""`replygate store copy`, and the other commands when a server has the record."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.cli.main import main
from gateway.store.database import StoreVersionError
from gateway.store.postgres import pools
from gateway.store.registry import Registry
from gateway.store.sqlite import SqliteStore
from tests.postgres import PostgresServer

CONFIG = """
[gateway]
state = "{state}"
domains = ["corp.example"]
[next_hop]
address = "127.0.0.1:10026"
[[listener]]
name = "inbound"
address = "127.0.0.1:10025"
direction = "inbound"
[store]
url = "{url}"
"""
Run = Callable[..., Result]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A database file with one user."""
    path = tmp_path / "source.db"
    with Registry(path) as registry:
        registry.add_user("anna@corp.example", "Anna")
    return path


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs a command, with a configuration of no consequence unless one was written."""
    file = tmp_path / "replygate.toml"
    file.write_text(CONFIG.format(state=tmp_path / "state", url=""))
    return lambda *words: CliRunner().invoke(main, [*words, "--config", str(file)])


@pytest.fixture
def served(run: Run, postgres: PostgresServer, tmp_path: Path) -> Iterator[Run]:
    """Runs a command on a record that a server has."""
    text = CONFIG.format(state=tmp_path / "state", url=postgres.database())
    (tmp_path / "replygate.toml").write_text(text)
    yield run
    pools.close()


def test_a_copy_says_that_it_is_whole(run: Run, source: Path, tmp_path: Path) -> None:
    done = run("store", "copy", str(source), str(tmp_path / "target.db"))
    assert done.exit_code == 0
    assert "target.db is whole: " in done.output
    with Registry(tmp_path / "target.db") as registry:
        assert [user.name for user in registry.list_users()] == ["Anna"]


def test_a_copy_is_told_for_programs(run: Run, source: Path, tmp_path: Path) -> None:
    done = run("store", "copy", str(source), str(tmp_path / "target.db"), "--json")
    told = json.loads(done.stdout)
    assert (told["whole"], told["tables"]["users"]) == (True, 1)


def test_while_mail_goes_on_it_says_what_to_do(run: Run, source: Path, tmp_path: Path) -> None:
    with closing(SqliteStore.open(source)):
        done = run("store", "copy", str(source), str(tmp_path / "target.db"))
    assert done.exit_code == 1
    assert "Stop every gateway there, then run the same command again" in done.output


def test_a_copy_onto_itself_is_refused(run: Run, source: Path) -> None:
    done = run("store", "copy", str(source), str(source))
    assert done.exit_code == 1
    assert "onto itself" in done.output


def test_commands_work_on_a_server_as_on_a_file(served: Run) -> None:
    assert served("user", "add", "anna@corp.example", "--name", "Anna").exit_code == 0
    assert "Anna" in served("user", "list").output
    assert served("decisions").exit_code == 0
    assert "users" in served("query", "--tables").output


def test_a_served_record_is_backed_up_while_it_is_served(served: Run, tmp_path: Path) -> None:
    served("user", "add", "anna@corp.example", "--name", "Anna")
    assert "copy is whole" in served("backup", str(tmp_path / "copy")).output
    with Registry(tmp_path / "copy" / "replygate.db") as registry:
        assert [user.name for user in registry.list_users()] == ["Anna"]


def test_a_backup_is_put_back_into_an_empty_database(
    served: Run, postgres: PostgresServer, tmp_path: Path
) -> None:
    served("user", "add", "anna@corp.example", "--name", "Anna")
    served("backup", str(tmp_path / "copy"))
    file = tmp_path / "replygate.toml"
    file.write_text(CONFIG.format(state=tmp_path / "state", url=postgres.empty("fresh")))
    said = served("restore", str(tmp_path / "copy"), "--yes")
    assert (said.exit_code, "fresh is as of" in said.output) == (0, True)
    assert "Anna" in served("user", "list").output


def test_a_record_on_a_server_is_not_overwritten(served: Run, tmp_path: Path) -> None:
    served("user", "add", "anna@corp.example")
    served("backup", str(tmp_path / "copy"))
    said = served("restore", str(tmp_path / "copy"), "--yes")
    assert said.exit_code == 1
    assert "createdb" in said.output


def test_a_server_is_cleaned(served: Run) -> None:
    said = served("vacuum")
    assert (said.exit_code, "octets; it had" in said.output) == (0, True)


def test_a_record_that_was_moved_is_opened_no_more(run: Run, source: Path, tmp_path: Path) -> None:
    run("store", "copy", str(source), str(tmp_path / "target.db"))
    with pytest.raises(StoreVersionError, match=r"was moved to .*target\.db on 2"):
        SqliteStore.open(source)


def test_a_record_that_was_moved_is_opened_again_on_request(
    run: Run, source: Path, tmp_path: Path
) -> None:
    run("store", "copy", str(source), str(tmp_path / "target.db"))
    assert run("store", "reopen", str(source)).exit_code == 0
    SqliteStore.open(source).close()
    assert "was not moved" in run("store", "reopen", str(source)).output


def test_a_record_that_is_not_there_cannot_be_reopened(run: Run, tmp_path: Path) -> None:
    assert "There is no" in run("store", "reopen", str(tmp_path / "none.db")).output


def test_doctor_looks_at_the_server(served: Run) -> None:
    served("user", "add", "anna@corp.example")
    output = served("doctor", "--json").output
    assert "postgresql://127.0.0.1:" in output
    assert "1 users, 0 mailboxes" in output
