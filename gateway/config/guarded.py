"""Reads arrays of tables that each have a secret, such as `[[imap]]` and `[[sync]]`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar

from gateway.config.lines import Path
from gateway.config.secrets import UnreadableSecretError, read_secret
from gateway.config.tables import Table, Tables

_T = TypeVar("_T")


def read_guarded(  # noqa: PLR0917 - where, as what, and what it is called
    tables: Tables,
    document: Table,
    kind: type[_T],
    word: str,
    what: str,
    environ: Mapping[str, str],
) -> Iterator[tuple[Path, _T]]:
    """Yield each table under this word as settings, with its place in the file.

    Its secret is the credential `WORD_NAME`; `what` is what one of them is called.
    """
    found = document.get(word, [])
    if not isinstance(found, list) or not all(isinstance(table, dict) for table in found):
        tables.say((word,), f"{what} is written as [[{word}]], in two brackets.")
        return
    for number, table in enumerate(found):
        path = (word, number)
        name = f"{word}_{table.get('name', '')}"
        try:
            secret = read_secret(name, environ)
        except UnreadableSecretError as error:
            tables.say((*path, "name"), str(error))
            continue
        if (made := tables.settings(kind, table, path, {"secret": secret})) is not None:
            yield path, made
