"""`replygate policy`: the switches that hold, and those that are set over the configuration."""

from __future__ import annotations

import json

import click

from gateway.cli.command import Group, config_file
from gateway.cli.log import login_name
from gateway.cli.opening import place_of_store
from gateway.cli.output import json_option, moment, print_rows, say
from gateway.cli.trouble import CommandError
from gateway.config.load import load_config
from gateway.rules.switches import SWITCHES, SwitchError, in_force, written
from gateway.store.faults import NotListedError
from gateway.store.switching import SwitchBook

COLUMNS = ("switch", "value", "file", "changed_by", "changed_at")


@click.group("policy", cls=Group)
def policy() -> None:
    """The switches of the policy: of the file, and those that were set over it since."""


@policy.command("list")
@click.option("--all", "everything", is_flag=True, help="Also those that are as in the file.")
@json_option
@click.pass_context
def list_(ctx: click.Context, *, everything: bool, as_json: bool) -> None:
    """List what is set over the file, with who set it and when."""
    config = load_config(config_file(ctx))
    with SwitchBook(place_of_store(config)) as book:
        switched = {one.name: one for one in book.list_switches()}
    holds = in_force(config.policy, switched.values())
    rows = [
        {
            "switch": name,
            "value": json.loads(written(getattr(holds, name))),
            "file": json.loads(written(getattr(config.policy, name))),
            "changed_by": switched[name].by if name in switched else None,
            "changed_at": moment(switched[name].at) if name in switched else None,
        }
        for name in SWITCHES
        if everything or name in switched
    ]
    print_rows(rows, COLUMNS, as_json=as_json, empty="All switches are as in the file.")


@policy.command("set")
@click.argument("name", metavar="SWITCH")
@click.argument("value")
@click.pass_context
def set_(ctx: click.Context, name: str, value: str) -> None:
    """Set SWITCH to VALUE over the file, for mail from now on; a running gateway takes it up."""
    with SwitchBook(place_of_store(load_config(config_file(ctx)))) as book:
        try:
            book.set_switch(name, _as_json(value), login_name())
        except SwitchError as error:
            raise CommandError(str(error)) from error
    say(f"{name} is {value} from now on. Back to the file with: replygate policy undo {name}")


@policy.command()
@click.argument("name", metavar="SWITCH")
@click.pass_context
def undo(ctx: click.Context, name: str) -> None:
    """Let the file hold again for SWITCH."""
    with SwitchBook(place_of_store(load_config(config_file(ctx)))) as book:
        try:
            book.undo_switch(name)
        except NotListedError as error:
            raise CommandError(str(error)) from error
    say(f"{name} is as in the file from now on.")


def _as_json(value: str) -> str:
    """Return a value as JSON: a word may stand without quotes."""
    try:
        json.loads(value)
    except ValueError:
        return json.dumps(value)
    return value
