"""Reads `[[imap]]`: inboxes that are read where no routing can be changed, each with its secret."""

from __future__ import annotations

import re
from collections.abc import Mapping

from gateway.config.guarded import read_guarded
from gateway.config.lines import Path
from gateway.config.settings import Imap
from gateway.config.sinks import is_loopback
from gateway.config.tables import Table, Tables

OWN_KEYS = frozenset({"secret"})
"""Fields of an inbox that are no values of its table."""
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")


def read_inboxes(
    tables: Tables, document: Table, names: frozenset[str], environ: Mapping[str, str]
) -> tuple[Imap, ...]:
    """Return the inboxes; none where there is no table. `names` are those of listeners."""
    made: list[Imap] = []
    what = "A connected inbox"
    for path, inbox in read_guarded(tables, document, Imap, "imap", what, environ):
        _look_at(tables, inbox, path, names | {one.name for one in made})
        made.append(inbox)
    return tuple(made)


def _look_at(tables: Tables, inbox: Imap, path: Path, taken: frozenset[str]) -> None:
    """Say what does not fit together."""
    if not _NAME.fullmatch(inbox.name):
        problem = "small letters, digits and dashes are expected; a letter goes first."
        tables.say((*path, "name"), f"[[imap]] name: {problem}")
    if inbox.name in taken:
        problem = f'a listener or inbox has the name "{inbox.name}" already; entries tell it.'
        tables.say((*path, "name"), f"[[imap]] name: {problem}")
    if inbox.secret is None:
        problem = f"has no password or token: give it as the credential imap_{inbox.name}."
        tables.say((*path, "name"), f'[[imap]] "{inbox.name}" {problem}')
    if inbox.tls == "none" and not is_loopback(inbox.address.host):
        problem = f"the password would cross the network to {inbox.address.host} in the clear."
        tables.say((*path, "tls"), f"[[imap]] tls: {problem}")
    if inbox.token_url and (inbox.auth != "xoauth2" or not inbox.client_id):
        problem = 'it needs auth = "xoauth2" and a client_id.'
        tables.say((*path, "token_url"), f"[[imap]] token_url: {problem}")
    if inbox.token_url and not inbox.token_url.startswith("https://"):
        tables.say((*path, "token_url"), "[[imap]] token_url: an https:// address is expected.")
    if not inbox.mailbox and "@" not in inbox.login:
        problem = "the login is no address: say in whose mailbox the mail lies."
        tables.say((*path, "login"), f"[[imap]] mailbox: {problem}")
