"""`replygate decisions`: what was decided, newest first."""

from __future__ import annotations

from typing import Any

import click

from gateway.cli.command import Command, config_file
from gateway.cli.opening import open_entries
from gateway.cli.options import filter_options, filters_of
from gateway.cli.output import json_option, print_rows
from gateway.cli.rows import entry_row
from gateway.config.load import load_config

COLUMNS = ("entry", "received_at", "direction", "author", "subject", "outcome", "reason")


@click.command("decisions", cls=Command)
@filter_options
@json_option
@click.pass_context
def decisions(ctx: click.Context, /, *, as_json: bool, **given: Any) -> None:
    """List decisions, newest first; all options that are given must hold."""
    filters = filters_of(given)
    with open_entries(load_config(config_file(ctx))) as entries:
        rows = (entry_row(entry) for entry in entries.search(filters))
        empty = "No message passed that fits."
        print_rows(rows, COLUMNS, as_json=as_json, empty=empty)
