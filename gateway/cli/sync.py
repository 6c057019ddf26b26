"""`replygate sync`: contacts, owners, users and lists come from where they are kept."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import click

from gateway.cli.command import Command, config_file
from gateway.cli.hints import would_be_logged
from gateway.cli.opening import open_registry
from gateway.cli.output import json_option, print_json, print_rows, progress, say
from gateway.cli.trouble import CommandError
from gateway.config.load import load_config
from gateway.config.settings import Config, Sync
from gateway.interfaces import SinkRefusedError, SinkUnavailableError
from gateway.store.entries import Filters
from gateway.sync.carry import carry_out, known_now, recall, remember
from gateway.sync.found import Found, SourceError
from gateway.sync.opening import open_source
from gateway.sync.plan import Change, Do, Known, Memory, plan, remembered

COLUMNS = ("change", "about", "to", "company", "owner")
FILES = {".csv": "csv", ".vcf": "vcard"}
ENOUGH = 10
"""Mailboxes that may leave a directory at one time without a person's word."""


@click.command("sync", cls=Command)
@click.argument("source")
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@click.option("--full", is_flag=True, help="Read all of it, not only what changed.")
@click.option("--yes", is_flag=True, help="Disconnect many mailboxes at one time as well.")
@json_option
@click.pass_context
def sync(
    ctx: click.Context, source: str, *, dry_run: bool, full: bool, yes: bool, as_json: bool
) -> None:
    """Follow SOURCE: a [[sync]] of the configuration, or a file of contacts (.csv, .vcf).

    Contacts, their owners and lists come from a CRM or a file; users, mailboxes and aliases from
    LDAP. Only what differs is changed, and nothing is deleted.
    """
    config = load_config(config_file(ctx))
    chosen = _chosen(config, source)
    file = config.gateway.state / "sync" / f"{chosen.name}.json"
    memory = recall(file)
    found = asyncio.run(_read(config, chosen, "" if full else memory.mark))
    with open_registry(config) as registry:
        known = known_now(registry, config.gateway.domains)
        changes = plan(found, known, memory)
        _look_at(changes, known, memory, yes=yes or dry_run)
        if not as_json or dry_run:
            print_rows(map(change_row, changes), COLUMNS, as_json=as_json, empty="Nothing differs.")
        if dry_run:
            _tell_faults(found.faults)
            return
        with progress("Following", len(changes)) as step:
            faults = carry_out(registry, changes, chosen.provider, step)
    if not faults and not _is_path(source):
        # What could not be made is met again at the next look.
        remember(file, remembered(found, memory, changes))
    if as_json:
        print_json({"changes": len(changes), "faults": [*found.faults, *faults]})
    elif changes:
        say(f"{len(changes) - len(faults)} changes were made.")
        would_be_logged(config, Filters(), "--all")
    _tell_faults((*found.faults, *faults))


def change_row(change: Change) -> dict[str, Any]:
    """Return a change as `sync --dry-run --json` prints it."""
    return {
        "change": str(change.do),
        "about": change.subject,
        "to": change.value or change.name or ", ".join(change.also),
        "name": change.name,
        "company": change.company,
        "company_name": change.company_name,
        "owner": change.owner,
        "also": list(change.also),
    }


async def _read(config: Config, chosen: Sync, mark: str) -> Found:
    """Return what the source brings. Raises CommandError."""
    source = open_source(chosen, config)
    try:
        return await source.read(mark)
    except (SourceError, SinkUnavailableError, SinkRefusedError) as error:
        raise CommandError(f"{error} Nothing was changed.") from error
    finally:
        await source.close()


def _chosen(config: Config, source: str) -> Sync:
    """Return the source that is meant. Raises CommandError."""
    if (known := next((one for one in config.syncs if one.name == source), None)) is not None:
        return known
    path = Path(source)
    if _is_path(source) and path.is_file():
        kind: Any = FILES[path.suffix.lower()]
        return Sync(path.stem, kind, path=path.absolute())
    named = ", ".join(one.name for one in config.syncs) or "none"
    raise CommandError(
        f"{source} is no [[sync]] of the configuration (there is: {named}), and no .csv or .vcf"
        " file that can be read."
    )


def _is_path(source: str) -> bool:
    return Path(source).suffix.lower() in FILES


def _look_at(changes: tuple[Change, ...], known: Known, memory: Memory, *, yes: bool) -> None:
    """See that a directory which was read wrongly disconnects nobody. Raises CommandError."""
    gone = sum(change.do is Do.DISCONNECT for change in changes)
    if not yes and gone > max(ENOUGH, len(memory.users) // 4):
        raise CommandError(
            f"{gone} of {len(known.mailboxes)} mailboxes would be disconnected: nobody of theirs is"
            " in the directory any more. If that is right, say --yes. Nothing was changed."
        )


def _tell_faults(faults: tuple[str, ...]) -> None:
    if faults:
        raise CommandError(f"{len(faults)} left out: {'; '.join(faults[:10])}")
