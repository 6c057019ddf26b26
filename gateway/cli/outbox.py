"""`replygate outbox`: what waits to be handed over, and what was refused."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import click

from gateway.cli.command import Group, config_file
from gateway.cli.opening import place_of_store
from gateway.cli.output import json_option, moment, print_json, print_rows, say
from gateway.config.load import load_config
from gateway.model.handover import Standing, State
from gateway.store.outbox import SqliteOutbox
from gateway.store.registry import Registry

COLUMNS = ("push", "sink", "kind", "entry", "state", "attempts", "next_at", "reason", "said")
SINK = click.option("--sink", default="", help="Of this sink only.")
DEAD = click.option("--dead", is_flag=True, help="All that was refused or given up.")


@click.group("outbox", cls=Group, invoke_without_command=True)
@click.pass_context
def outbox(ctx: click.Context) -> None:
    """What waits to be handed over to a CRM; without a command it is listed."""
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_)


@outbox.command("list")
@SINK
@click.option(
    "--state",
    type=click.Choice([str(state) for state in State]),
    help="In this state only; else what waits and what is dead.",
)
@json_option
@click.pass_context
def list_(
    ctx: click.Context, *, sink: str = "", state: str | None = None, as_json: bool = False
) -> None:
    """List the pushes in their order; those that are dead wait for you."""
    box = _open(ctx)
    states = (State(state),) if state else (State.WAITING, State.DEAD)
    rows = map(handover_row, box.listed(sink=sink, states=states))
    print_rows(rows, COLUMNS, as_json=as_json, empty="Nothing waits to be handed over.")
    for pause in () if as_json else box.pauses():
        say(f"{pause.sink} is left alone until {moment(pause.until)}: {pause.said}", "yellow")


@outbox.command()
@click.argument("push", type=int)
@json_option
@click.pass_context
def show(ctx: click.Context, push: int, *, as_json: bool) -> None:
    """Show one PUSH, with what its sink said and what can be done about it."""
    standing = _open(ctx).find(push)
    row = handover_row(standing)
    if as_json:
        print_json(row)
        return
    for name, value in row.items():
        if value not in {None, ""}:
            say(f"{name.replace('_', ' ')}: {value}")
    if standing.state is State.DEAD:
        say(f"When it is mended: replygate outbox retry {push}")
        say(f"To leave it out for good: replygate outbox drop {push}")
    say(f"The message: replygate explain {standing.push.entry_id}")


@outbox.command()
@click.argument("pushes", type=int, nargs=-1)
@SINK
@DEAD
@click.pass_context
def retry(ctx: click.Context, pushes: Sequence[int], *, sink: str, dead: bool) -> None:
    """Try PUSHES again at once, by their numbers."""
    box = _open(ctx)
    count = box.retry(_chosen(box, pushes, sink, dead=dead), datetime.now(UTC))
    say(f"{_count(count)} will be tried again now.")


@outbox.command()
@click.argument("pushes", type=int, nargs=-1)
@SINK
@DEAD
@click.pass_context
def drop(ctx: click.Context, pushes: Sequence[int], *, sink: str, dead: bool) -> None:
    """Take PUSHES out of the queue, by their numbers: their sink is not told of them."""
    box = _open(ctx)
    count = box.drop_by_hand(_chosen(box, pushes, sink, dead=dead))
    say(f"{_count(count)} dropped. The messages stay on the timeline here.")


def _open(ctx: click.Context) -> SqliteOutbox:
    path = place_of_store(load_config(config_file(ctx)))
    Registry(path).close()
    return SqliteOutbox(path)


def _chosen(box: SqliteOutbox, pushes: Sequence[int], sink: str, *, dead: bool) -> list[int]:
    """Return the numbers that are meant. Raises NotListedError for one that is not there."""
    if not pushes and not dead:
        raise click.UsageError("Say which: numbers, or --dead.")
    listed = box.listed(sink=sink, states=(State.DEAD,)) if dead else ()
    return [
        *(box.find(number).push.number for number in pushes),
        *(one.push.number for one in listed),
    ]


def handover_row(standing: Standing) -> dict[str, Any]:
    """Return a push as `outbox list --json` prints it."""
    push = standing.push
    return {
        "push": push.number,
        "sink": push.sink,
        "kind": str(push.kind),
        "entry": push.entry_id,
        "thread": push.thread,
        "state": str(standing.state),
        "attempts": push.attempts,
        "made_at": moment(push.made_at),
        "next_at": moment(standing.next_at),
        "failing_since": moment(push.failing_since) or None,
        "reason": str(standing.reason) if standing.reason else None,
        "said": standing.said,
        "key": push.key,
        "theirs": push.theirs,
    }


def handover_words(standing: Standing) -> str:
    """Return how it stands with one push, in a sentence or two."""
    push, state = standing.push, standing.state
    words = f"{push.kind} to {push.sink}: {state}"
    if state in {State.DONE, State.DROPPED}:
        return f"{words}."
    reason = f" ({standing.reason})" if standing.reason else ""
    said = f" {standing.said.rstrip('.')}." if standing.said else ""
    return f"{words}{reason}.{said} See: replygate outbox show {push.number}"


def _count(number: int) -> str:
    return f"{number} push{'' if number == 1 else 'es'}"
