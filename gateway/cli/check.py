"""Commands that look at the set-up: check-config, doctor."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import click
from rich import box
from rich.table import Table
from rich.text import Text

from gateway.cli.command import Command, config_file
from gateway.cli.output import console, json_option, print_json, print_rows
from gateway.cli.trouble import CommandError
from gateway.config.faults import ConfigError
from gateway.config.load import load_config
from gateway.config.settings import Config, NextHop
from gateway.interfaces import StoreBusyError

Check = tuple[str, Callable[[Config], str]]


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
    """Look at configuration, state folder, store and next hops; exit code 1 when one is ill."""
    config = load_config(config_file(ctx))
    results = list(_examine(config))
    rows = [{"check": name, "well": well, "found": found} for name, well, found in results]
    print_rows(rows, ("check", "well", "found"), as_json=as_json, empty="")
    ill = sum(not well for _, well, _ in results)
    if ill:
        raise CommandError(f"{_count(ill, 'check')} failed; see above.")


def _examine(config: Config) -> Iterator[tuple[str, bool, str]]:
    yield "configuration", True, str(config.file)
    checks: list[Check] = [("state folder", _state_folder), ("store", _store)]
    hops = {str(hop.address): hop for hop in (one.next_hop for one in config.listeners) if hop}
    checks += [(f"next hop {name}", _asker(hop)) for name, hop in hops.items()]
    for name, check in checks:
        try:
            yield name, True, check(config)
        except OSError as error:
            yield name, False, f"{error.strerror or error}"
        except (CommandError, StoreBusyError) as error:
            yield name, False, str(error)


def _state_folder(config: Config) -> str:
    folder = config.gateway.state
    with (folder / ".doctor").open("wb") as probe:
        probe.write(b"well\r\n")
    (folder / ".doctor").unlink()
    return f"{folder} can be written"


def _store(config: Config) -> str:
    from gateway.cli.opening import open_registry

    with open_registry(config) as registry:
        users, boxes = len(registry.list_users()), len(registry.list_mailboxes())
    return f"{config.store_path}: {_count(users, 'user')}, {_count(boxes, 'mailbox', 'es')}"


def _asker(hop: NextHop) -> Callable[[Config], str]:
    def ask(_: Config) -> str:
        place = (hop.address.host, hop.address.port)
        with socket.create_connection(place, timeout=5.0) as channel:
            greeting = channel.recv(512).split(b"\r\n")[0].decode("ascii", "replace")
            channel.sendall(b"QUIT\r\n")
        if not greeting.startswith("220"):
            raise CommandError(f"it answers, but not as a mail server ready for mail: {greeting!r}")
        return greeting

    return ask


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
