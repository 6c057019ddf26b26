"""`replygate import`: history comes in."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import click

from gateway.cli.command import Command, config_file
from gateway.cli.hints import would_be_logged
from gateway.cli.opening import Flow, open_entries, open_flow
from gateway.cli.output import json_option, print_json, print_rows, progress, say
from gateway.cli.trouble import CommandError
from gateway.config.load import load_config
from gateway.config.settings import Config
from gateway.intake.backfill import Found, direction_of, find_messages, historic_envelope
from gateway.mail.reading import read_heading
from gateway.model.envelope import Direction, Envelope, Relayed, RelayState
from gateway.pipeline import InspectionDeferredError
from gateway.store.entries import Filters

DIRECTIONS = {"incoming": Direction.INCOMING, "outgoing": Direction.OUTGOING}


@dataclass(frozen=True, slots=True)
class Wish:
    """How the messages are to be taken."""

    direction: Direction | None
    mailbox: str
    folder: str | None
    as_logged: bool


@dataclass(slots=True)
class Taken:
    """What came of it."""

    entries: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)


@click.command("import", cls=Command)
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--direction", type=click.Choice(list(DIRECTIONS)), help="Else folder and author tell it."
)
@click.option("--mailbox", default="", help="The address in whose mailbox the mail lay.")
@click.option("--folder", help="The folder that it lay in, in place of the one that is found.")
@click.option("--as-logged", is_flag=True, help="It is sent mail, and counts as logged.")
@json_option
@click.pass_context
def import_(
    ctx: click.Context,
    paths: Sequence[Path],
    *,
    direction: str | None,
    mailbox: str,
    folder: str | None,
    as_logged: bool,
    as_json: bool,
) -> None:
    """Take the messages of PATHS in: mbox files, Maildirs, .eml files, or folders of these.

    Each message gets a decision as if it had come by; nothing is sent anywhere. What is already
    there is recognised.
    """
    if as_logged and direction == "incoming":
        raise click.UsageError("--as-logged is for sent mail: leave --direction out.")
    config = load_config(config_file(ctx))
    way = Direction.OUTGOING if as_logged else DIRECTIONS.get(direction or "")
    wish = Wish(way, mailbox, folder, as_logged)
    found = [each for path in paths for each in find_messages(path)]
    taken = asyncio.run(_take(config, found, wish))
    _tell(config, taken, as_json=as_json)
    if taken.entries and not as_json:
        would_be_logged(config, Filters(), "--all")
    if taken.unread:
        raise CommandError(f"{len(taken.unread)} could not be read: {'; '.join(taken.unread[:5])}")


async def _take(config: Config, found: Sequence[Found], wish: Wish) -> Taken:
    taken = Taken()
    async with open_flow(config) as flow:
        with progress("Importing", len(found)) as step:
            for each in found:
                try:
                    taken.entries += await _one(flow, _envelope(flow, each, wish), wish)
                except (OSError, InspectionDeferredError) as error:
                    taken.unread.append(f"{each.place} ({error or type(error).__name__})")
                step(1)
        await flow.replayer.settle_waiting(datetime.now(UTC))
    return taken


def _envelope(flow: Flow, found: Found, wish: Wish) -> Envelope:
    octets = found.read()
    if wish.folder is not None:
        found = Found(found.place, wish.folder, found.read, found.stored_at)
    is_company = flow.store.directory.is_company
    direction = wish.direction or direction_of(found, read_heading(octets), is_company)
    return historic_envelope(found, octets, direction, wish.mailbox, datetime.now(UTC))


async def _one(flow: Flow, envelope: Envelope, wish: Wish) -> tuple[str, ...]:
    if wish.as_logged:
        return await flow.pipeline.take_as_logged(envelope, datetime.now(UTC))
    return await flow.pipeline.take_in(envelope, Relayed(RelayState.BY_MTA), datetime.now(UTC))


def _tell(config: Config, taken: Taken, *, as_json: bool) -> None:
    """Say what became of the messages, by outcome and reason."""
    with open_entries(config) as entries:
        found = [entries.find(entry_id) for entry_id in taken.entries]
    known = [entry for entry in found if entry is not None]
    if as_json:
        for entry in known:
            print_json(
                {
                    "entry": entry.entry_id,
                    "message_id": entry.message_id,
                    "outcome": str(entry.outcome),
                    "reason": str(entry.reason),
                }
            )
        return
    counts = Counter((str(entry.outcome), str(entry.reason)) for entry in known)
    rows = [
        {"messages": number, "outcome": outcome, "reason": reason}
        for (outcome, reason), number in counts.most_common()
    ]
    print_rows(rows, ("messages", "outcome", "reason"), as_json=False, empty="No message found.")
    if len(set(taken.entries)) < len(taken.entries):
        say(f"{len(taken.entries) - len(set(taken.entries))} were there already.")
