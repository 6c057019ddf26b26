"""`replygate inspect`: what is read in messages, without any store."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import click

from gateway.cli.command import Command, config_file
from gateway.cli.output import json_option, print_json, progress
from gateway.cli.rows import message_row
from gateway.cli.trouble import CommandError
from gateway.mail.scanners import Signature
from gateway.understand import Read

FEW = 16
"""Up to so many files one process is faster than several."""
CHUNK = 32


@click.command("inspect", cls=Command)
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@json_option
@click.pass_context
def inspect(ctx: click.Context, files: Sequence[Path], *, as_json: bool) -> None:
    """Show what is read in the messages FILES; a folder stands for all files within it."""
    paths = list(files_in(files))
    unread = 0
    with progress("Reading", len(paths)) as step:
        for path, row in zip(paths, _rows(paths, own_signatures(ctx)), strict=True):
            step(1)
            unread += "trouble" in row
            if as_json:
                print_json(row)
            else:
                _show(path, row)
    if unread:
        raise CommandError(f"{unread} of {len(paths)} files could not be read.")


def read_file(path: Path, own: tuple[Signature, ...] = ()) -> dict[str, Any]:
    """Return what is read in one file, or why it cannot be opened."""
    from gateway.mail.reading import read_heading

    try:
        octets = path.read_bytes()
    except OSError as error:
        return {"file": str(path), "trouble": error.strerror or type(error).__name__}
    message = _reader(own)(octets, read_heading(octets))
    return {"file": str(path), **message_row(message)}


@lru_cache(maxsize=1)
def _reader(own: tuple[Signature, ...]) -> Read:
    """Return what reads messages as the gateway does; made once in a process."""
    from gateway.config.scanners import all_signatures
    from gateway.filetypes import reader

    return reader(all_signatures(own))


def own_signatures(ctx: click.Context) -> tuple[Signature, ...]:
    """Return the admin's own records of scanners; none where there is no configuration."""
    from gateway.config.load import load_config

    try:
        file = config_file(ctx)
    except CommandError:
        return ()
    return load_config(file).signatures


def _rows(paths: Sequence[Path], own: tuple[Signature, ...]) -> Iterator[dict[str, Any]]:
    """Read all files, in their order, by as many processes as there are processors."""
    read = partial(read_file, own=own)
    workers = len(os.sched_getaffinity(0))
    if len(paths) <= FEW or workers == 1:
        yield from map(read, paths)
        return
    with ProcessPoolExecutor(workers) as pool:
        yield from pool.map(read, paths, chunksize=CHUNK)


def files_in(named: Iterable[Path]) -> Iterator[Path]:
    """Yield the files that are named, and those within the folders that are."""
    for path in named:
        if path.is_dir():
            yield from sorted(inner for inner in path.rglob("*") if inner.is_file())
        else:
            yield path


def _show(path: Path, row: dict[str, Any]) -> None:
    from gateway.cli.reading_page import reading_page

    reading_page(path, row)
