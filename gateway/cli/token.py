"""`replygate token`: tokens with which programs use the API, and this command from afar."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

import click

from gateway.cli.command import Group, config_file
from gateway.cli.opening import open_registry, place_of_store
from gateway.cli.output import json_option, moment, print_json, print_rows, say
from gateway.config.load import load_config
from gateway.web.tokens import Scope, Token, Tokens

COLUMNS = ("token", "user", "name", "scopes", "made_at", "until", "used_at", "revoked_at")


@click.group("token", cls=Group)
def token() -> None:
    """Tokens of the API; each acts for a user, as far as its scopes and his role go."""


@token.command()
@click.argument("user")
@click.option("--name", default="", help="What it is for; shown in lists.")
@click.option(
    "--scope",
    "scopes",
    type=click.Choice(get_args(Scope)),
    multiple=True,
    default=("read",),
    show_default=True,
    help="What it is good for; several may be named.",
)
@click.option(
    "--days",
    type=click.IntRange(1, 3650),
    default=365,
    show_default=True,
    help="How long it is good.",
)
@json_option
@click.pass_context
def create(
    ctx: click.Context, user: str, *, name: str, scopes: Sequence[Scope], days: int, as_json: bool
) -> None:
    """Make a token for USER. It is printed this once, alone on a line.

    `read` looks, `act` does what a member may do on the pages, `admin` what only an admin may.
    """
    config = load_config(config_file(ctx))
    with open_registry(config) as registry:
        key = registry.user(user).key
    with Tokens(config.gateway.state) as tokens:
        secret, made = tokens.create(key, name, scopes, days)
    if as_json:
        print_json({**token_row(made), "secret": secret})
        return
    click.echo(secret)
    words = " ".join(made.scopes)
    click.echo(f"Token {made.number} of {key} ({words}); it is not shown again.", err=True)


@token.command("list")
@json_option
@click.pass_context
def list_(ctx: click.Context, *, as_json: bool) -> None:
    """List all tokens, without what they are."""
    config = load_config(config_file(ctx))
    place_of_store(config)
    with Tokens(config.gateway.state) as tokens:
        rows = [token_row(one) for one in tokens.listed()]
    empty = "There is no token. Make one: replygate token create USER"
    print_rows(rows, COLUMNS, as_json=as_json, empty=empty)


@token.command()
@click.argument("number", type=int)
@click.pass_context
def revoke(ctx: click.Context, number: int) -> None:
    """End the token with this NUMBER, at once."""
    config = load_config(config_file(ctx))
    place_of_store(config)
    with Tokens(config.gateway.state) as tokens:
        gone = tokens.revoke(number)
    say(f"Token {gone.number} of {gone.user} is revoked.")


def token_row(one: Token) -> dict[str, Any]:
    """Return a token as listings show it."""
    return {
        "token": one.number,
        "user": one.user,
        "name": one.name,
        "scopes": list(one.scopes),
        "made_at": moment(one.made_at),
        "until": moment(one.until) or None,
        "used_at": moment(one.used_at) or None,
        "revoked_at": moment(one.revoked_at) or None,
    }
