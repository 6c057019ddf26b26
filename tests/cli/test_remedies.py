"""Every command that a remedy names exists, and takes what the remedy gives it."""

from __future__ import annotations

import re
import shlex

import click
import pytest

from gateway.cli.main import main
from gateway.rules.pages import PAGES

COMMANDS = sorted(
    {line.command for page in PAGES.values() for _, line in page.lines if line.command}
)
REMEDIES = sorted({line.remedy for page in PAGES.values() for _, line in page.lines})


def found(words: list[str]) -> tuple[click.Command, list[str]]:
    """Return the command that the words name, and what is left for it."""
    ctx = click.Context(main)
    command: click.Command = main
    while isinstance(command, click.Group) and words:
        inner = command.get_command(ctx, words[0])
        assert inner is not None, f"there is no command {words[0]!r}"
        command, words = inner, words[1:]
    return command, words


def test_remedies_name_commands() -> None:
    assert COMMANDS != []


@pytest.mark.parametrize("written", COMMANDS)
def test_a_remedy_names_a_command_that_exists(written: str) -> None:
    program, *words = shlex.split(written)
    command, rest = found(words)
    assert program == "replygate"
    assert command is not main
    options = {name for param in command.params for name in param.opts}
    assert {word for word in rest if word.startswith("--")} <= options


@pytest.mark.parametrize("written", [c for c in COMMANDS if "{" in c])
def test_a_remedy_with_its_fields_filled_in_is_taken(written: str) -> None:
    filled = re.sub(r"\{\w+\}", "x@y.example", written.replace("{new}", "google"))
    command, rest = found(shlex.split(filled)[1:])
    assert not isinstance(command, click.Group)
    command.make_context(command.name, rest)


def test_a_command_within_a_remedy_exists() -> None:
    for remedy in REMEDIES:
        for written in re.findall(r"replygate ((?:[a-z-]+ ?){1,2})", remedy):
            found(written.split())
