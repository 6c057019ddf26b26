"""Reads `[trust]`: who may vouch for the sender of a copy."""

from __future__ import annotations

from gateway.config.tables import Table, Tables
from gateway.config.values import Domain, Network
from gateway.model.trust import Trust, TrustedServer

KEYS = ("networks", "servers", "arc_sealers")
SERVER_KEYS = ("authserv_id", "hosts")
_PATH = ("trust",)


def read_trust(tables: Tables, table: Table) -> Trust:
    """Return whom the admin trusts; nobody where the table is absent."""
    tables.unknown(table, KEYS, _PATH, "[trust]")
    networks = tables.value(table.get("networks", []), tuple[Network, ...], (*_PATH, "networks"))
    sealers = tables.value(table.get("arc_sealers", []), frozenset[Domain], (*_PATH, "arc_sealers"))
    return Trust(
        networks=tuple(map(str, networks or ())),
        servers=_servers(tables, table.get("servers", [])),
        arc_sealers=frozenset(map(str, sealers or ())),
    )


def _servers(tables: Tables, given: object) -> tuple[TrustedServer, ...]:
    """Return the servers whose Authentication-Results are believed."""
    path = (*_PATH, "servers")
    if not isinstance(given, list) or not all(isinstance(server, dict) for server in given):
        example = '{ authserv_id = "mx.example.com" }'
        tables.say(path, f"[trust] servers: a list of tables such as {example} is expected.")
        return ()
    found = []
    for server in given:
        tables.unknown(server, SERVER_KEYS, path, "A server of [trust]")
        name = tables.value(server.get("authserv_id", ""), str, path) or ""
        hosts = tables.value(server.get("hosts", []), tuple[str, ...], path) or ()
        if not name and not hosts:
            tables.say(path, "[trust] servers: a server needs an authserv_id, or its hosts.")
        lower = tuple(host.strip().rstrip(".").lower() for host in hosts)
        found.append(TrustedServer(authserv_id=name.strip().lower(), hosts=lower))
    return tuple(found)
