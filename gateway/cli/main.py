"""The entry point of `replygate`: the table of its commands."""

from __future__ import annotations

import click

from gateway.cli.command import LazyGroup

COMMANDS = {
    "serve": "gateway.cli.serve:serve",
    "demo": "gateway.cli.serve:demo",
    "check-config": "gateway.cli.check:check_config",
    "doctor": "gateway.cli.check:doctor",
    "user": "gateway.cli.user:user",
    "mailbox": "gateway.cli.mailbox:mailbox",
    "contact": "gateway.cli.contact:contact",
    "never-log": "gateway.cli.never_log:never_log",
    "allow": "gateway.cli.never_log:allow",
    "address": "gateway.cli.check:address",
    "sequence": "gateway.cli.sequence:sequence",
    "decisions": "gateway.cli.decisions:decisions",
    "explain": "gateway.cli.explain:explain",
    "replay": "gateway.cli.replay:replay",
    "log": "gateway.cli.log:log",
    "purge": "gateway.cli.log:purge",
    "rules": "gateway.cli.rules:rules",
    "inspect": "gateway.cli.inspect:inspect",
    "import": "gateway.cli.history:import_",
}


@click.group(
    cls=LazyGroup,
    lazy=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="replygate", message="replygate %(version)s")
def main() -> None:
    """Log email conversations to a CRM timeline from the mail path, and say why.

    Begin with: replygate demo
    """
