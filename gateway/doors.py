"""Makes a listener of what the configuration says of it, and opens it.

Copies are never passed on (D-5): a listener for them is given no relay.
"""

from __future__ import annotations

import asyncio
import hmac
import math
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from typing import Protocol

import structlog

from gateway.config import settings
from gateway.config.faults import ConfigError
from gateway.config.load import load_config
from gateway.config.secrets import Secret
from gateway.intake.doorkeeper import Door, Doorkeeper
from gateway.intake.entrance import Share
from gateway.intake.flight import Flight
from gateway.intake.listeners import Listener, Network, Wiring
from gateway.intake.milter.server import start_milter
from gateway.intake.milter.settings import MilterSettings
from gateway.intake.postmaster import Letterbox, Reception
from gateway.intake.server import start
from gateway.interfaces import NextHop
from gateway.model.directory import Directory
from gateway.model.envelope import Direction
from gateway.pipeline import Pipeline
from gateway.relay.client import Hop, Timeouts
from gateway.relay.consumed import ConsumedDelivery, Nowhere
from gateway.service.crew import Crew, Opening
from gateway.service.systemd import Inherited


class OpenDoor(Protocol):
    """A listener that is open."""

    @property
    def port(self) -> int:
        """The TCP port that it listens at; 0 for a unix socket."""
        ...

    @property
    def sessions(self) -> int:
        """How many clients are connected."""
        ...

    async def stop(self, grace_s: float = 30.0) -> None:
        """Take nobody in any more, and finish what is under way."""
        ...


@dataclass(frozen=True, slots=True)
class House:
    """What all doors of a gateway share."""

    config: settings.Config
    hostname: str
    pipeline: Pipeline
    directory: Callable[[], Directory]
    """The directory as last read."""
    arriving: Path
    """The folder of large messages that are still coming in."""
    inherited: Inherited
    flight: Flight = field(default_factory=Flight)
    """Octets under way, of all listeners."""
    share: Callable[[str], Share | None] = lambda _: None
    """Counts the clients of a listener together with other workers, where there are any."""

    def is_ours(self, key: str) -> bool:
        """Whether an address key is one of our logging or journal addresses."""
        return key in self.directory().logging_by_key


async def open_door(
    listener: settings.Listener, house: House, relay: Callable[[settings.NextHop], NextHop]
) -> OpenDoor:
    """Open a listener and return it; `relay` gives the way to a next hop. Raises OSError."""
    if listener.protocol == "milter":
        host, port = listener.address.host, listener.address.port
        if listener.socket is not None:
            host, port = "", 0
        inherited = house.inherited.claim(listener.name, host, port)
        return await start_milter(
            asyncio.get_running_loop(),
            _milter(listener, house),
            house.pipeline.receive,
            house.is_ours,
            inherited=inherited,
            share=house.share(listener.name),
        )
    domains = own_domains(house)
    receive = house.pipeline.receive
    next_hop: NextHop = Nowhere()
    if listener.copies_only:
        folder = listener.postmaster or house.config.gateway.state / "postmaster"
        receive = Reception(Letterbox(folder), domains, receive).receive
    elif listener.next_hop is not None:
        next_hop = relay(listener.next_hop)
    doorkeeper = _doorkeeper(listener, house)
    wiring = Wiring(
        receive=doorkeeper.watching(receive),
        next_hop=next_hop,
        consumed=ConsumedDelivery,
        is_ours=house.is_ours,
        spool=house.arriving,
        flight=house.flight,
        share=house.share(listener.name),
        turns_away=doorkeeper.turns_away,
    )
    return await start(_listener(listener, house, domains), wiring)


class Lead:
    """The parent of several workers: it knows the configuration as far as sockets go."""

    def __init__(self, config: settings.Config, log: structlog.stdlib.BoundLogger) -> None:
        self.config = config
        self.log = log
        self.crew = Crew(config.gateway.processes, _openings_of(config), self._reload, log)

    def _reload(self) -> list[Opening] | None:
        try:
            self.config = load_config(self.config.file)
        except ConfigError as error:
            self.log.warning("reload refused", fault=str(error))
            return None
        return _openings_of(self.config)


def _openings_of(config: settings.Config) -> list[Opening]:
    return [
        Opening(each.name, each.address.host, each.address.port, each.socket)
        for each in config.listeners
    ]


