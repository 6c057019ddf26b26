"""`replygate mailbox`: the connected inboxes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from gateway.cli.command import Group
from gateway.cli.hints import would_be_logged
from gateway.cli.opening import open_registry, place_of
from gateway.cli.options import AT
from gateway.cli.output import json_option, moment, print_rows, say
from gateway.model.directory import Mailbox
from gateway.store.company import PROVIDERS
from gateway.store.entries import Filters
from gateway.store.people import Enrolled
from gateway.store.registry import Registry

if TYPE_CHECKING:
    from gateway.cli.afar_registry import AfarRegistry

PROVIDER = click.Choice(PROVIDERS)


@click.group("mailbox", cls=Group)
def mailbox() -> None:
    """The inboxes whose mail is followed, each of a user or of a team."""


@mailbox.command()
@click.argument("address")
@click.option("--user", "owner", help="The address of the user whose mailbox it is.")
@click.option("--shared", is_flag=True, help="It is of a team; what is sent from it is logged.")
@click.option("--provider", type=PROVIDER, default="other", show_default=True)
@click.option("--alias", "aliases", multiple=True, help="A further or former address of it.")
@click.option("--log-sent", type=click.Choice(["marked", "always"]), help="What is logged of it.")
@click.option("--disconnected", is_flag=True, help="Add it, but do not connect it.")
@AT
@click.pass_context
def add(
    ctx: click.Context,
    address: str,
    *,
    owner: str | None,
    provider: str,
    aliases: Sequence[str],
    log_sent: str | None,
    at: datetime | None,
    shared: bool,
    disconnected: bool,
) -> None:
    """Add the mailbox with this ADDRESS and connect it."""
    if shared == (owner is not None):
        raise click.UsageError("Say whose it is: --user ADDRESS, or --shared for a team's.")
    config = place_of(ctx)
    with open_registry(config) as registry:
        added = registry.add_mailbox(
            address, owner, provider, aliases=aliases, log_sent=log_sent, at=at
        )
        if not disconnected:
            registry.connect(added.address, at=at)
    say(f"{added.address} is {'added' if disconnected else 'connected'} ({provider}).")
    would_be_logged(config, Filters(address=added.address), f"--address {added.address}")


@mailbox.command()
@click.argument("address")
@click.option("--provider", type=PROVIDER, help="The provider that it has now, when it changed.")
@AT
@click.pass_context
def connect(ctx: click.Context, address: str, provider: str | None, at: datetime | None) -> None:
    """Connect the mailbox with this ADDRESS, or connect it anew with another provider."""
    config = place_of(ctx)
    with open_registry(config) as registry:
        box = registry.connect(address, provider, at=at)
    say(f"{box.address} is connected ({_connected_with(box)}).")
    would_be_logged(config, Filters(address=box.address), f"--address {box.address}")


@mailbox.command()
@click.argument("address")
@AT
@click.pass_context
def disconnect(ctx: click.Context, address: str, at: datetime | None) -> None:
    """End the connection of the mailbox with this ADDRESS."""
    with open_registry(place_of(ctx)) as registry:
        box = registry.disconnect(address, at=at)
        say(f"{box.address} is disconnected: replies to it are not logged until it is connected.")
        _warn(registry, box)


@mailbox.command("change-provider")
@click.argument("address")
@click.argument("provider", type=PROVIDER)
@AT
@click.pass_context
def change_provider(ctx: click.Context, address: str, provider: str, at: datetime | None) -> None:
    """Say that the mailbox with this ADDRESS lives at PROVIDER now.

    Its connection stays as it is, until it is connected there.
    """
    with open_registry(place_of(ctx)) as registry:
        box = registry.change_provider(address, provider, at=at)
        command = f"replygate mailbox connect {box.address} --provider {provider}"
        say(f"{box.address} lives at {provider}. Connect it there: {command}")
        _warn(registry, box)


@mailbox.command("log-sent")
@click.argument("address")
@click.argument("what", type=click.Choice(["marked", "always"]))
@click.pass_context
def log_sent(ctx: click.Context, address: str, what: str) -> None:
    """Say WHAT is logged of the mail that is sent from the mailbox with this ADDRESS."""
    with open_registry(place_of(ctx)) as registry:
        box = registry.set_log_sent(address, what)
    means = "everything" if what == "always" else "what is marked"
    say(f"Of the mail sent from {box.address}, {means} is logged.")


@mailbox.command("list")
@json_option
@click.pass_context
def list_(ctx: click.Context, *, as_json: bool) -> None:
    """List all mailboxes."""
    with open_registry(place_of(ctx)) as registry:
        rows = [_row(box) for box in registry.list_mailboxes()]
    columns = ("mailbox", "of", "provider", "connected", "connected_with", "since", "log_sent")
    empty = "There is no mailbox. Add one: replygate mailbox add ADDRESS --user USER"
    print_rows(rows, columns, as_json=as_json, empty=empty)


def _row(box: Mailbox) -> dict[str, Any]:
    now = datetime.now(UTC)
    connection = box.connection_at(now)
    return {
        "mailbox": box.address,
        "of": box.user or "(team)",
        "shared": box.shared,
        "aliases": list(box.aliases),
        "provider": box.provider_at(now),
        "connected": connection is not None,
        "connected_with": connection.provider if connection else "",
        "since": moment(connection.connected_at) if connection else "",
        "log_sent": box.log_sent,
        "connections": [
            {
                "provider": past.provider,
                "connected_at": moment(past.connected_at),
                "disconnected_at": moment(past.disconnected_at) or None,
            }
            for past in box.connections
        ],
    }


def _connected_with(box: Mailbox) -> str:
    return box.connections[-1].provider if box.connections else "other"


def _warn(registry: Registry | AfarRegistry, box: Mailbox) -> None:
    """List the enrolments that no reply can end any more (S16)."""
    risky = [one for one in registry.at_risk() if one.enrolment.mailbox == box.address]
    if risky:
        say("These enrolments are at risk: replies no longer end them.", style="bold yellow")
        rows = [enrolment_row(one) for one in risky]
        print_rows(rows, ("contact", "sequence", "at_risk"), as_json=False, empty="")


def enrolment_row(one: Enrolled) -> dict[str, Any]:
    """Return an enrolment as listings show it."""
    return {
        "contact": one.contact,
        "sequence": one.enrolment.sequence,
        "mailbox": one.enrolment.mailbox,
        "state": "ended" if one.ended_at else ("at risk" if one.at_risk else "open"),
        "enrolled_at": moment(one.enrolled_at),
        "ended_at": moment(one.ended_at) or None,
        "ended_by": one.ended_by,
        "at_risk": one.at_risk,
    }
