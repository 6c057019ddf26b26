"""Reads `[[sink]]`: where entries are handed over to, each with its secret."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.util import find_spec
from ipaddress import ip_address
from urllib.parse import urlsplit

from gateway.config.lines import Path
from gateway.config.secrets import Secret, UnreadableSecretError, read_secret
from gateway.config.settings import Sink
from gateway.config.tables import Table, Tables

OWN_KEYS = frozenset({"secret"})
"""Fields of a sink that are no values of its table."""
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_WEBHOOK_SECRET = re.compile(
    r"\s*whsec_[A-Za-z0-9+/]{32,}={0,2}(\s+whsec_[A-Za-z0-9+/]{32,}={0,2})*"
)


def read_sinks(tables: Tables, document: Table, environ: Mapping[str, str]) -> tuple[Sink, ...]:
    """Return the sinks, each with its secret; none where there is no table."""
    found = document.get("sink", [])
    if not isinstance(found, list) or not all(isinstance(table, dict) for table in found):
        tables.say(("sink",), "A sink is written as [[sink]], in two brackets.")
        return ()
    made: list[Sink] = []
    for number, table in enumerate(found):
        path = ("sink", number)
        secret = _secret(tables, table, path, environ)
        if (sink := tables.settings(Sink, table, path, {"secret": secret})) is not None:
            _look_at(tables, sink, path)
            if any(sink.name == earlier.name for earlier in made):
                problem = f'two sinks have the name "{sink.name}"; each needs its own queue.'
                tables.say((*path, "name"), f"[[sink]] name: {problem}")
            made.append(sink)
    return tuple(made)


def _secret(tables: Tables, table: Table, path: Path, environ: Mapping[str, str]) -> Secret | None:
    name = f"sink_{table.get('name', '')}"
    if table.get("kind") == "jsonl":
        return None
    try:
        return read_secret(name, environ)
    except UnreadableSecretError as error:
        tables.say((*path, "name"), str(error))
    return None


def _look_at(tables: Tables, sink: Sink, path: Path) -> None:
    """Say what does not fit together."""
    if not _NAME.fullmatch(sink.name):
        problem = "small letters, digits and dashes are expected; a letter goes first."
        tables.say((*path, "name"), f"[[sink]] name: {problem}")
    elif sink.events and sink.kind not in {"jsonl", "webhook"}:
        problem = "a CRM is told what changes its timelines; leave events out."
        tables.say((*path, "events"), f"[[sink]] events: {problem}")
    elif sink.kind == "jsonl":
        if sink.path is None:
            tables.say((*path, "kind"), "[[sink]] jsonl needs a path: the file of its lines.")
    else:
        _look_at_url(tables, sink, path)
        _look_at_secret(tables, sink, path)


def _look_at_url(tables: Tables, sink: Sink, path: Path) -> None:
    if not sink.url and sink.kind == "hubspot":
        return
    url = urlsplit(sink.url)
    if not url.hostname or url.scheme not in {"http", "https"}:
        problem = "a URL such as https://crm.example.com/events is expected."
        tables.say((*path, "url" if sink.url else "kind"), f"[[sink]] url: {problem}")
    elif url.username or url.password:
        tables.say((*path, "url"), "[[sink]] url: a password does not belong into it.")
    elif url.scheme == "http" and not is_loopback(url.hostname):
        problem = f"mail would cross the network to {url.hostname} in the clear; write https."
        tables.say((*path, "url"), f"[[sink]] url: {problem}")


def _look_at_secret(tables: Tables, sink: Sink, path: Path) -> None:
    if sink.secret is None:
        problem = f"has no secret: give it as the credential sink_{sink.name} (LoadCredential)."
        tables.say((*path, "name"), f'[[sink]] "{sink.name}" {problem}')
    elif sink.kind == "webhook" and not _WEBHOOK_SECRET.fullmatch(sink.secret.reveal()):
        problem = 'it is "whsec_" and 24 to 64 random octets in base64.'
        tables.say((*path, "name"), f"[[sink]] the secret sink_{sink.name}: {problem}")
    elif sink.kind == "odoo" and ":" in sink.secret.reveal() and not sink.database:
        problem = "before version 19, by login and key, the database has to be named."
        tables.say((*path, "kind"), f"[[sink]] database: {problem}")
    elif sink.kind == "salesforce":
        _look_at_salesforce(tables, sink, sink.secret.reveal(), path)


def _look_at_salesforce(tables: Tables, sink: Sink, secret: str, path: Path) -> None:
    _, colon, behind = secret.partition(":")
    has_key = behind.lstrip().startswith("-----BEGIN")
    if not colon:
        problem = (
            'it is "client-id:client-secret", of an app with the client credentials flow, or'
            ' "client-id:" with a private key behind it, for the JWT bearer flow.'
        )
        tables.say((*path, "name"), f"[[sink]] the secret sink_{sink.name}: {problem}")
    elif has_key and not sink.login:
        problem = "with a key the user has to be named that it acts for."
        tables.say((*path, "kind"), f"[[sink]] login: {problem}")
    elif has_key and find_spec("joserfc") is None:
        problem = "a key needs joserfc, which is not installed: pip install 'replygate[salesforce]'"
        tables.say((*path, "kind"), f"[[sink]] {problem}")


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