def longest_answer(config: settings.Config) -> float:
    """Return how many seconds a next hop may take to answer the final dot."""
    hops = [each.next_hop for each in config.listeners if each.next_hop is not None]
    return max((hop.final_timeout_s for hop in hops), default=0.0)


def own_domains(house: House) -> frozenset[str]:
    """Return the domains of the gateway's own addresses, and its name."""
    named = (key.rpartition("@")[2] for key in house.directory().logging_by_key)
    return frozenset({*named, house.hostname.lower()})


def hop_of(hop: settings.NextHop, hostname: str, workers: int = 1) -> Hop:
    """Return a next hop as the relay of each of so many workers knows it."""
    return Hop(
        host=hop.address.host,
        port=hop.address.port,
        hostname=hostname,
        connections=math.ceil(hop.connections / workers),
        waiting_s=hop.waiting_s,
        idle_connections=math.ceil(hop.idle_connections / workers),
        idle_s=hop.idle_s,
        messages_per_connection=hop.messages_per_connection,
        tls=_tls_to(hop),
        implicit_tls=hop.tls == "implicit",
        timeouts=Timeouts(
            connect_s=hop.connect_timeout_s,
            greeting_s=hop.greeting_timeout_s,
            command_s=hop.command_timeout_s,
            data_s=hop.data_timeout_s,
            block_s=hop.block_timeout_s,
            final_s=hop.final_timeout_s,
        ),
    )


def _doorkeeper(listener: settings.Listener, house: House) -> Doorkeeper:
    return Doorkeeper(
        Door(
            directory=house.directory,
            clock=time.monotonic,
            strangers_per_hour=listener.strangers_per_hour,
            unproven_per_hour=listener.unproven_per_hour,
            submission=listener.way is Direction.OUTGOING,
            copies_only=listener.copies_only,
            proving=_networks(house.config.trust.networks),
        )
    )


def _listener(listener: settings.Listener, house: House, own_domains: frozenset[str]) -> Listener:
    host, port = listener.address.host, listener.address.port
    reading = house.config.reading
    return Listener(
        name=listener.name,
        direction=listener.way,
        host=host,
        port=port,
        inherited=house.inherited.claim(listener.name, host, port),
        hostname=house.hostname,
        trusted=_networks(listener.trusted_clients),
        clients=_networks(listener.clients),
        proxies=_networks(listener.proxies),
        copies_only=listener.copies_only,
        own_domains=own_domains,
        lmtp=listener.protocol == "lmtp",
        say_decision=listener.say_decision,
        # A copy goes to no next hop that could be fooled, and Exchange switches a journal rule
        # off whose reports are refused.
        ambiguous_end="pass" if listener.copies_only else reading.ambiguous_end_of_data,
        receiver=listener.receiver,
        size_limit=listener.size_limit,
        sessions_limit=listener.sessions_limit,
        client_sessions_limit=listener.client_sessions_limit,
        recipients_limit=listener.recipients_limit,
        command_timeout_s=listener.command_timeout_s,
        data_timeout_s=listener.data_timeout_s,
        check_login=_check_login(listener) if listener.passwords else None,
        crm_logins=listener.crm_logins,
        tls=_tls(listener),
    )


def _milter(listener: settings.Listener, house: House) -> MilterSettings:
    return MilterSettings(
        name=listener.name,
        folder=house.arriving,
        host=listener.address.host,
        port=listener.address.port,
        path=listener.socket,
        trusted=_networks(listener.clients),
        submission_networks=_networks(listener.submission_networks),
        crm_logins=listener.crm_logins,
        delete_logging_recipients=listener.delete_logging_recipients,
        size_limit=listener.size_limit,
        sessions_limit=listener.sessions_limit,
    )


def _networks(named: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ip_network(network) for network in named)


def _check_login(listener: settings.Listener) -> Callable[[str, str], bool]:
    def is_right(login: str, password: str) -> bool:
        known = listener.passwords.get(login)
        # The time that it takes tells neither whether the login is known nor how much is right.
        expected = (known or Secret("")).reveal().encode()
        return hmac.compare_digest(expected, password.encode()) and known is not None

    return is_right


def _tls_to(hop: settings.NextHop) -> ssl.SSLContext | None:
    if hop.tls == "none":
        return None
    context = ssl.create_default_context(cafile=hop.tls_ca)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if not hop.tls_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _tls(listener: settings.Listener) -> ssl.SSLContext | None:
    if listener.tls_certificate is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(listener.tls_certificate, listener.tls_key)
    return context
