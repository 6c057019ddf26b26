"""Every command and every option says what it does; the README names only what exists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from gateway.cli.main import main
from tests.cli.conftest import Run

README = Path(__file__).parents[2] / "README.md"


def all_commands() -> Iterator[tuple[str, click.Command]]:
    ctx = click.Context(main)
    waiting: list[tuple[str, click.Command]] = [("", main)]
    while waiting:
        path, command = waiting.pop()
        if isinstance(command, click.Group):
            for name in command.list_commands(ctx):
                inner = command.get_command(ctx, name)
                assert inner is not None
                waiting.append((f"{path} {name}".strip(), inner))
        yield path, command


EVERY = dict(all_commands())
COMMANDS = main.list_commands(click.Context(main))
LEAVES = {path: c for path, c in EVERY.items() if not isinstance(c, click.Group)}


@pytest.mark.parametrize("path", sorted(EVERY))
def test_a_command_says_what_it_does(path: str) -> None:
    text = EVERY[path].help
    assert text
    assert text.split("\n\n")[0].strip().endswith((".", ":"))


@pytest.mark.parametrize("path", sorted(EVERY))
def test_an_option_says_what_it_is_for(path: str) -> None:
    for param in EVERY[path].params:
        if isinstance(param, click.Option):
            named = isinstance(param.type, click.Choice) and param.help is None
            assert param.help or named, f"{path} {param.opts}"


@pytest.mark.parametrize("path", sorted(LEAVES))
def test_an_argument_is_named_in_the_text(path: str) -> None:
    command = LEAVES[path]
    for param in command.params:
        if isinstance(param, click.Argument):
            name = param.metavar or str(param.name).upper()
            assert name in (command.help or ""), f"{path} does not explain {name}"


@pytest.mark.parametrize("path", sorted(LEAVES))
def test_a_command_takes_a_configuration(path: str) -> None:
    assert any("--config" in param.opts for param in LEAVES[path].params)


LISTINGS = [
    path for path in LEAVES if path.endswith(("list", "at-risk", "timeline", "suggestions"))
]


@pytest.mark.parametrize(
    "path", [*LISTINGS, "decisions", "address list", "rules", "explain", "replay", "inspect"]
)
def test_a_listing_speaks_json(path: str) -> None:
    assert any("--json" in param.opts for param in LEAVES[path].params)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_help_is_printed(run: Run, name: str) -> None:
    assert "Usage: replygate" in run(name, "--help").stdout


def test_the_help_says_a_whole_sentence_of_each_command(run: Run) -> None:
    said = " ".join(run("--help").stdout.split())
    for name in COMMANDS:
        first = re.split(r"(?<=\.)\s", EVERY[name].help or "", maxsplit=1)[0]
        assert f" {name} {first.strip()}" in said


def test_the_version_is_printed(run: Run) -> None:
    assert run("--version").stdout.startswith("replygate ")


def test_an_unknown_command_is_a_usage_error(run: Run) -> None:
    assert "No such command" in run("nonsense", fails=2).stderr


def test_every_command_of_the_readme_exists() -> None:
    named = re.findall(r"\breplygate ((?:[a-z][a-z-]* ?){1,2})", README.read_text())
    unknown = [words for words in named if words.split()[0] not in COMMANDS]
    assert [words for words in unknown if f"`replygate {words.strip()}" in README.read_text()] == []
