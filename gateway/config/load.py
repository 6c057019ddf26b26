"""Reads a configuration file: all of it is right, or nothing starts.

Every fault is found in one reading, so that nobody mends one to meet the next.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from gateway.config.doors import read_listeners
from gateway.config.faults import ConfigError, Fault
from gateway.config.inboxes import read_inboxes
from gateway.config.notices import read_notices
from gateway.config.scanners import load_signatures
from gateway.config.settings import Config, Gateway, Metrics, Reading, Store
from gateway.config.sinks import read_sinks
from gateway.config.switches import read_policy
from gateway.config.sync import read_syncs
from gateway.config.tables import Table, Tables
from gateway.config.trust import read_trust
from gateway.config.values import MailAddress
from gateway.config.web import read_web
from gateway.mail.scanners import Signature
from gateway.model.directory import LoggingAddress

TABLES = (
    *("gateway", "listener", "next_hop", "store", "policy"),
    *("addresses", "trust", "notices", "web", "metrics", "sink", "sync", "imap"),
)
USES = {"logging": "any", "bcc": "bcc", "forward": "forward", "journal": "journal"}
"""Keys of `[addresses]`, and what the addresses under each are for."""
_PLACE = re.compile(r" ?\(at (?:line (\d+), column \d+|end of document)\)")


def load_config(file: Path, environ: Mapping[str, str] | None = None) -> Config:
    """Return the configuration of this file. Raises ConfigError with every fault in it."""
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        problem = f"This file cannot be read ({error.strerror}); name another with --config."
        raise ConfigError([Fault(file, 1, problem)]) from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigError(
            [Fault(file, line, "This is not UTF-8, which TOML has to be.")]
        ) from error
    return parse_config(text, file, os.environ if environ is None else environ)


def parse_config(text: str, file: Path, environ: Mapping[str, str]) -> Config:
    """Return the configuration that a text says. Raises ConfigError with every fault in it."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = _PLACE.search(str(error))
        line = int(found.group(1)) if found and found.group(1) else text.count("\n") + 1
        problem = f"This is no TOML: {_PLACE.sub('', str(error))}."
        raise ConfigError([Fault(file, line, problem)]) from error
    tables = Tables(file, text)
    config = _config(tables, document, environ)
    if tables.faults or config is None:
        raise ConfigError(tables.faults)
    return config


def _config(tables: Tables, document: Table, environ: Mapping[str, str]) -> Config | None:
    """Return the whole configuration, or None where a fault leaves no value."""
    tables.unknown(document, TABLES, (), "The file")
    gateway = tables.settings(Gateway, tables.table(document, ("gateway",)), ("gateway",))
    store = tables.settings(Store, tables.table(document, ("store",)), ("store",))
    listeners = read_listeners(tables, document, environ)
    addresses = _addresses(tables, tables.table(document, ("addresses",)))
    policy, reading = read_policy(tables, tables.table(document, ("policy",)))
    trust = read_trust(tables, tables.table(document, ("trust",)))
    notices = read_notices(tables, tables.table(document, ("notices",)), listeners)
    web = read_web(tables, tables.table(document, ("web",)))
    metrics = tables.settings(Metrics, tables.table(document, ("metrics",)), ("metrics",))
    sinks = read_sinks(tables, document, environ)
    syncs = read_syncs(tables, document, sinks, environ)
    doors = frozenset(listener.name for listener in listeners)
    inboxes = read_inboxes(tables, document, doors, environ)
    signatures = _signatures(tables, reading)
    if policy is None or gateway is None or store is None or reading is None or web is None:
        return None
    return Config(
        file=tables.file,
        gateway=gateway,
        listeners=listeners,
        store=store,
        policy=replace(policy, logging_address=_named_in_remedies(addresses)),
        reading=reading,
        addresses=addresses,
        trust=trust,
        notices=notices,
        web=web,
        metrics=metrics or Metrics(),
        signatures=signatures,
        sinks=sinks,
        syncs=syncs,
        inboxes=inboxes,
    )


def _signatures(tables: Tables, reading: Reading | None) -> tuple[Signature, ...]:
    """Return the admin's own records of scanners; their faults are told like all others."""
    if reading is None or reading.scanners is None:
        return ()
    try:
        return load_signatures(tables.file.parent / reading.scanners)
    except ConfigError as error:
        tables.faults += error.faults
        return ()


def _addresses(tables: Tables, table: Table) -> tuple[LoggingAddress, ...]:
    tables.unknown(table, USES, ("addresses",), "[addresses]")
    found: dict[str, LoggingAddress] = {}
    for name, use in USES.items():
        path = ("addresses", name)
        for key in tables.value(table.get(name, []), tuple[MailAddress, ...], path) or ():
            if key in found:
                tables.say(path, f'[addresses] {name}: "{key}" is named twice.')
            found.setdefault(key, LoggingAddress(key=str(key), use=use))
    return tuple(found.values())


def _named_in_remedies(addresses: tuple[LoggingAddress, ...]) -> str:
    """Return the first address that takes both BCC and forward, else the first of people's."""
    by_use = [a.key for use in ("any", "forward", "bcc") for a in addresses if a.use == use]
    return by_use[0] if by_use else ""
