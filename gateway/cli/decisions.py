"""`replygate decisions`: what was decided, newest first."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import click

from gateway.cli.command import Command
from gateway.cli.opening import open_entries, place_of
from gateway.cli.options import filter_options, filters_of
from gateway.cli.output import json_option, print_rows, say
from gateway.cli.rows import entry_row

PAGE = 100
COLUMNS = ("entry", "received_at", "direction", "author", "subject", "outcome", "reason")


@click.command("decisions", cls=Command)
@filter_options
@json_option
@click.pass_context
def decisions(ctx: click.Context, /, *, as_json: bool, **given: Any) -> None:
    """List decisions, newest first; all options that are given must hold.

    A table shows the newest 100 where no --limit is given; --json prints all of them.
    """
    filters = filters_of(given)
    if filters.limit is None and not as_json:
        filters = replace(filters, limit=PAGE)
    with open_entries(place_of(ctx)) as entries:
        found = entries.search(filters)
        if as_json:
            print_rows(map(entry_row, found), COLUMNS, as_json=True, empty="")
            return
        rows = [entry_row(entry) for entry in found]
    print_rows(rows, COLUMNS, as_json=False, empty="No message passed that fits.")
    if len(rows) == PAGE and not given.get("limit"):
        say(f"These are the newest {PAGE}; for more: --limit, or --until.", style="dim")
