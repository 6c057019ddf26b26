"""Every setting of the gateway, frozen; `conf/replygate.toml` explains each key.

A field is a key of the table that its class stands for. Types say what is allowed; what a type
cannot say stands in `gateway.config.values`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta

from gateway.config.secrets import Secret
from gateway.config.values import Domain, Endpoint, MailAddress, Network
from gateway.mail.scanners import Signature
from gateway.model.directory import LoggingAddress
from gateway.model.envelope import Direction
from gateway.model.place import ServedPath
from gateway.model.policy import Policy
from gateway.model.trust import Trust

Octets = Annotated[int, Meta(ge=0)]
"""A size; no unit but the octet."""
Count = Annotated[int, Meta(ge=1)]
"""How many there may be; at least one."""
Seconds = Annotated[float, Meta(gt=0, le=86_400)]
"""A time to wait; more than nothing, at most a day."""

LOOPBACK = (Network("127.0.0.0/8"), Network("::1/128"))


@dataclass(frozen=True, slots=True)
class Gateway:
    """`[gateway]`: who we are."""

    hostname: str = ""
    """The name in greetings and EHLO; empty is the machine's own."""
    state: Path = Path("/var/lib/replygate")
    domains: tuple[Domain, ...] = ()
    """The company's domains, lower case."""
    workers: Annotated[int, Meta(ge=1, le=64)] | Literal["auto"] = 1
    """Processes that take mail; "auto" is one for each processor."""
    octets_in_flight: Octets = 1_000_000_000
    """Of large messages that each process has under way; 0 is no limit."""
    log_format: Literal["logfmt", "json", "console"] = "logfmt"
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @property
    def processes(self) -> int:
        """How many processes take mail."""
        return len(os.sched_getaffinity(0)) if self.workers == "auto" else self.workers


@dataclass(frozen=True, slots=True)
class NextHop:
    """`[next_hop]`: where mail goes after us."""

    address: Endpoint
    connections: Count = 100
    """Transactions at one time; over it the answer is an early 421 (D-1)."""
    waiting_s: Seconds = 5.0
    tls: Literal["none", "starttls", "implicit"] = "none"
    tls_ca: Path | None = None
    """Who may have signed its certificate; None asks the machine."""
    tls_verify: bool = True
    idle_connections: Annotated[int, Meta(ge=0)] = 50
    idle_s: Seconds = 30.0
    messages_per_connection: Count = 100
    connect_timeout_s: Seconds = 30.0
    greeting_timeout_s: Seconds = 60.0
    command_timeout_s: Seconds = 300.0
    data_timeout_s: Seconds = 120.0
    block_timeout_s: Seconds = 180.0
    final_timeout_s: Seconds = 600.0


@dataclass(frozen=True, slots=True)
class Listener:
    """`[[listener]]`: a door for mail."""

    name: str
    """Names the route in every entry, and the socket of systemd that it takes over."""
    address: Endpoint
    direction: Literal["inbound", "submission"]
    """Which way its mail goes (D-14)."""
    next_hop: NextHop | None = None
    """Its own, or the common one; None where nothing is passed on: copies, and milters."""
    passwords: Mapping[str, Secret] = field(default_factory=dict, repr=False)
    """The password of each of `logins`, out of the secrets."""
    clients: tuple[Network, ...] = LOOPBACK
    """Clients that may send without a login."""
    trusted_clients: tuple[Network, ...] = LOOPBACK
    proxies: tuple[Network, ...] = ()
    protocol: Literal["smtp", "lmtp", "milter"] = "smtp"
    copies_only: bool = False
    postmaster: Path | None = None
    """The Maildir of what comes to postmaster at a listener for copies."""
    strangers_per_hour: Annotated[int, Meta(ge=0)] = 60
    """Copies of one client, and of one sender, whom nobody knows; 0 is no limit."""
    unproven_per_hour: Annotated[int, Meta(ge=0)] = 600
    """Copies of one client in the name of users that nothing has proved yet; 0 is no limit."""
    socket: Path | None = None
    """The unix socket of a milter, in place of host and port."""
    submission_networks: tuple[Network, ...] = LOOPBACK
    delete_logging_recipients: bool = False
    say_decision: bool = True
    receiver: Literal["fast", "stock"] = "fast"
    size_limit: Octets = 157_286_400
    """Octets of one message; 0 is what the next hop allows."""
    logins: tuple[str, ...] = ()
    crm_logins: frozenset[str] = frozenset()
    sessions_limit: Count = 500
    client_sessions_limit: Annotated[int, Meta(ge=0)] = 0
    recipients_limit: Count = 1000
    command_timeout_s: Seconds = 300.0
    data_timeout_s: Seconds = 180.0
    tls_certificate: Path | None = None
    tls_key: Path | None = None

    @property
    def way(self) -> Direction:
        """The direction of the mail that comes in by it."""
        return Direction.INCOMING if self.direction == "inbound" else Direction.OUTGOING

    @property
    def passes_on(self) -> bool:
        """Whether its mail goes to a next hop: not that of copies, nor a milter's."""
        return self.protocol == "smtp" and not self.copies_only


