"""`replygate sequence`: contacts in sequences of the sales tool, which a reply ends."""

from __future__ import annotations

import click

from gateway.cli.command import Group
from gateway.cli.mailbox import enrolment_row
from gateway.cli.opening import open_registry, place_of
from gateway.cli.output import json_option, print_rows, say


@click.group("sequence", cls=Group)
def sequence() -> None:
    """Contacts in sequences of the sales tool; a reply ends the enrolment."""


@sequence.command()
@click.argument("contact")
@click.argument("name")
@click.option("--mailbox", required=True, help="The mailbox that the sequence is sent from.")
@click.pass_context
def enroll(ctx: click.Context, contact: str, name: str, mailbox: str) -> None:
    """Enrol CONTACT, an address or a number, in the sequence NAME."""
    with open_registry(place_of(ctx)) as registry:
        one = registry.enroll(contact, name, mailbox)
    say(f"{one.contact} is in {name}; a reply to {one.enrolment.mailbox} ends it.")
    if one.at_risk:
        say(f"It is at risk: {one.at_risk}.", style="bold yellow")


@sequence.command()
@click.argument("contact")
@click.argument("name")
@click.pass_context
def end(ctx: click.Context, contact: str, name: str) -> None:
    """Take CONTACT out of the sequence NAME by hand."""
    with open_registry(place_of(ctx)) as registry:
        registry.unenroll(contact, name)
    say(f"{contact} is no longer in {name}.")


@sequence.command("list")
@click.option("--open", "only_open", is_flag=True, help="Only those that have not ended.")
@json_option
@click.pass_context
def list_(ctx: click.Context, *, only_open: bool, as_json: bool) -> None:
    """List all enrolments."""
    with open_registry(place_of(ctx)) as registry:
        rows = [enrolment_row(one) for one in registry.list_enrolments(only_open=only_open)]
    columns = ("contact", "sequence", "mailbox", "state", "enrolled_at", "ended_at", "ended_by")
    empty = (
        "There is no enrolment. Add one: replygate sequence enroll CONTACT NAME --mailbox ADDRESS"
    )
    print_rows(rows, columns, as_json=as_json, empty=empty)


@sequence.command("at-risk")
@json_option
@click.pass_context
def at_risk(ctx: click.Context, *, as_json: bool) -> None:
    """List the enrolments that no reply can end any more, and why."""
    with open_registry(place_of(ctx)) as registry:
        rows = [enrolment_row(one) for one in registry.at_risk()]
    columns = ("contact", "sequence", "mailbox", "at_risk")
    print_rows(rows, columns, as_json=as_json, empty="No enrolment is at risk.")
