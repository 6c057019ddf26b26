"""The command that moves the record from one engine to the other."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.command import Command, Group
from gateway.cli.output import json_option, print_json, progress, say
from gateway.cli.trouble import CommandError
from gateway.model.place import ServedPath


@click.group("store", cls=Group)
def store() -> None:
    """Move the record."""


@store.command("copy", cls=Command)
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@click.option("--from-blobs", default="", help="Where FROM keeps octets, when it is a server.")
@click.option("--to-blobs", default="", help="Where TO is to keep octets, when it is a server.")
@json_option
def copy(source: str, target: str, *, from_blobs: str, to_blobs: str, as_json: bool) -> None:
    """Copy the record FROM a database file or postgresql:// address TO another one.

    It may run while mail flows, and again after it was interrupted. Until it ran to its end with
    no gateway at FROM, and found both alike, no gateway opens the copy; from then on none opens
    FROM.
    """
    from gateway.store.copying import OctetsMissingError, SameStoreError, copy_store

    places = _place(source, from_blobs, target), _place(target, to_blobs, source)
    try:
        with progress("Copying rows", None) as step:
            copied = copy_store(*places, lambda _, rows: step(rows))
    except (SameStoreError, OctetsMissingError) as error:
        raise CommandError(str(error)) from error
    told = {
        "whole": copied.whole,
        "rows": sum(copied.rows.values()),
        "written": copied.written,
        "contents": copied.contents,
        "digest": copied.digest,
    }
    if as_json:
        print_json({**told, "tables": copied.rows})
    elif copied.whole:
        say(
            f"{target} is whole: {told['rows']} rows and {copied.contents} kept messages are as in"
            f" {source}, digest {copied.digest[:16]}. Name it in [store], and start."
        )
    if not copied.whole:
        raise CommandError(
            f"{told['rows']} rows are copied, and mail goes on at {source}. Stop every gateway"
            " there, then run the same command again: it copies what came since, and checks all."
        )


@store.command("reopen", cls=Command)
@click.argument("place", metavar="PLACE")
def reopen(place: str) -> None:
    """Let gateways open the record at PLACE again, which was moved by `copy`.

    What came to the copy since is not in it.
    """
    from gateway.store import copying

    path = _place(place, "", "")
    if not (isinstance(path, ServedPath) or path.exists()):
        raise CommandError(f"There is no {place}. Name a database file or postgresql:// address.")
    if not copying.reopen(path):
        raise CommandError(f"{place} was not moved. Nothing is changed.")
    say(f"Gateways open {place} again. What came to its copy since is not in it.")


def _place(named: str, blobs: str, other: str) -> Path:
    """Return the place of a store; the files of a server's lie where those of the other do."""
    if not named.startswith("postgresql://"):
        return Path(named)
    is_file = other and not other.startswith("postgresql://")
    beside = Path(other) if is_file else Path("replygate.db")
    return ServedPath.at(beside, named, blobs)
