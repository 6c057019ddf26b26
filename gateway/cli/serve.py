"""`replygate serve` and `replygate demo`: the gateway itself."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.command import Command, config_file
from gateway.config.load import load_config


@click.command("serve", cls=Command)
@click.pass_context
def serve(ctx: click.Context) -> None:
    """Take mail, decide, record and pass it on, until a signal says stop."""
    from gateway import daemon

    daemon.run(load_config(config_file(ctx)))


@click.command("demo", cls=Command)
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the demo keeps its store and mail, to look at afterwards.",
)
@click.pass_context
def demo(ctx: click.Context, folder: Path | None) -> None:
    """Play a story over SMTP on this machine that shows what is logged, and why."""
    from gateway.demo.play import main as play

    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    ctx.exit(play(folder))
