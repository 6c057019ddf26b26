"""The entry point of `replygate`: the table of its commands."""

from __future__ import annotations

import os
from importlib import metadata

import click

from gateway.cli.command import LazyGroup

COMMANDS = {
    "Run it": {
        "serve": "gateway.cli.serve:serve",
        "web": "gateway.cli.web:web",
        "demo": "gateway.cli.serve:demo",
        "check-config": "gateway.cli.check:check_config",
        "doctor": "gateway.cli.check:doctor",
    },
    "Whose mail counts, and how": {
        "user": "gateway.cli.user:user",
        "mailbox": "gateway.cli.mailbox:mailbox",
        "contact": "gateway.cli.contact:contact",
        "policy": "gateway.cli.policy:policy",
        "never-log": "gateway.cli.never_log:never_log",
        "allow": "gateway.cli.never_log:allow",
        "address": "gateway.cli.address:address",
        "token": "gateway.cli.token:token",
        "sequence": "gateway.cli.sequence:sequence",
    },
    "Ask": {
        "decisions": "gateway.cli.decisions:decisions",
        "explain": "gateway.cli.explain:explain",
        "rules": "gateway.cli.rules:rules",
        "inspect": "gateway.cli.inspect:inspect",
        "digest": "gateway.cli.digest:digest",
        "scanner": "gateway.cli.scanner:scanner",
        "query": "gateway.cli.query:query",
    },
    "Put right": {
        "replay": "gateway.cli.replay:replay",
        "held": "gateway.cli.held:held",
        "log": "gateway.cli.log:log",
    },
    "Mail and people from elsewhere, and the CRM": {
        "import": "gateway.cli.history:import_",
        "sync": "gateway.cli.sync:sync",
        "outbox": "gateway.cli.outbox:outbox",
        "shadow": "gateway.cli.shadow:shadow",
    },
    "Keep, and forget": {
        "purge": "gateway.cli.log:purge",
        "erase": "gateway.cli.keeping:erase",
        "export": "gateway.cli.keeping:export",
        "backup": "gateway.cli.keeping:backup",
        "restore": "gateway.cli.keeping:restore",
        "store": "gateway.cli.store:store",
        "vacuum": "gateway.cli.keeping:vacuum",
    },
}
"""Where each command is, by the section of the help in which it is listed."""


def _show_version(ctx: click.Context, _: click.Parameter, asked: bool) -> None:  # noqa: FBT001 - click
    if asked:
        click.echo(f"replygate {_version()}")
        ctx.exit()


def _version() -> str:
    """Return the version of the distribution; a checkout that is not installed has none."""
    try:
        return metadata.version("replygate")
    except metadata.PackageNotFoundError:
        return "(not installed)"


@click.group(
    cls=LazyGroup,
    lazy=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_show_version,
    help="Show the version and exit.",
)
@click.option(
    "--remote", metavar="URL", help="A gateway elsewhere, by its API; else $REPLYGATE_URL."
)
@click.option(
    "--token-file",
    type=click.Path(exists=True, dir_okay=False),
    metavar="F",
    help="Holds the token for it; else $REPLYGATE_TOKEN is the token.",
)
@click.pass_context
def main(ctx: click.Context, remote: str | None, token_file: str | None) -> None:
    """Log email conversations to a CRM timeline from the mail path, and say why.

    Begin with: replygate demo
    """
    ctx.meta.update(remote=remote, token_file=token_file)
    # Whatever a command makes beside the record holds mail, and is nobody else's to read.
    os.umask(0o077)
