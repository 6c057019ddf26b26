"""The command as people run it: a configuration on disk, and a way to call it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from gateway.cli.main import main

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def nothing_around(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the machine's own set-up is seen."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("REPLYGATE_CONFIG", raising=False)
    monkeypatch.delenv("REPLYGATE_DEBUG", raising=False)


@pytest.fixture
def config_text(tmp_path: Path) -> str:
    return f"""\
[gateway]
hostname = "gw.corp.example"
state = "{tmp_path / "state"}"
domains = ["corp.example"]
[next_hop]
address = "127.0.0.1:10026"
[[listener]]
name = "inbound"
address = "127.0.0.1:10025"
direction = "inbound"
[addresses]
logging = ["log@crm.corp.example"]
"""


@pytest.fixture
def config(tmp_path: Path, config_text: str) -> Path:
    file = tmp_path / "replygate.toml"
    file.write_text(config_text)
    (tmp_path / "state").mkdir(mode=0o700)
    return file


@pytest.fixture
def run() -> Run:
    """Return what calls the command; a failure that was not asked for is shown."""

    def call(*words: str, fails: int = 0, given: str | None = None) -> Result:
        result = CliRunner().invoke(main, [*words], input=given, prog_name="replygate")
        assert result.exit_code == fails, f"{result.output}\n{result.exception!r}"
        return result

    return call


def rows(result: Result) -> list[dict[str, Any]]:
    """Return the objects that a listing printed."""
    return [json.loads(line) for line in result.stdout.splitlines()]
