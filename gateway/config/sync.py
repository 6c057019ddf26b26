"""Reads `[[sync]]`: where contacts, users and lists are taken from, each with its secret."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from gateway.config.guarded import read_guarded
from gateway.config.lines import Path
from gateway.config.settings import Sink, Sync
from gateway.config.tables import Table, Tables

OWN_KEYS = frozenset({"secret"})
"""Fields of a source that are no values of its table."""
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")


def read_syncs(
    tables: Tables, document: Table, sinks: tuple[Sink, ...], environ: Mapping[str, str]
) -> tuple[Sync, ...]:
    """Return the sources; none where there is no table."""
    made: list[Sync] = []
    for path, sync in read_guarded(tables, document, Sync, "sync", "A source", environ):
        _look_at(tables, sync, path, sinks)
        if any(sync.name == earlier.name for earlier in made):
            tables.say((*path, "name"), f'[[sync]] name: two have the name "{sync.name}".')
        made.append(sync)
    return tuple(made)


def _look_at(tables: Tables, sync: Sync, path: Path, sinks: tuple[Sink, ...]) -> None:
    """Say what does not fit together."""
    if not _NAME.fullmatch(sync.name):
        problem = "small letters, digits and dashes are expected; a letter goes first."
        tables.say((*path, "name"), f"[[sync]] name: {problem}")
    if sync.kind in {"csv", "vcard"} and sync.path is None:
        tables.say((*path, "kind"), f"[[sync]] {sync.kind} needs a path: the file that is read.")
    if sync.kind == "crm":
        crms = [one.name for one in sinks if one.kind not in {"jsonl", "webhook"}]
        if sync.sink not in crms:
            named = ", ".join(crms) or "there is none"
            problem = f"the name of a [[sink]] that is a CRM is expected ({named})."
            tables.say((*path, "sink" if sync.sink else "kind"), f"[[sync]] sink: {problem}")
    if sync.kind == "ldap":
        _look_at_ldap(tables, sync, path)


def _look_at_ldap(tables: Tables, sync: Sync, path: Path) -> None:
    if urlsplit(sync.url).scheme not in {"ldap", "ldaps"}:
        problem = "an address such as ldaps://dc.example.com is expected."
        tables.say((*path, "url" if sync.url else "kind"), f"[[sync]] url: {problem}")
    if not sync.base:
        tables.say((*path, "kind"), "[[sync]] ldap needs a base, such as dc=example,dc=com.")
    if sync.bind and sync.secret is None:
        problem = f"has no password: give it as the credential sync_{sync.name} (LoadCredential)."
        tables.say((*path, "bind"), f'[[sync]] "{sync.name}" {problem}')
