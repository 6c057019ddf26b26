"""`replygate never-log` and `replygate allow`: lists of addresses and domains."""

from __future__ import annotations

import click

from gateway.cli.command import Group
from gateway.cli.hints import would_be_logged
from gateway.cli.opening import open_registry, place_of
from gateway.cli.output import json_option, moment, print_rows, say
from gateway.store.entries import Filters


@click.group("never-log", cls=Group)
def never_log() -> None:
    """Addresses and domains whose mail is never logged, of the company or of one user."""


@never_log.command()
@click.argument("pattern")
@click.option("--user", default="", help="Put it on this user's list only.")
@click.pass_context
def add(ctx: click.Context, pattern: str, user: str) -> None:
    """Put PATTERN, an address or a domain, on the list: from now on nothing of it is kept."""
    with open_registry(place_of(ctx)) as registry:
        entry = registry.add_never_log(pattern, user)
    say(f"{entry.pattern} is on the never-log list of {entry.user or 'the company'}.")


@never_log.command()
@click.argument("pattern")
@click.option("--user", default="", help="Take it off this user's list.")
@click.pass_context
def remove(ctx: click.Context, pattern: str, user: str) -> None:
    """Take PATTERN off the list, for future mail: what passed while it was on was not kept."""
    with open_registry(place_of(ctx)) as registry:
        registry.remove_never_log(pattern, user)
    say(f"{pattern} is off the never-log list of {user or 'the company'}.")


@never_log.command("list")
@click.option("--all", "also_removed", is_flag=True, help="Also what was removed.")
@json_option
@click.pass_context
def list_(ctx: click.Context, *, also_removed: bool, as_json: bool) -> None:
    """List what is never logged."""
    with open_registry(place_of(ctx)) as registry:
        rows = [
            {
                "pattern": entry.pattern,
                "list": entry.user or "company",
                "added_at": moment(entry.added_at),
                "removed_at": moment(entry.removed_at) or None,
            }
            for entry in registry.list_never_log(also_removed=also_removed)
        ]
    columns = ("pattern", "list", "added_at", "removed_at")
    print_rows(rows, columns, as_json=as_json, empty="The never-log lists are empty.")


@click.group("allow", cls=Group)
def allow() -> None:
    """Senders whose list, bulk and robot mail may be logged all the same."""


@allow.command("add")
@click.argument("pattern")
@click.pass_context
def allow_add(ctx: click.Context, pattern: str) -> None:
    """Allow the list and robot mail of PATTERN, an address or a domain."""
    config = place_of(ctx)
    with open_registry(config) as registry:
        registry.allow_sender(pattern)
    say(f"List and robot mail of {pattern} may be logged.")
    if "@" in pattern:
        would_be_logged(config, Filters(address=pattern), f"--address {pattern}")


@allow.command("remove")
@click.argument("pattern")
@click.pass_context
def allow_remove(ctx: click.Context, pattern: str) -> None:
    """Log the list and robot mail of PATTERN no longer."""
    with open_registry(place_of(ctx)) as registry:
        registry.disallow_sender(pattern)
    say(f"List and robot mail of {pattern} is not logged any more.")


@allow.command("list")
@json_option
@click.pass_context
def allow_list(ctx: click.Context, *, as_json: bool) -> None:
    """List the senders that are allowed."""
    with open_registry(place_of(ctx)) as registry:
        rows = [{"pattern": pattern} for pattern in registry.list_allowed_senders()]
    print_rows(rows, ("pattern",), as_json=as_json, empty="No sender is allowed.")
