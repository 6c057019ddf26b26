"""`replygate log` and `replygate purge`: what people and time decide."""

from __future__ import annotations

import asyncio
import getpass
import os
from datetime import UTC, datetime

import click

from gateway.cli.afar import Afar
from gateway.cli.command import Command, config_file
from gateway.cli.hints import CURABLE
from gateway.cli.opening import Flow, Place, open_entries, open_flow, open_registry, place_of
from gateway.cli.output import say
from gateway.cli.trouble import CommandError
from gateway.config.load import load_config
from gateway.config.settings import Config
from gateway.model.decision import Outcome, Reason
from gateway.model.entry import Entry
from gateway.store.entries import Filters


@click.command("log", cls=Command)
@click.argument("target")
@click.option("--thread", is_flag=True, help="Log all of its conversation, afterwards too.")
@click.option("--contact", help="Log it under this contact, an address or a number.")
@click.option("--by", help="Who decides; else the name of your login.")
@click.pass_context
def log(
    ctx: click.Context, target: str, *, thread: bool, contact: str | None, by: str | None
) -> None:
    """Log TARGET by hand, an entry id or a Message-ID, whatever the rules said of it.

    With --contact the rules are asked first, now that it is settled whose message it is.
    """
    config = place_of(ctx)
    entry = _find(config, target)
    if isinstance(config, Afar):
        from gateway.cli.afar_entries import logged

        others = logged(config, entry, thread=thread, contact=contact or "", by=by)
        _say_logged(entry, others)
        return
    if contact is not None:
        with open_registry(config) as registry:
            known: int | str = int(contact) if contact.isdecimal() else contact
            registry.choose_contact(entry.entry_id, known)
    others = asyncio.run(
        _log(config, entry, by or login_name(), thread=thread, chosen=bool(contact))
    )
    _say_logged(entry, others)


def _say_logged(entry: Entry, others: int) -> None:
    more = f", and {others} others of its thread" if others else ""
    say(f"Logged: {entry.subject or entry.entry_id}{more}.")


@click.command("purge", cls=Command)
@click.pass_context
def purge(ctx: click.Context) -> None:
    """Free the content whose time is over, as the retention of the policy says.

    Decisions that no longer hold, and events that every sink has, go after the days of [store].
    """
    config = load_config(config_file(ctx))

    count, rows = asyncio.run(_free(config))
    say(f"The content of {count} messages was freed; their decisions stay.")
    if rows:
        say(f"{rows} superseded decisions and finished events were forgotten.")


async def _free(config: Config) -> tuple[int, int]:
    now = datetime.now(UTC)
    async with open_flow(config) as flow:
        rows = await flow.store.prune(*config.store.over_at(now))
        return await flow.store.purge(now), rows


def _find(config: Place, target: str) -> Entry:
    with open_entries(config) as entries:
        entry = entries.find(target)
    if entry is None:
        raise CommandError(f"There is no entry {target}. See: replygate decisions")
    return entry


async def _log(config: Config, entry: Entry, by: str, *, thread: bool, chosen: bool) -> int:
    """Log the entry, and its thread when asked; return how many others were logged with it.

    Of the others the rules are asked first, now that the thread is tracked; what they still stop
    is logged all the same, since a person asked for all of it.
    """
    now = datetime.now(UTC)
    others = _stopped(config, entry) if thread else []
    logged = 0
    async with open_flow(config) as flow:
        done = entry.outcome.on_timeline or (chosen and await _by_rule(flow, entry, by, now))
        if not done and not await _by_hand(flow, entry, by, now):
            why = "nothing of its content is kept, or it may not be"
            raise CommandError(f"{entry.entry_id} cannot be logged: {why}. Forward it instead.")
        for other in others:
            by_rule = await _by_rule(flow, other, by, now)
            logged += by_rule or await _by_hand(flow, other, by, now)
        if thread:
            with open_registry(config) as registry:
                registry.log_thread(entry.entry_id)
        changes = await flow.replayer.settle_waiting(now)
    return logged + sum(change.after.outcome.on_timeline for change in changes)


async def _by_rule(flow: Flow, entry: Entry, by: str, now: datetime) -> bool:
    """Judge one entry anew; return whether the rules log it now."""
    change = await flow.replayer.replay(entry.entry_id, now, by=by)
    return change is not None and change.after.outcome.on_timeline


async def _by_hand(flow: Flow, entry: Entry, by: str, now: datetime) -> bool:
    """Log one entry; return whether it could be."""
    reason = Reason.APPROVED if entry.outcome is Outcome.HELD else Reason.LOGGED_BY_HAND
    done = await flow.replayer.log_by_hand(entry.entry_id, now, by=by, reason=reason)
    return done is not None


def _stopped(config: Config, entry: Entry) -> list[Entry]:
    """Return the others of its thread that are kept and not logged, oldest first."""
    if entry.thread_id is None:
        return []
    with open_entries(config) as entries:
        found = [
            other
            for other in entries.search(Filters(thread=entry.thread_id, kept=True))
            if other.outcome in CURABLE and other.entry_id != entry.entry_id
        ]
    return found[::-1]


def login_name() -> str:
    """Return the name of whoever calls the command."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"