@dataclass(frozen=True, slots=True)
class Store:
    """`[store]`: the durable record."""

    path: Path = Path("replygate.db")
    """Within the state folder when it is relative; with a server, where this node's files lie."""
    url: Annotated[str, Meta(pattern=r"^(postgresql://\S+)?$")] = ""
    """A PostgreSQL database that several nodes may share; empty keeps a file of our own."""
    blobs: Annotated[str, Meta(pattern=r"^(/\S*|s3://\S+)?$")] = ""
    """With a server: the folder or bucket where all nodes keep octets."""
    on_store_failure: Literal["deliver", "defer"] = "deliver"
    history_days: Count = 365
    """How long decisions are kept that do not hold any more; the one that holds stays."""
    outbox_days: Count = 90
    """How long events are kept that every sink has; a new sink with `history` sees no older."""

    def over_at(self, now: datetime) -> tuple[datetime, datetime]:
        """Return before which moments decisions and events are over."""
        return now - timedelta(days=self.history_days), now - timedelta(days=self.outbox_days)


@dataclass(frozen=True, slots=True)
class Metrics:
    """`[metrics]`: where whoever watches the gateway may ask how it does."""

    address: Endpoint | None = None
    """Answers /metrics, /health and /ready; None answers nobody."""


Event = Literal[
    "email.logged", "email.removed", "email.erased", "email.not_logged", "email.held",
    "reply.received", "bounce.received", "contact.merged", "contact.suggested",
    "sequence.unenrolled",
]  # fmt: skip
"""What a sink may be told of."""


@dataclass(frozen=True, slots=True)
class Sink:
    """`[[sink]]`: a place that entries are handed over to."""

    name: str
    """Names its queue in the outbox, and its secret."""
    kind: Literal["jsonl", "webhook", "hubspot", "espocrm", "odoo", "salesforce"]
    path: Path | None = None
    """Of jsonl: the file; within the state folder when it is relative."""
    url: str = ""
    """Of webhook: where to post; of a CRM: where it is, of hubspot if not the usual place."""
    database: str = ""
    """Of odoo: the database, where its server has several."""
    login: str = ""
    """Of salesforce, with a key in place of a client secret: the user that it acts for."""
    secret: Secret | None = field(default=None, repr=False)
    """The key that signs, or the token of the API, out of the secrets."""
    history: bool = False
    on_refused: Literal["stop", "skip"] = "stop"
    give_up_days: Annotated[float, Meta(gt=0, le=365)] = 7.0
    at_once: Annotated[int, Meta(ge=1, le=100)] = 4
    timeout_s: Seconds = 30.0
    events: tuple[Event, ...] = ()
    """Of jsonl and webhook: which are told; empty is all that changes a timeline."""
    blind_recipients: Literal["", "apart", "hidden"] = ""
    create_contacts: bool = True
    attachments: bool = True
    attachment_limit: Octets = 20_000_000
    folder: str = "/replygate"
    deals: Annotated[int, Meta(ge=0, le=100)] = 5
    requests_per_second: Annotated[float, Meta(gt=0, le=1000)] = 9.0

    @property
    def tells_blind(self) -> bool:
        """Whether it is told, apart from all others, whom a message reached blindly (D-22)."""
        is_crm = self.kind not in {"jsonl", "webhook"}
        return self.blind_recipients == "apart" or (is_crm and not self.blind_recipients)


@dataclass(frozen=True, slots=True)
class Imap:
    """`[[imap]]`: a connected inbox that is read where no routing can be changed."""

    name: str
    """Names it in every entry and log line, and its secret."""
    address: Endpoint
    login: str
    mailbox: str = ""
    """The address in whose mailbox the mail lies; empty is the login."""
    tls: Literal["tls", "starttls", "none"] = "tls"
    auth: Literal["password", "xoauth2"] = "password"
    secret: Secret | None = field(default=None, repr=False)
    """The password or token, out of the secrets."""
    token_url: str = ""
    client_id: str = ""
    scope: str = ""
    poll_s: Seconds = 60.0
    history: bool = False
    size_limit: Octets = 157_286_400


