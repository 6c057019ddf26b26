"""`replygate web`: the pages, in a process of their own."""

from __future__ import annotations

import click

from gateway.cli.command import Command, config_file
from gateway.cli.output import say
from gateway.config.load import load_config


@click.command("web", cls=Command)
@click.pass_context
def web(ctx: click.Context) -> None:
    """Serve the timeline, the reasons and the settings as web pages, until a signal says stop."""
    from gateway.web.server import run

    config = load_config(config_file(ctx))
    say(f"The pages are at {config.web.public_url or f'http://{config.web.address}'}")
    run(config)
