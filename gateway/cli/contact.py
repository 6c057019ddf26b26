"""`replygate contact`: people outside, with all their addresses."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from gateway.cli.command import Group
from gateway.cli.hints import would_be_logged
from gateway.cli.opening import Place, open_entries, open_registry, place_of
from gateway.cli.output import json_option, print_json, print_rows, progress, say
from gateway.cli.rows import entry_row
from gateway.cli.trouble import CommandError
from gateway.model.facts import Contact
from gateway.store.entries import Filters
from gateway.store.people import ContactRow

ADDRESS_COLUMNS = ("address", "email", "e-mail", "email address", "e-mail address", "mail")
NAME_COLUMNS = ("name", "full name", "display name")
FURTHER_COLUMNS = ("further", "other", "other addresses", "additional email addresses")
DECISION_COLUMNS = ("received_at", "direction", "author", "subject", "outcome", "reason")


@click.group("contact", cls=Group)
def contact() -> None:
    """People outside the company; a contact is named by one of its addresses, or its number."""


@contact.command()
@click.argument("address")
@click.option("--name", default="", help="The name to show.")
@click.option("--owner", default="", help="The user who owns the contact.")
@click.pass_context
def add(ctx: click.Context, address: str, name: str, owner: str) -> None:
    """Add a contact with this ADDRESS."""
    config = place_of(ctx)
    with open_registry(config) as registry:
        added = registry.add_contact(address, name, owner)
    say(f"{added.primary} is contact {added.contact_id}.")
    _tell(config, added)


@contact.command("add-address")
@click.argument("known", metavar="CONTACT")
@click.argument("address")
@click.pass_context
def add_address(ctx: click.Context, known: str, address: str) -> None:
    """Give CONTACT a further ADDRESS."""
    config = place_of(ctx)
    with open_registry(config) as registry:
        changed = registry.add_address(_asked(known), address)
    say(f"{changed.primary} has the addresses {', '.join(changed.addresses)}.")
    _tell(config, changed)


@contact.command()
@click.argument("keep")
@click.argument("other")
@click.pass_context
def merge(ctx: click.Context, keep: str, other: str) -> None:
    """Merge the contact OTHER into the contact KEEP: addresses, timeline and enrolments."""
    config = place_of(ctx)
    with open_registry(config) as registry:
        merged = registry.merge(_asked(keep), _asked(other))
    say(f"{merged.primary} is one contact, with {', '.join(merged.addresses)}.")
    _tell(config, merged)


@contact.command("list")
@json_option
@click.pass_context
def list_(ctx: click.Context, *, as_json: bool) -> None:
    """List all contacts."""
    with open_registry(place_of(ctx)) as registry:
        rows = [_row(known) for known in registry.list_contacts()]
    columns = ("contact", "primary", "name", "addresses", "owner")
    empty = "There is no contact. Add one: replygate contact add ADDRESS"
    print_rows(rows, columns, as_json=as_json, empty=empty)


@contact.command()
@click.argument("known", metavar="CONTACT")
@json_option
@click.pass_context
def timeline(ctx: click.Context, known: str, *, as_json: bool) -> None:
    """Show what is logged of CONTACT, newest first."""
    config = place_of(ctx)
    with open_registry(config) as registry:
        number = registry.contact(_asked(known)).contact_id
    with open_entries(config) as entries:
        rows = (entry_row(entry) for entry in entries.timeline(number))
        empty = f"Nothing is logged of {known}."
        print_rows(rows, DECISION_COLUMNS, as_json=as_json, empty=empty)


@contact.command()
@json_option
@click.pass_context
def suggestions(ctx: click.Context, *, as_json: bool) -> None:
    """List addresses that look like second ones of contacts."""
    with open_registry(place_of(ctx)) as registry:
        rows = [
            {"address": one.address, "contact": one.contact.primary, "entry": one.entry_id}
            for one in registry.suggestions()
        ]
    columns = ("address", "contact", "entry")
    print_rows(rows, columns, as_json=as_json, empty="Nothing is suggested.")


@contact.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
@click.pass_context
def import_(ctx: click.Context, file: Path, *, as_json: bool) -> None:
    """Add the contacts of FILE, a CSV file with a heading: address, name, owner, further.

    Further addresses of one contact are separated by blanks or semicolons. An address that a
    contact has already is passed over.
    """
    config = place_of(ctx)
    rows = list(_read_csv(file))
    with open_registry(config) as registry, progress("Importing contacts", len(rows)) as step:

        def stepping() -> Iterator[ContactRow]:
            for row in rows:
                yield row
                step(1)

        done = registry.import_contacts(stepping())
    if as_json:
        faults = [{"row": number, "problem": problem} for number, problem in done.faults]
        print_json({"added": done.added, "known": done.known, "faults": faults})
    else:
        say(f"{done.added} contacts added, {done.known} known already.")
    if done.added and not as_json:
        would_be_logged(config, Filters(), "--all")
    if done.faults:
        told = "; ".join(f"row {number}: {problem}" for number, problem in done.faults[:10])
        raise CommandError(f"{len(done.faults)} rows of {file} were left out: {told}")


def _read_csv(file: Path) -> Iterator[ContactRow]:
    """Yield the rows of a CSV file, by the names of its heading. Raises CommandError."""
    with file.open(encoding="utf-8-sig", errors="replace", newline="") as text:
        heading = text.readline()
        text.seek(0)
        delimiter = max(",;\t", key=heading.count)
        reader = csv.DictReader(text, delimiter=delimiter)
        named = {(name or "").strip().casefold(): name for name in reader.fieldnames or ()}
        if not any(column in named for column in ADDRESS_COLUMNS):
            raise CommandError(f'{file}:1: the heading of a CSV file must name "address".')
        for row in reader:
            yield ContactRow(
                address=_cell(row, named, ADDRESS_COLUMNS),
                name=_cell(row, named, NAME_COLUMNS),
                owner=_cell(row, named, ("owner",)),
                further=tuple(_cell(row, named, FURTHER_COLUMNS).replace(";", " ").split()),
            )


def _cell(row: Mapping[str, Any], named: Mapping[str, str], columns: tuple[str, ...]) -> str:
    found = (row.get(named[column]) for column in columns if column in named)
    return next((str(value).strip() for value in found if value), "")


def _row(known: Contact) -> dict[str, Any]:
    return {
        "contact": known.contact_id,
        "primary": known.primary,
        "name": known.name,
        "addresses": list(known.addresses),
        "owner": known.owner,
        "company": known.company,
    }


def _asked(text: str) -> int | str:
    return int(text) if text.isdecimal() else text


def _tell(config: Place, changed: Contact) -> None:
    for address in changed.addresses:
        would_be_logged(config, Filters(address=address), f"--address {address}")
