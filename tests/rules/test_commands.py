"""Every command that a remedy names exists, and takes the arguments that it is given."""

from __future__ import annotations

import shlex
import string
from pathlib import Path

import click
import pytest

from gateway.cli.main import main
from gateway.rules.pages import PAGES

COMMANDS = sorted(
    {line.command for page in PAGES.values() for _, line in page.lines if line.command}
)
SAMPLES = {"new": "microsoft365"}


def filled(command: str) -> str:
    names = [name for _, name, _, _ in string.Formatter().parse(command) if name]
    return command.format_map({name: SAMPLES.get(name, f"{name}@x.example") for name in names})


@pytest.mark.parametrize("command", COMMANDS)
def test_command_of_a_remedy_can_be_run(command: str, tmp_path: Path) -> None:
    program, *words = shlex.split(filled(command).replace("PATH", str(tmp_path)))
    assert program == "replygate"
    found: click.Command = main
    context = click.Context(main, info_name=program)
    while isinstance(found, click.Group):
        name, found_or_none, words = found.resolve_command(context, words)
        assert found_or_none is not None
        found = found_or_none
        context = click.Context(found, info_name=name, parent=context)
    found.make_context(found.name, words, parent=context.parent)