@dataclass(frozen=True, slots=True)
class Sync:
    """`[[sync]]`: a place that contacts, users and lists are taken from."""

    name: str
    """Names it for `replygate sync`, and its secret."""
    kind: Literal["crm", "csv", "vcard", "ldap"]
    sink: str = ""
    """Of crm: the sink whose account is read."""
    path: Path | None = None
    """Of csv and vcard: the file; beside the configuration when it is relative."""
    url: str = ""
    base: str = ""
    filter: str = "(mail=*)"
    bind: str = ""
    start_tls: bool = True
    secret: Secret | None = field(default=None, repr=False)
    """The password to bind with, out of the secrets."""
    provider: Literal["google", "microsoft365", "exchange", "imap", "other"] = "other"
    """Of the mailboxes that are added."""
    never_log_field: str = ""
    opt_outs: Literal["ignore", "never-log"] = "ignore"
    timeout_s: Seconds = 30.0


@dataclass(frozen=True, slots=True)
class Web:
    """`[web]`: the pages of `replygate web`, a process of its own (D-13)."""

    address: Endpoint = field(default=Endpoint("127.0.0.1", 8025))
    public_url: str = ""
    """Where people reach it through a proxy; an `https://` one makes its cookies secure."""
    session_hours: Annotated[float, Meta(gt=0, le=8760)] = 12.0
    sign_ins_per_minute: Count = 10
    """Attempts for one user; more wait until a minute has passed."""
    calls_per_minute: Count = 600
    """Calls of the API with one token; more wait until a minute has passed."""
    audit_days: Annotated[int, Meta(ge=1, le=3660)] = 400
    """How long it is known who looked at and changed what."""
    time_zone: str = "UTC"
    """Where whoever chose none is, as IANA names it: `Asia/Tokyo`."""
    issuer: str = ""
    """An OpenID provider that people may sign in with, as it calls itself; empty is none."""
    issuer_name: str = ""
    """What people call it; empty is its host."""
    client_id: str = ""
    """What it calls us; its secret for us is the credential `web_oidc`."""

    @property
    def secure(self) -> bool:
        """Whether people reach it by HTTPS."""
        return self.public_url.startswith("https://")


@dataclass(frozen=True, slots=True)
class Notices:
    """`[notices]`: what users are told of copies that were not logged."""

    address: MailAddress | None = None
    """Who they come from; None sends none."""
    language: Literal["en", "ja"] = "en"
    next_hop: Endpoint | None = None

    def way_out(self, listeners: Sequence[Listener]) -> NextHop | None:
        """Return the next hop that they leave by: their own, else that of incoming mail."""
        if self.next_hop is not None:
            return NextHop(self.next_hop)
        ways = [one for one in listeners if one.next_hop is not None]
        incoming = (one for one in ways if one.way is Direction.INCOMING)
        chosen = next(incoming, ways[0] if ways else None)
        return chosen.next_hop if chosen else None


@dataclass(frozen=True, slots=True)
class Reading:
    """The keys of `[policy]` that limit how mail is read; no rule looks at them."""

    ambiguous_end_of_data: Literal["refuse", "pass"] = "refuse"
    inspection_budget_s: Seconds = 3.0
    scanners: Path | None = None
    """An admin's own records of what scanners leave; beside the configuration when relative."""


@dataclass(frozen=True, slots=True)
class Config:
    """All of it."""

    file: Path
    """The file that it was read from."""
    gateway: Gateway
    listeners: tuple[Listener, ...]
    store: Store
    policy: Policy
    reading: Reading = Reading()
    addresses: tuple[LoggingAddress, ...] = ()
    """Logging, BCC, forward and journal addresses, in the order of the file."""
    trust: Trust = field(default_factory=Trust)
    """Who may vouch for the sender of a copy."""
    notices: Notices = Notices()
    signatures: tuple[Signature, ...] = ()
    """The admin's own records of what scanners leave, compiled."""
    web: Web = Web()
    metrics: Metrics = Metrics()
    sinks: tuple[Sink, ...] = ()
    """Where entries are handed over to, in the order of the file."""
    syncs: tuple[Sync, ...] = ()
    """Where contacts and users are taken from, in the order of the file."""
    inboxes: tuple[Imap, ...] = ()
    """Inboxes that are read, in the order of the file."""

    @property
    def store_path(self) -> Path:
        """The database file, or where the files of this node lie when a server has the rows."""
        path = self.gateway.state / self.store.path
        if self.store.url:
            return ServedPath.at(path, self.store.url, self.store.blobs)
        return path

    @property
    def crm_logins(self) -> frozenset[str]:
        """The CRM accounts of all listeners."""
        return frozenset().union(*(listener.crm_logins for listener in self.listeners))
