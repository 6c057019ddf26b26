"""`replygate rules`: the manual page of each reason, out of the rule itself."""

from __future__ import annotations

from typing import Any

import click

from gateway.cli.command import Command
from gateway.cli.options import REASON
from gateway.cli.output import json_option, print_rows, safe
from gateway.model.decision import Reason
from gateway.rules.pages import PAGES, Page, outcome_words


@click.command("rules", cls=Command)
@click.argument("reason", required=False, type=REASON)
@json_option
def rules(reason: str | None, *, as_json: bool) -> None:
    """Explain REASON, or list all reasons in the order in which they are asked."""
    if reason is not None and not as_json:
        click.echo(safe(PAGES[Reason(reason)].text()))
        return
    pages = [PAGES[Reason(reason)]] if reason else list(PAGES.values())
    rows = [_row(page) for page in pages]
    print_rows(rows, ("reason", "stage", "outcome", "when"), as_json=as_json, empty="")


def _row(page: Page) -> dict[str, Any]:
    lines = [
        {
            "direction": direction,
            "outcome": outcome_words(line),
            "when": line.when,
            "remedy": line.remedy,
            "command": line.command,
        }
        for direction, line in page.lines
    ]
    return {
        "reason": str(page.reason),
        "stage": str(page.stage),
        "source": list(page.source),
        "outcome": lines[0]["outcome"],
        "when": lines[0]["when"],
        "lines": lines,
    }
