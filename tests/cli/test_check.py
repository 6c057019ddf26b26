"""check-config and address."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run, rows


def test_a_right_configuration_is_shown(run: Run, config: Path) -> None:
    said = run("check-config", str(config)).stdout
    assert f"{config} is right." in said
    assert "127.0.0.1:10025 → 127.0.0.1:10026, incoming" in said


def test_quiet_says_nothing_when_all_is_well(run: Run, config: Path) -> None:
    assert run("check-config", "--quiet", str(config)).output == ""


def test_each_fault_is_told_with_its_line(run: Run, config: Path, config_text: str) -> None:
    config.write_text(config_text + 'bbc = []\n[policy]\nlog = "repliez"\n')
    result = run("check-config", str(config), fails=1)
    assert result.stdout == ""
    told = result.stderr.removeprefix("replygate: ").splitlines()
    assert [line.split(": ")[0] for line in told] == [f"{config}:13", f"{config}:15"]


def test_faults_are_told_to_programs(run: Run, config: Path, config_text: str) -> None:
    config.write_text(config_text + "bbc = []\n")
    (fault,) = rows(run("check-config", "--json", str(config), fails=1))
    assert (fault["file"], fault["line"]) == (str(config), 13)


def test_the_configuration_is_named_by_option(run: Run, config: Path) -> None:
    moved = config.rename(config.with_name("other.toml"))
    assert str(moved) in run("check-config", "--config", str(moved)).stdout


def test_the_configuration_is_named_by_the_environment(
    run: Run, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = config.rename(config.with_name("other.toml"))
    monkeypatch.setenv("REPLYGATE_CONFIG", str(moved))
    assert str(moved) in run("check-config").stdout


def test_the_option_goes_before_the_environment(
    run: Run, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REPLYGATE_CONFIG", "/nowhere.toml")
    assert run("check-config", "--config", str(config)).exit_code == 0


@pytest.mark.usefixtures("config")
def test_the_configuration_is_found_in_the_folder(run: Run) -> None:
    assert "replygate.toml is right" in run("check-config").stdout


@pytest.mark.skipif(Path("/etc/replygate/replygate.toml").exists(), reason="one is installed")
def test_without_a_configuration_the_places_are_named(run: Run) -> None:
    said = run("check-config", fails=1).stderr
    assert said.count("\n") == 1
    assert "Name a file with --config or $REPLYGATE_CONFIG" in said


def test_a_configuration_that_is_absent_is_one_sentence(run: Run) -> None:
    said = run("check-config", "/nowhere.toml", fails=1).stderr
    assert said.startswith("replygate: /nowhere.toml:1: This file cannot be read")


def test_a_wrong_option_is_a_usage_error(run: Run) -> None:
    assert "No such option" in run("check-config", "--shout", fails=2).stderr


def test_the_gateways_own_addresses_are_listed(run: Run, config: Path) -> None:
    listed = rows(run("address", "list", "--json", "--config", str(config)))
    assert listed == [
        {"address": "log@crm.corp.example", "takes": "any", "user": "", "thread_of": ""}
    ]
