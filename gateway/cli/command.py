"""What all commands share: where the configuration is found, and how trouble is told."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click

from gateway.cli.trouble import CommandError

DEBUG = "REPLYGATE_DEBUG"
CONFIG = "REPLYGATE_CONFIG"
URL = "REPLYGATE_URL"
"""Names a gateway afar, where --remote does not."""
WHOLE_SENTENCE = 1_000
"""Characters of a command's first sentence that a list of commands shows: all of it, wrapped."""
PLACES = (Path("replygate.toml"), Path("/etc/replygate/replygate.toml"))


def config_file(ctx: click.Context) -> Path:
    """Return the configuration file: --config, $REPLYGATE_CONFIG, or the usual places.

    Raises CommandError where a gateway afar is named: the command works on this machine alone.
    """
    if ctx.find_root().meta.get("remote") or os.environ.get(URL, ""):
        raise CommandError(
            f"{ctx.command_path} works on the gateway's own machine alone. Leave --remote out, and"
            f" unset ${URL}."
        )
    if (named := ctx.find_root().meta.get("config")) is not None:
        return Path(named)
    if named := os.environ.get(CONFIG, ""):
        return Path(named)
    for place in PLACES:
        if place.is_file():
            return place
    raise CommandError(
        f"There is no configuration: {' and '.join(map(str, PLACES))} are absent. "
        f"Name a file with --config or ${CONFIG}."
    )


def _remember(ctx: click.Context, _: click.Parameter, value: str | None) -> None:
    if value is not None:
        ctx.find_root().meta["config"] = value


def _config_option() -> click.Option:
    return click.Option(
        ["--config"],
        type=click.Path(dir_okay=False),
        expose_value=False,
        callback=_remember,
        metavar="FILE",
        help=f"The configuration; else ${CONFIG}, ./{PLACES[0]}, {PLACES[1]}.",
    )


class Command(click.Command):
    """A command that takes --config, and whose trouble is one sentence."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.append(_config_option())

    def invoke(self, ctx: click.Context) -> Any:
        """Run it; tell trouble as one sentence, with exit code 1."""
        if os.environ.get(DEBUG):
            return super().invoke(ctx)
        try:
            return super().invoke(ctx)
        except (click.exceptions.Exit, click.Abort, click.ClickException, BrokenPipeError):
            raise
        except Exception as error:
            raise CommandError.of(error) from error


class Group(click.Group):
    """A group of such commands."""

    command_class = Command

    def sections(self, ctx: click.Context) -> Mapping[str, Iterable[str]]:
        """Return the names of the commands, by the heading under which the help lists them."""
        return {"Commands": self.list_commands(ctx)}

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands, each with its whole first sentence."""
        column = max(map(len, self.list_commands(ctx)))
        for heading, names in self.sections(ctx).items():
            known = {name.ljust(column): self.get_command(ctx, name) for name in names}
            with formatter.section(heading):
                formatter.write_dl(
                    [
                        (name, one.get_short_help_str(WHOLE_SENTENCE))
                        for name, one in known.items()
                        if one
                    ]
                )


Group.group_class = Group


class LazyGroup(Group):
    """The group of all commands, each loaded when it is named; --config may stand before them."""

    def __init__(self, *args: Any, lazy: Mapping[str, Mapping[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by_section = lazy
        self.lazy = {name: place for section in lazy.values() for name, place in section.items()}
        self.params.append(_config_option())

    def sections(self, ctx: click.Context) -> Mapping[str, Iterable[str]]:
        """Return the sections of the table."""
        del ctx
        return self.by_section

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, in the order of the table."""
        del ctx
        return list(self.lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of this name, or None."""
        del ctx
        if cmd_name not in self.lazy:
            return None
        module, _, name = self.lazy[cmd_name].partition(":")
        command = getattr(importlib.import_module(module), name)
        return command if isinstance(command, click.Command) else None
