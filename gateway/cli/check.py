"""Commands that look at the set-up: check-config, doctor."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
from rich import box
from rich.table import Table
from rich.text import Text

from gateway.cli.command import Command, config_file
from gateway.cli.opening import place_of_store
from gateway.cli.output import console, json_option, print_json, print_rows
from gateway.cli.trouble import CommandError
from gateway.config.faults import ConfigError
from gateway.config.load import load_config
from gateway.config.settings import Config
from gateway.web.doctor import examine
from gateway.web.findings import Finding


@click.command("check-config", cls=Command)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
@click.option("--quiet", is_flag=True, help="Print nothing when all is well.")
@json_option
@click.pass_context
def check_config(ctx: click.Context, file: Path | None, *, quiet: bool, as_json: bool) -> None:
    """Say whether the configuration FILE can be used, and every fault in it by line."""
    path = file or config_file(ctx)
    try:
        config = load_config(path)
    except ConfigError as error:
        if not as_json:
            raise
        for fault in error.faults:
            print_json({"file": str(fault.file), "line": fault.line, "problem": fault.problem})
        raise CommandError(f"{path} has {_count(len(error.faults), 'fault')}.") from None
    if not quiet and not as_json:
        _show(config)


@click.command("doctor", cls=Command)
@json_option
@click.pass_context
def doctor(ctx: click.Context, *, as_json: bool) -> None:
    """Look at files, store, spool, clock, versions, next hops and Postfix; say what to do.

    The exit code is 1 when something is ill.
    """
    config = load_config(config_file(ctx))
    found = list(_examine(config))
    rows = [
        {"check": one.check, "well": one.well, "found": one.found, "remedy": one.remedy}
        for one in found
    ]
    print_rows(rows, ("check", "well", "found", "remedy"), as_json=as_json, empty="")
    ill = sum(not one.well for one in found)
    if ill:
        raise CommandError(f"{_count(ill, 'check')} failed; see above.")


def _examine(config: Config) -> Iterator[Finding]:
    if config.gateway.state.is_dir():
        place_of_store(config)
    yield from examine(config)


def _show(config: Config) -> None:
    out = console()
    out.print(Text(f"{config.file} is right.", style="bold green"))
    table = Table(box=box.SIMPLE if out.is_terminal else None, show_header=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for listener in config.listeners:
        onward = listener.next_hop.address if listener.next_hop else "taken, never passed on"
        if listener.protocol == "milter":
            onward = "the MTA delivers"
        place = listener.socket or listener.address
        way = f"{listener.protocol} {place} → {onward}, {listener.way}"
        table.add_row(f"listener {listener.name}", way)
    table.add_row("store", str(config.store_path))
    table.add_row("company", ", ".join(config.gateway.domains) or "no domain: nothing is internal")
    table.add_row("addresses", ", ".join(a.key for a in config.addresses) or "none")
    table.add_row("preset", config.policy.preset)
    out.print(table)


def _count(number: int, noun: str, plural: str = "s") -> str:
    return f"{number} {noun}{'' if number == 1 else plural}"
