"""`replygate address`: the gateway's own addresses, and the secret ones of users."""

from __future__ import annotations

import secrets
from typing import Final

import click

from gateway.cli.command import Group, config_file
from gateway.cli.opening import open_entries, open_registry
from gateway.cli.output import json_option, print_rows, say
from gateway.cli.trouble import CommandError
from gateway.config.load import load_config
from gateway.config.settings import Config
from gateway.model.directory import LoggingAddress

TOKEN_OCTETS: Final = 10
"""80 bits: nobody guesses one, and it can still be copied by hand."""
ALPHABET: Final = "abcdefghijkmnpqrstuvwxyz23456789"
"""Letters and digits that nobody takes for others; one of 32 holds five bits."""


@click.group("address", cls=Group)
def address() -> None:
    """Where to BCC and forward to: addresses for all, and a secret one for each user."""


@address.command("list")
@json_option
@click.pass_context
def list_(ctx: click.Context, *, as_json: bool) -> None:
    """List the gateway's own addresses: those of the configuration, then those of users."""
    config = load_config(config_file(ctx))
    with open_registry(config) as registry:
        known = (*config.addresses, *registry.list_logging_addresses())
    rows = [
        {"address": one.key, "takes": one.use, "user": one.user, "thread_of": one.cites}
        for one in known
    ]
    empty = "There is none. Add one under [addresses] in the configuration."
    print_rows(rows, ("address", "takes", "user", "thread_of"), as_json=as_json, empty=empty)


@address.command()
@click.argument("user")
@click.pass_context
def create(ctx: click.Context, user: str) -> None:
    """Make a secret address for USER: what comes to it in BCC is believed to be his."""
    config = load_config(config_file(ctx))
    base = _base(config)
    with open_registry(config) as registry:
        made = registry.add_logging_address(_secret(base), base.use, user)
    say(f"{made.key} logs what {made.user} sends to it. Keep it secret, and put it in BCC.")


@address.command()
@click.argument("user")
@click.pass_context
def rotate(ctx: click.Context, user: str) -> None:
    """Make a new secret address for USER; his old ones are taken no more."""
    config = load_config(config_file(ctx))
    base = _base(config)
    with open_registry(config) as registry:
        gone = registry.replace_logging_addresses(user, made := _secret(base), base.use)
    old = f"; {', '.join(gone)} is taken no more" if gone else ""
    say(f"{made} is the new secret address{old}.")


@address.command()
@click.argument("target")
@click.pass_context
def thread(ctx: click.Context, target: str) -> None:
    """Make an address for the conversation of TARGET, an entry id or a Message-ID.

    What users send to it in BCC, or forward to it, belongs to that conversation.
    """
    config = load_config(config_file(ctx))
    base = _base(config)
    with open_entries(config) as entries:
        entry = entries.find(target)
    if entry is None or not entry.message_id:
        raise CommandError(f"There is no entry {target}. See: replygate decisions")
    with open_registry(config) as registry:
        made = registry.add_thread_address(_secret(base), base.use, entry.message_id)
    say(f"{made.key} logs to the conversation of {entry.subject or target}.")


def _base(config: Config) -> LoggingAddress:
    """Return the address that secret parts are put into."""
    named = (one for one in config.addresses if one.key == config.policy.logging_address)
    found = next(named, None)
    if found is None:
        raise CommandError(
            "There is no logging address to put a secret part into. "
            "Add one under [addresses] in the configuration."
        )
    return found


def _secret(base: LoggingAddress) -> str:
    local_part, _, domain = base.key.rpartition("@")
    token = "".join(secrets.choice(ALPHABET) for _ in range(TOKEN_OCTETS * 8 // 5))
    return f"{local_part}+{token}@{domain}"
