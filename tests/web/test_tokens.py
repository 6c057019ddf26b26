"""Tokens of the API: shown once, kept as a digest, over at their time or when revoked."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.cli.main import main
from gateway.config.settings import Config
from gateway.store.faults import NotListedError
from gateway.store.registry import Registry
from gateway.web.tokens import Scope, Tokens
from tests.web.conftest import ANNA, BEA, LATER

READ: tuple[Scope, ...] = ("read",)
ACT: tuple[Scope, ...] = ("act", "read")


def at(moment: datetime, folder: Path) -> Tokens:
    return Tokens(folder, clock=lambda: moment)


def test_token_is_found_by_what_was_shown(tmp_path: Path) -> None:
    with at(LATER, tmp_path) as tokens:
        secret, made = tokens.create(ANNA, "a script", ACT)
        found = tokens.holder(secret)
    assert found is not None
    assert (found.number, found.user, found.scopes) == (made.number, ANNA, ("read", "act"))


def test_what_is_kept_is_no_token(tmp_path: Path) -> None:
    with at(LATER, tmp_path) as tokens:
        secret, _ = tokens.create(ANNA, "", READ)
        tokens._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    kept = b"".join(file.read_bytes() for file in tmp_path.glob("web.db*"))
    assert secret.encode() not in kept


def test_token_is_over_at_its_time(tmp_path: Path) -> None:
    with at(LATER, tmp_path) as tokens:
        secret, _ = tokens.create(ANNA, "", READ, days=2)
    with at(LATER + timedelta(days=2, seconds=-1), tmp_path) as tokens:
        assert tokens.holder(secret) is not None
    with at(LATER + timedelta(days=2), tmp_path) as tokens:
        assert tokens.holder(secret) is None


def test_revoked_token_is_good_for_nothing_and_stays_listed(tmp_path: Path) -> None:
    with at(LATER, tmp_path) as tokens:
        secret, made = tokens.create(ANNA, "", READ)
        tokens.revoke(made.number)
        assert tokens.holder(secret) is None
        assert tokens.listed()[0].revoked_at == LATER


def test_token_tells_when_it_was_used_last(tmp_path: Path) -> None:
    with at(LATER, tmp_path) as tokens:
        secret, made = tokens.create(ANNA, "", READ)
        assert made.used_at is None
        tokens.holder(secret)
        assert tokens.find(made.number).used_at == LATER


def test_token_without_scope_is_refused(tmp_path: Path) -> None:
    with at(LATER, tmp_path) as tokens, pytest.raises(ValueError, match="read, act, admin"):
        tokens.create(ANNA, "", ())


def test_token_that_is_none_cannot_be_revoked(tmp_path: Path) -> None:
    with at(LATER, tmp_path) as tokens, pytest.raises(NotListedError, match="token list"):
        tokens.revoke(7)


def test_command_prints_the_token_alone_on_a_line_and_lists_it_without(
    config: Config, company: Registry
) -> None:
    asked = ["token", "create", BEA, "--scope", "admin", "--config", str(config.file)]
    secret = CliRunner().invoke(main, asked).stdout.strip()
    assert secret.startswith("rgt_")
    listed = CliRunner().invoke(main, ["token", "list", "--config", str(config.file)]).output
    assert BEA in listed
    assert secret not in listed


def test_command_revokes(config: Config, company: Registry) -> None:
    runner, where = CliRunner(), ["--config", str(config.file)]
    secret = runner.invoke(main, ["token", "create", BEA, *where]).stdout.strip()
    assert runner.invoke(main, ["token", "revoke", "1", *where]).exit_code == 0
    with Tokens(config.gateway.state) as tokens:
        assert tokens.holder(secret) is None


def test_token_for_nobody_is_refused(config: Config, company: Registry) -> None:
    asked = ["token", "create", "nobody@corp.example", "--config", str(config.file)]
    done = CliRunner().invoke(main, asked)
    assert (done.exit_code, "There is no user" in done.output) == (1, True)
