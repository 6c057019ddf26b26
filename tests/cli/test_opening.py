"""The state folder stays the service's, whoever runs a command."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tests.cli.conftest import Run

SERVICE = 12_345


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_root_makes_becomes_the_services(run: Run, config: Path) -> None:
    state = config.parent / "state"
    os.chown(state, SERVICE, SERVICE)
    run("user", "add", "anna@corp.example")
    run("purge")
    made = list(state.rglob("*"))
    assert made
    assert {path.lstat().st_uid for path in made} == {SERVICE}


@pytest.mark.usefixtures("config")
def test_nobody_else_may_read_what_a_command_makes(run: Run, config: Path) -> None:
    run("user", "add", "anna@corp.example")
    made = [path for path in (config.parent / "state").rglob("*") if path.is_file()]
    assert made
    assert {path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO) for path in made} == {0}


@pytest.mark.parametrize(
    "words", [["--config", "F", "user", "list"], ["user", "list", "--config", "F"]]
)
def test_a_configuration_is_named_before_or_behind_the_command(
    run: Run, config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert "There is no user." in run(*(str(config) if w == "F" else w for w in words)).stdout


def test_a_state_folder_is_made_where_there_is_none(run: Run, config: Path) -> None:
    (config.parent / "state").rmdir()
    run("user", "add", "anna@corp.example")
    assert stat.S_IMODE((config.parent / "state").stat().st_mode) == 0o700
