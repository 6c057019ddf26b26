"""Reads `[[listener]]` and the next hops: where mail comes in, and where it goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from gateway.config.lines import Path
from gateway.config.secrets import Secret, UnreadableSecretError, read_secret
from gateway.config.settings import Listener, NextHop
from gateway.config.tables import Table, Tables, title

OWN_KEYS = frozenset({"next_hop", "passwords"})
"""Fields of a listener that are no values of its table."""
FOR_MILTERS = ("socket", "submission_networks", "delete_logging_recipients")
"""Keys of a listener that other protocols have no use for."""


def read_listeners(
    tables: Tables, document: Table, environ: Mapping[str, str]
) -> tuple[Listener, ...]:
    """Return the listeners, each with its next hop and the passwords of its logins."""
    found = document.get("listener", [])
    if not isinstance(found, list) or not all(isinstance(table, dict) for table in found):
        tables.say(("listener",), "A listener is written as [[listener]], in two brackets.")
        return ()
    if not found and not document.get("imap"):
        tables.say((), "There is no [[listener]] and no [[imap]]: without one no mail comes in.")
    common = _next_hop(tables, document, (), None)
    lacks_common = "next_hop" not in document
    made: list[Listener] = []
    for number, table in enumerate(found):
        path = ("listener", number)
        own = _next_hop(tables, table, path, common) if _passes_on(table) else None
        if lacks_common and "next_hop" not in table and _passes_on(table):
            tables.say(path, "[[listener]] has no next hop: write [next_hop] with an address.")
        given = {"next_hop": own, "passwords": _passwords(tables, table, path, environ)}
        rest = {key: value for key, value in table.items() if key != "next_hop"}
        if (listener := tables.settings(Listener, rest, path, given)) is not None:
            _look_at_tls(tables, listener, path)
            _look_at_protocol(tables, listener, table, path)
            made.append(listener)
    _each_once(tables, made)
    return tuple(made)


def _passes_on(table: Table) -> bool:
    """Return whether a listener needs a next hop: copies and milters do not."""
    return table.get("protocol", "smtp") == "smtp" and table.get("copies_only") is not True


def _look_at_protocol(tables: Tables, listener: Listener, table: Table, path: Path) -> None:
    """Say what does not fit the protocol, or goes unheard with it."""
    if listener.protocol == "lmtp" and not listener.copies_only:
        problem = "nothing that comes by LMTP goes onward: write copies_only = true."
        tables.say((*path, "protocol"), f"[[listener]] protocol: {problem}")
    if listener.protocol == "milter" and listener.copies_only:
        problem = "the MTA delivers what a milter sees; a listener for copies speaks smtp or lmtp."
        tables.say((*path, "copies_only"), f"[[listener]] copies_only: {problem}")
    if "next_hop" in table and not listener.passes_on:
        problem = "nothing that comes by this listener goes onward; take the key away."
        tables.say((*path, "next_hop"), f"[[listener]] next_hop: {problem}")
    unchanged = {each.name: each.default for each in fields(Listener)}
    for key in FOR_MILTERS:
        if listener.protocol != "milter" and getattr(listener, key) != unchanged[key]:
            tables.say((*path, key), f'[[listener]] {key}: it is for protocol "milter".')


def _next_hop(tables: Tables, holder: Table, path: Path, common: NextHop | None) -> NextHop | None:
    """Return the next hop of a table; what it leaves out is the common one's."""
    if "next_hop" not in holder:
        return common
    path = (*path, "next_hop")
    table = tables.table(holder, path)
    names = {f.name for f in fields(NextHop)}
    tables.unknown(table, names, path, title(path))
    known = {key: value for key, value in table.items() if key in names}
    left_out = {name: getattr(common, name) for name in names - known.keys() if common}
    made = tables.settings(NextHop, known, path, left_out)
    if made is not None and made.tls_ca is not None and not made.tls_ca.is_file():
        problem = f'there is no file "{made.tls_ca}".'
        tables.say((*path, "tls_ca"), f"{title(path)} tls_ca: {problem}")
    return made


def _passwords(
    tables: Tables, table: Table, path: Path, environ: Mapping[str, str]
) -> dict[str, Secret]:
    """Return the password of each login; a login without one is a fault."""
    logins: Any = table.get("logins", [])
    found: dict[str, Secret] = {}
    for login in logins if isinstance(logins, list) else []:
        name = f"password_{login}"
        try:
            secret = read_secret(name, environ)
        except UnreadableSecretError as error:
            tables.say((*path, "logins"), str(error))
            continue
        if secret is None:
            problem = (
                f'"{login}" has no password: give it as the credential {name} (LoadCredential).'
            )
            tables.say((*path, "logins"), f"[[listener]] logins: {problem}")
        else:
            found[str(login)] = secret
    return found


def _look_at_tls(tables: Tables, listener: Listener, path: Path) -> None:
    given = {"tls_certificate": listener.tls_certificate, "tls_key": listener.tls_key}
    for name, file in given.items():
        other = next(key for key in given if key != name)
        if file is None and given[other] is not None:
            tables.say((*path, other), f"[[listener]] {other} needs {name} beside it.")
        elif file is not None and not file.is_file():
            tables.say((*path, name), f'[[listener]] {name}: there is no file "{file}".')


def _each_once(tables: Tables, listeners: list[Listener]) -> None:
    for number, listener in enumerate(listeners):
        for earlier in listeners[:number]:
            for key in ("name", "address"):
                shown = getattr(listener, key)
                if shown == getattr(earlier, key):
                    problem = f'two listeners have the {key} "{shown}"; each needs its own.'
                    tables.say(("listener", number, key), f"[[listener]] {key}: {problem}")
