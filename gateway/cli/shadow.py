"""`replygate shadow`: what the CRM's own mailbox reader has logged, beside what is logged here."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from gateway.cli.command import Command, config_file
from gateway.cli.opening import open_entries
from gateway.cli.options import Moment
from gateway.cli.output import json_option, moment, print_rows, say
from gateway.cli.trouble import CommandError
from gateway.config.load import load_config
from gateway.config.settings import Config, Sink
from gateway.handover import crm_settings
from gateway.interfaces import SinkRefusedError, SinkUnavailableError
from gateway.sinks.espocrm import espo_client
from gateway.sinks.hubspot_api import hubspot_client
from gateway.store.entries import Filters
from gateway.sync.logged import logged_by_espocrm, logged_by_hubspot
from gateway.sync.shadow import APART, Logged, Pair, Where, compare

COLUMNS = ("logged", "at", "author", "subject", "outcome", "reason", "entry")
USUAL = timedelta(days=7)


@click.command("shadow", cls=Command)
@click.argument("sink")
@click.option("--since", type=Moment(), help="From then on; else the last seven days.")
@click.option("--differs", is_flag=True, help="Only what one of both has.")
@json_option
@click.pass_context
def shadow(
    ctx: click.Context, sink: str, *, since: datetime | None, differs: bool, as_json: bool
) -> None:
    """Compare what the CRM of SINK has logged by itself with what is logged here.

    SINK is a [[sink]] of kind hubspot or espocrm; nothing is changed there. What this gateway
    handed over to it does not count as its own.
    """
    config = load_config(config_file(ctx))
    chosen = _chosen(config, sink)
    begin = since or datetime.now(UTC) - USUAL
    theirs = asyncio.run(_read(chosen, begin))
    with open_entries(config) as entries:
        # What is theirs at the edge may have come by a little earlier here.
        ours = list(entries.search(Filters(since=begin - APART)))
    pairs = [pair for pair in compare(theirs, ours) if pair.at >= begin]
    shown = [pair for pair in pairs if not differs or pair.where is not Where.BOTH]
    print_rows(map(pair_row, shown), COLUMNS, as_json=as_json, empty="Neither has logged anything.")
    if not as_json:
        counts = Counter(pair.where for pair in pairs)
        say(", ".join(f"{where}: {counts[where]}" for where in Where))


def pair_row(pair: Pair) -> dict[str, Any]:
    """Return a message as `shadow --json` prints it."""
    entry, logged = pair.entry, pair.logged
    return {
        "logged": str(pair.where),
        "at": moment(pair.at),
        "author": entry.author if entry else logged.author if logged else "",
        "subject": (entry.subject if entry else "") or (logged.subject if logged else ""),
        "outcome": str(entry.outcome) if entry else None,
        "reason": str(entry.reason) if entry else "never came by",
        "remedy": entry.remedy if entry else "",
        "entry": entry.entry_id if entry else None,
        "message_id": entry.message_id if entry else logged.message_id if logged else "",
        "theirs": logged.theirs if logged else None,
    }


async def _read(sink: Sink, since: datetime) -> list[Logged]:
    """Return what the CRM has. Raises CommandError."""
    secret, settings = (sink.secret.reveal() if sink.secret else ""), crm_settings(sink)
    is_hubspot = sink.kind == "hubspot"
    client = (hubspot_client if is_hubspot else espo_client)(
        secret, settings, lambda: datetime.now(UTC)
    )
    try:
        read = logged_by_hubspot if is_hubspot else logged_by_espocrm
        return await read(client, since)
    except (SinkUnavailableError, SinkRefusedError) as error:
        raise CommandError(str(error)) from error
    finally:
        await client.close()


def _chosen(config: Config, name: str) -> Sink:
    """Return the sink that is meant. Raises CommandError."""
    known = [one for one in config.sinks if one.kind in {"hubspot", "espocrm"}]
    for one in known:
        if one.name == name:
            return one
    named = ", ".join(one.name for one in known) or "none"
    raise CommandError(
        f"{name} is no [[sink]] of kind hubspot or espocrm (there is: {named}). The others tell"
        " nobody what their own readers have logged."
    )
