"""`replygate user`: the people whose mail may be logged."""

from __future__ import annotations

from collections.abc import Sequence

import click

from gateway.cli.command import Group, config_file
from gateway.cli.hints import would_be_logged
from gateway.cli.opening import open_registry, place_of
from gateway.cli.output import json_option, print_rows, say
from gateway.config.load import load_config
from gateway.store.entries import Filters


@click.group("user", cls=Group)
def user() -> None:
    """The people of the company whose mail may be logged."""


@user.command()
@click.argument("address")
@click.option("--name", default="", help="The name to show.")
@click.option("--role", type=click.Choice(["member", "admin"]), default="member", show_default=True)
@click.pass_context
def add(ctx: click.Context, address: str, name: str, role: str) -> None:
    """Add a user by the login ADDRESS."""
    with open_registry(place_of(ctx)) as registry:
        added = registry.add_user(address, name, role)
    say(f"{added.key} is a user. Add a mailbox: replygate mailbox add ADDRESS --user {added.key}")


@user.command("list")
@json_option
@click.pass_context
def list_(ctx: click.Context, *, as_json: bool) -> None:
    """List all users."""
    with open_registry(place_of(ctx)) as registry:
        rows = [
            {
                "user": known.key,
                "name": known.name,
                "role": known.role,
                "logging": known.logging,
                "permitted": known.permitted,
                "further": list(known.further),
                "mailboxes": [b.address for b in registry.list_mailboxes() if b.user == known.key],
            }
            for known in registry.list_users()
        ]
    columns = ("user", "name", "role", "logging", "permitted", "further", "mailboxes")
    empty = "There is no user. Add one: replygate user add ADDRESS"
    print_rows(rows, columns, as_json=as_json, empty=empty)


@user.command("logging-on")
@click.argument("address")
@click.pass_context
def logging_on(ctx: click.Context, address: str) -> None:
    """Log the mail of the user with this ADDRESS again."""
    config = place_of(ctx)
    with open_registry(config) as registry:
        registry.set_logging(address, on=True)
    say(f"Logging is on for {address}.")
    would_be_logged(config, Filters(address=address), f"--address {address}")


@user.command("logging-off")
@click.argument("address")
@click.pass_context
def logging_off(ctx: click.Context, address: str) -> None:
    """Log no mail of the user with this ADDRESS any more, as the user wishes."""
    with open_registry(place_of(ctx)) as registry:
        registry.set_logging(address, on=False)
    say(f"Logging is off for {address}: nothing of this user's mail is kept from now on.")


@user.command()
@click.argument("address")
@click.pass_context
def permit(ctx: click.Context, address: str) -> None:
    """Let the user with this ADDRESS log mail."""
    with open_registry(place_of(ctx)) as registry:
        registry.set_permitted(address, on=True)
    say(f"{address} may log mail.")


@user.command()
@click.argument("address")
@click.pass_context
def forbid(ctx: click.Context, address: str) -> None:
    """Forbid the user with this ADDRESS to log mail."""
    with open_registry(place_of(ctx)) as registry:
        registry.set_permitted(address, on=False)
    say(f"{address} may not log mail.")


@user.command("add-address")
@click.argument("address")
@click.argument("further", nargs=-1, required=True)
@click.pass_context
def add_address(ctx: click.Context, address: str, further: Sequence[str]) -> None:
    """Add FURTHER addresses of the user with this ADDRESS, such as a private alias."""
    config = place_of(ctx)
    with open_registry(config) as registry:
        for each in further:
            registry.add_further_address(address, each)
    say(f"Mail from {', '.join(further)} is now that of {address}.")
    for each in further:
        would_be_logged(config, Filters(address=each), f"--address {each}")


@user.command("remove-address")
@click.argument("address")
@click.argument("further", nargs=-1, required=True)
@click.pass_context
def remove_address(ctx: click.Context, address: str, further: Sequence[str]) -> None:
    """Take FURTHER addresses from the user with this ADDRESS."""
    with open_registry(place_of(ctx)) as registry:
        for each in further:
            registry.remove_further_address(address, each)
    say(f"Mail from {', '.join(further)} is not that of {address} any more.")


@user.command()
@click.argument("address")
@click.password_option(help="Asked for when it is not given, which keeps it out of the history.")
@click.pass_context
def password(ctx: click.Context, address: str, password: str) -> None:
    """Set the password with which the user with this ADDRESS signs in to the pages."""
    from gateway.web.vault import Vault

    config = load_config(config_file(ctx))
    with open_registry(config) as registry:
        key = registry.user(address).key
    with Vault(config.gateway.state) as vault:
        vault.set_password(key, password)
    say(f"{key} signs in with this password at the pages of: replygate web")
