"""`replygate held`: what a person has to decide."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import click

from gateway.cli.afar import Afar
from gateway.cli.command import Group, config_file
from gateway.cli.log import login_name
from gateway.cli.opening import Flow, Place, open_entries, open_flow, open_registry, place_of
from gateway.cli.options import filter_options, filters_of
from gateway.cli.output import json_option, moment, print_rows, say
from gateway.cli.trouble import CommandError
from gateway.config.load import load_config
from gateway.config.settings import Config
from gateway.model.decision import Outcome, Reason
from gateway.model.entry import Entry
from gateway.store.entries import Filters

COLUMNS = ("entry", "received_at", "author", "subject", "reason", "also", "remedy")
BY = click.option("--by", help="Who decides; else the name of your login.")
ALL = click.option("--all", "everything", is_flag=True, help="All that is held.")


@dataclass(frozen=True, slots=True)
class Order:
    """What a person wants done with what is held."""

    by: str
    contact: str = ""
    route: bool = False
    discard: bool = False


@click.group("held", cls=Group, invoke_without_command=True)
@click.pass_context
def held(ctx: click.Context) -> None:
    """What is held until a person decides; without a command it is listed."""
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_)


@held.command("list")
@json_option
@click.pass_context
def list_(ctx: click.Context, *, as_json: bool = False) -> None:
    """List what is held, oldest first, with every reason that stands in its way."""
    found = _held(place_of(ctx), Filters())
    empty = "Nothing is held."
    print_rows(map(_row, found), COLUMNS, as_json=as_json, empty=empty)


@held.command()
@click.argument("targets", nargs=-1)
@filter_options
@ALL
@click.option("--contact", default="", help="Log it under this contact, an address or a number.")
@click.option("--route", is_flag=True, help="Believe this user from this client from now on.")
@BY
@click.pass_context
def approve(
    ctx: click.Context,
    /,
    targets: Sequence[str],
    *,
    everything: bool,
    contact: str,
    route: bool,
    by: str | None,
    **given: Any,
) -> None:
    """Log TARGETS, entry ids or Message-IDs, or what the options choose."""
    config = place_of(ctx)
    chosen = _choose(config, targets, filters_of(given), everything=everything)
    if isinstance(config, Afar):
        from gateway.cli.afar_entries import decided

        done = decided(config, chosen, do="approve", contact=contact, route=route, by=by)
        say(f"{_count(done)} logged.")
        return
    if contact:
        with open_registry(config) as registry:
            contact = registry.contact(contact).primary
    done = asyncio.run(_decide(config, chosen, Order(by or login_name(), contact, route)))
    say(f"{_count(done)} logged.")


@held.command()
@click.argument("targets", nargs=-1)
@filter_options
@ALL
@BY
@click.pass_context
def discard(
    ctx: click.Context,
    /,
    targets: Sequence[str],
    *,
    everything: bool,
    by: str | None,
    **given: Any,
) -> None:
    """Discard TARGETS, entry ids or Message-IDs, or what the options choose; nothing is kept."""
    config = place_of(ctx)
    chosen = _choose(config, targets, filters_of(given), everything=everything)
    if isinstance(config, Afar):
        from gateway.cli.afar_entries import decided

        done = decided(config, chosen, do="discard", by=by)
    else:
        done = asyncio.run(_decide(config, chosen, Order(by or login_name(), discard=True)))
    say(f"{_count(done)} discarded.")


@held.command()
@json_option
@click.pass_context
def routes(ctx: click.Context, *, as_json: bool) -> None:
    """List the approved routes: which clients are believed, for which user."""
    with open_registry(load_config(config_file(ctx))) as registry:
        rows = [{"network": network, "user": user} for network, user in registry.list_routes()]
    empty = "No route was approved. Approve one: replygate held approve ENTRY --route"
    print_rows(rows, ("network", "user"), as_json=as_json, empty=empty)


@held.command("withdraw-route")
@click.argument("network")
@click.argument("user")
@click.pass_context
def withdraw_route(ctx: click.Context, network: str, user: str) -> None:
    """Believe mail of USER from NETWORK no longer."""
    with open_registry(load_config(config_file(ctx))) as registry:
        registry.withdraw_route(network, user)
    say(f"Mail of {user} from {network} needs a proof again.")


def _held(config: Place, filters: Filters) -> list[Entry]:
    with open_entries(config) as entries:
        return list(entries.search(replace(filters, outcome=Outcome.HELD)))[::-1]


def _choose(
    config: Place, targets: Sequence[str], filters: Filters, *, everything: bool
) -> list[Entry]:
    """Return the held entries that are meant, oldest first."""
    if not targets:
        if not everything and filters == Filters():
            raise click.UsageError("Say which: ids, a filter such as --reason, or --all.")
        return _held(config, filters)
    chosen = []
    with open_entries(config) as entries:
        for target in targets:
            entry = entries.find(target)
            if entry is None or entry.outcome is not Outcome.HELD:
                raise CommandError(f"{target} is not held. See: replygate held list")
            chosen.append(entry)
    return chosen


async def _decide(config: Config, chosen: Sequence[Entry], order: Order) -> int:
    """Carry the order out; return how many were decided so."""
    now = datetime.now(UTC)
    decided, lost = 0, []
    async with open_flow(config) as flow:
        for entry in chosen:
            if order.contact:
                with open_registry(config) as registry:
                    registry.choose_contact(entry.entry_id, order.contact)
            if order.route:
                await _teach(config, flow, entry, order.by)
            if await _carry_out(flow, entry, order, now):
                decided += 1
            else:
                lost.append(entry.entry_id)
        await flow.replayer.settle_waiting(now)
        if order.route:
            decided += await _follow_route(config, flow, now)
    if lost:
        raise CommandError(f"Nothing is kept of {', '.join(lost)}, or it may not be kept.")
    return decided


async def _carry_out(flow: Flow, entry: Entry, order: Order, now: datetime) -> bool:
    """Decide one entry; return whether it could be."""
    replayer, entry_id = flow.replayer, entry.entry_id
    if order.discard:
        return await replayer.discard_by_hand(entry_id, now, by=order.by) is not None
    if order.contact or order.route:
        change = await replayer.replay(entry_id, now, by=order.by)
        if change is not None and change.after.outcome.on_timeline:
            return True
    reason = Reason.APPROVED
    done = await replayer.log_by_hand(
        entry_id, now, by=order.by, reason=reason, under=order.contact
    )
    return done is not None


async def _teach(config: Config, flow: Flow, entry: Entry, by: str) -> None:
    """Approve the route that an entry came by, for the user who sent it."""
    kept = await flow.store.kept(entry.entry_id)
    user = next((answer.evidence.get("address") for answer in _unproven(entry)), None)
    owner = flow.store.directory.user_of(str(user)) if user else None
    if kept is None or owner is None or not kept.envelope.client.address:
        raise CommandError(f"{entry.entry_id} did not come by a route that can be approved.")
    with open_registry(config) as registry:
        network = registry.approve_route(kept.envelope.client.address, owner.key, by)
    say(f"Mail of {owner.key} from {network} is believed from now on.")


async def _follow_route(config: Config, flow: Flow, now: datetime) -> int:
    """Judge anew what was held for want of a proof; return how many of them are logged now."""
    logged = 0
    for entry in _held(config, Filters(reason=Reason.COPY_SENDER_UNVERIFIED)):
        change = await flow.replayer.replay(entry.entry_id, now)
        logged += change is not None and change.differs and change.after.outcome.on_timeline
    return logged


def _unproven(entry: Entry) -> list[Any]:
    unverified = str(Reason.COPY_SENDER_UNVERIFIED)
    return [answer for answer in entry.trace if answer.rule == unverified and answer.matched]


def _row(entry: Entry) -> dict[str, Any]:
    also = [
        answer.rule
        for answer in entry.trace
        if (answer.matched or answer.evidence.get("would_hold"))
        and answer.rule != str(entry.reason)
    ]
    return {
        "entry": entry.entry_id,
        "received_at": moment(entry.received_at),
        "author": entry.author,
        "subject": entry.subject,
        "reason": str(entry.reason),
        "also": list(dict.fromkeys(also)),
        "remedy": entry.remedy,
        "message_id": entry.message_id,
        "kept": entry.kept,
    }


def _count(number: int) -> str:
    return f"{number} message{'' if number == 1 else 's'}"
