"""`replygate erase`, `export`, `backup`, `restore`, `vacuum`: to keep and to forget."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.cli.command import Command, config_file
from gateway.cli.log import login_name
from gateway.cli.opening import open_entries, place_of_store
from gateway.cli.output import json_option, print_json, progress, say
from gateway.cli.rows import history_row
from gateway.cli.trouble import CommandError
from gateway.config.load import load_config
from gateway.config.settings import Config
from gateway.model.place import ServedPath

if TYPE_CHECKING:
    from gateway.store.backup import Manifest, Places


@click.command("erase", cls=Command)
@click.argument("person")
@click.option("--by", help="Who decides; else the name of your login.")
@click.option("--yes", is_flag=True, help="Do not ask; it cannot be taken back.")
@json_option
@click.pass_context
def erase(ctx: click.Context, person: str, *, by: str | None, yes: bool, as_json: bool) -> None:
    """Erase PERSON, an address outside the company, and all messages that name it.

    A running gateway goes on meanwhile, and logs nothing of the person from then on.
    """
    from gateway.store.erasing import Eraser

    config = load_config(config_file(ctx))
    if not yes:
        click.confirm(f"Erase {person} and every message that names it?", abort=True)
    with Eraser(place_of_store(config)) as eraser:
        state = config.gateway.state
        done = eraser.erase(person, by or login_name(), state / "spool", state=state)
    if as_json:
        print_json({
            "addresses": list(done.addresses), "messages": done.messages,
            "contacts": done.contacts, "octets": done.octets, "left": list(map(str, done.left)),
        })  # fmt: skip
    else:
        say(
            f"Erased {', '.join(done.addresses)}: {done.messages} messages, {done.contacts}"
            f" contacts, {done.octets} octets of content. Every file was searched."
        )
        say(f"Backups made before {_now()} still hold it: erase again after a restore of one.")
    if done.left:
        files = ", ".join(map(str, done.left))
        raise CommandError(f"It is still named in {files}. Run the command again.")


@click.command("export", cls=Command)
@click.argument("person")
@click.option(
    "--to",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write the kept messages there, as .eml files named by their entries.",
)
@click.pass_context
def export(ctx: click.Context, person: str, folder: Path | None) -> None:
    """Print all that is kept of PERSON, an address: the contact, then each message, as JSON.

    Whom others wrote to blindly is left out: it may be given to the person.
    """
    from gateway.cli.discretion import hidden_from, letter_of, letter_without, row_without
    from gateway.store.exporting import Exporter

    config = load_config(config_file(ctx))
    with Exporter(place_of_store(config)) as exporter, open_entries(config) as entries:
        addresses, contact = exporter.known(person)
        print_json({
            "addresses": list(addresses),
            "contact": contact.contact_id if contact else None,
            "name": contact.name if contact else "",
            "owner": contact.owner if contact else "",
        })  # fmt: skip
        for entry_id in exporter.entries(addresses):
            entry = entries.find(entry_id)
            if entry is None:
                continue
            letter = letter_of(exporter.octets(entry_id) or b"")
            hidden = hidden_from(addresses, entry, letter)
            print_json(row_without(history_row(entry), hidden))
            if folder is not None and letter:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                (folder / f"{entry_id}.eml").write_bytes(letter_without(letter, hidden))


@click.command("backup", cls=Command)
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--check", is_flag=True, help="Make none; read the one in FOLDER and check it.")
@json_option
@click.pass_context
def backup(ctx: click.Context, folder: Path, *, check: bool, as_json: bool) -> None:
    """Copy record, kept messages and spool to FOLDER, which is made, while mail flows.

    The copy holds mail, and whoever is erased later is still in it. Of a record on a server it is
    a database file as well, of one moment, with the spool of this machine.
    """
    from gateway.store.backup import back_up
    from gateway.store.backup import check as check_backup

    config = load_config(config_file(ctx))
    if not check:
        if folder.exists():
            raise CommandError(f"{folder} exists already. Name a folder that does not.")
        back_up(_places(config), folder)
    made: Manifest = check_backup(folder)
    told = {"made_at": made.made_at, "entries": made.entries, "contents": made.contents}
    if as_json:
        print_json({"folder": str(folder), **told, "octets": made.octets})
    else:
        say(
            f"{folder} is whole: {made.entries} entries, {made.contents} messages kept,"
            f" of {made.made_at}."
        )


@click.command("restore", cls=Command)
@click.argument("folder", type=click.Path(file_okay=False, exists=True, path_type=Path))
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def restore(ctx: click.Context, folder: Path, *, yes: bool) -> None:
    """Put the backup in FOLDER in the place of the store; what was there is kept beside it.

    On a server the database that [store] names must be empty.
    """
    from gateway.store.backup import restore as put_back

    places = _places(load_config(config_file(ctx)))
    if not yes:
        click.confirm(f"Put {folder} in the place of {places.shown}?", abort=True)
    made = put_back(folder, places)
    say(f"{places.shown} is as of {made.made_at}: {made.entries} entries.")


@click.command("vacuum", cls=Command)
@click.pass_context
def vacuum(ctx: click.Context) -> None:
    """Give what is free in the database back, a few pages or a table at a time: mail flows on."""
    config = load_config(config_file(ctx))
    path = place_of_store(config)
    if isinstance(path, ServedPath):
        _clean(path)
        return
    from gateway.store.backup import vacuum as give_back

    before = path.stat().st_size if path.exists() else 0
    with progress("Giving back", None) as step:
        for _ in give_back(path):
            step(1)
    say(f"{path} has {path.stat().st_size} octets; it had {before}.")


def _clean(path: ServedPath) -> None:
    from gateway.store.postgres import cleaning

    before = cleaning.size(path)
    with progress("Cleaning", None) as step:
        for _ in cleaning.clean(path):
            step(1)
    say(
        f"{path.shown} has {cleaning.size(path)} octets; it had {before}. What is free in its"
        " tables is used again."
    )


def _places(config: Config) -> Places:
    from gateway.store.backup import Places

    return Places(place_of_store(config), config.gateway.state / "spool")


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M")
