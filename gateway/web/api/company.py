"""The company: users and mailboxes, and the sequences that are sent from them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

from gateway.model import directory
from gateway.store.people import Enrolled
from gateway.store.registry import Registry
from gateway.web import work
from gateway.web.api import shapes
from gateway.web.api.asking import Moment
from gateway.web.api.messages import Trial, carried_out
from gateway.web.api.operation import Address, Text, Words, acts, reads
from gateway.web.api.telling import done
from gateway.web.desk import Visit
from gateway.web.orders import Order

Provider = Literal["google", "microsoft365", "exchange", "imap", "other"]
LogSent = Literal["marked", "always"]


class User(Struct, frozen=True):
    """A person of the company."""

    user: str
    name: str
    role: str
    logging: bool
    permitted: bool
    further: list[str]


class Users(Struct, frozen=True):
    """All users, oldest first."""

    users: list[User]


class Connection(Struct, frozen=True):
    """An interval in which a mailbox was connected."""

    connected_at: datetime
    provider: str
    disconnected_at: datetime | None


class Move(Struct, frozen=True):
    """From then on the mailbox lives at the provider."""

    since: datetime
    provider: str


class Mailbox(Struct, frozen=True):
    """A connected inbox."""

    mailbox: str
    user: str
    """Empty for a team's."""
    aliases: list[str]
    provider: str
    """Where it lives now."""
    connected: bool
    log_sent: str
    providers: list[Move]
    connections: list[Connection]


class Mailboxes(Struct, frozen=True):
    """Mailboxes, oldest first."""

    mailboxes: list[Mailbox]


class Enrolment(Struct, frozen=True):
    """A contact in a sequence."""

    enrolment: int
    contact: str
    contact_number: int
    sequence: str
    mailbox: str
    enrolled_at: datetime
    ended_at: datetime | None
    ended_by: str
    at_risk: str
    """Why no reply can end it any more; empty when one can."""


class Enrolments(Struct, frozen=True):
    """Enrolments, oldest first."""

    enrolments: list[Enrolment]


class NewUser(Struct, forbid_unknown_fields=True):
    """A user to add."""

    address: Address
    name: Text = ""
    role: Literal["member", "admin"] = "member"


class Switch(Struct, forbid_unknown_fields=True):
    """On or off."""

    on: bool


class OneAddress(Struct, forbid_unknown_fields=True):
    """An address."""

    address: Address


class NewMailbox(Struct, forbid_unknown_fields=True):
    """A mailbox to add; it is not connected yet."""

    address: Address
    user: Text = ""
    """Whose it is; empty for a team's."""
    provider: Provider = "other"
    aliases: list[Address] = []
    log_sent: LogSent | None = None
    at: Moment | None = None


class Connect(Trial):
    """How it is connected."""

    provider: Provider | None = None
    """By default the one that it lives at."""
    at: Moment | None = None
    """When it happened, in place of now."""
    replay: bool = True
    """Whether what names this as its cure is judged again."""


class At(Struct, forbid_unknown_fields=True):
    """When it happened, in place of now."""

    at: Moment | None = None


class NewProvider(At, kw_only=True):
    """Where it lives now."""

    provider: Provider


class Sent(Struct, forbid_unknown_fields=True):
    """What is logged of what is sent from it."""

    log_sent: LogSent


class Open(Struct, forbid_unknown_fields=True):
    """Which enrolments."""

    only_open: bool = False


class Enrol(Struct, forbid_unknown_fields=True):
    """A contact, by address or number, and a sequence."""

    contact: Words
    sequence: Words
    mailbox: Address


class End(Struct, forbid_unknown_fields=True):
    """A contact, by address or number, and a sequence."""

    contact: Words
    sequence: Words


@reads("/me")
def me(visit: Visit) -> User:
    """Show for whom the token acts."""
    return _user(visit.viewer.user)


@reads("/users", admin=True)
def users(visit: Visit) -> Users:
    """List all users."""
    return Users([_user(user) for user in visit.views.users()])


@acts("POST", "/users", admin=True, status=201)
def add_user(visit: Visit, body: NewUser) -> User:
    """Add a user by the login address."""
    with _registry(visit) as registry:
        added = registry.add_user(body.address, body.name, body.role)
    visit.note("add-user", f"{added.key} {added.role}")
    return _user(added)


@acts("PUT", "/users/{user}/logging", admin=True)
def set_logging(visit: Visit, user: Address, body: Switch) -> User:
    """Turn logging on or off for a user, as he wishes."""
    with _registry(visit) as registry:
        registry.set_logging(user, on=body.on)
        visit.note("logging-on" if body.on else "logging-off", user)
        return _user(registry.user(user))


@acts("PUT", "/users/{user}/permission", admin=True)
def set_permission(visit: Visit, user: Address, body: Switch) -> User:
    """Say whether a user may log mail at all."""
    with _registry(visit) as registry:
        registry.set_permitted(user, on=body.on)
        visit.note("permit" if body.on else "forbid", user)
        return _user(registry.user(user))


@acts("POST", "/users/{user}/addresses", admin=True)
def add_user_address(visit: Visit, user: Address, body: OneAddress) -> User:
    """Add a further address of a user, such as a private alias."""
    with _registry(visit) as registry:
        registry.add_further_address(user, body.address)
        visit.note("add-user-address", f"{body.address} to {user}")
        return _user(registry.user(user))


@acts("DELETE", "/users/{user}/addresses/{address}")
def remove_user_address(visit: Visit, user: Address, address: Address) -> User:
    """Take a further address from a user: an admin from anybody, a member from himself."""
    with _registry(visit) as registry:
        owner = registry.user(user).key if visit.viewer.is_admin else user
        if owner != visit.viewer.key:
            visit.must_be_admin()
        registry.remove_further_address(owner, address)
        visit.note("remove-user-address", f"{address} from {owner}")
        return _user(registry.user(owner))


@reads("/mailboxes")
def mailboxes(visit: Visit) -> Mailboxes:
    """List mailboxes; a member's own ones."""
    now = visit.desk.clock()
    mine = visit.viewer.mailboxes
    return Mailboxes(
        [
            _mailbox(box, now)
            for box in visit.mailboxes
            if visit.viewer.is_admin or box.address in mine
        ]
    )


@acts("POST", "/mailboxes", admin=True, status=201)
def add_mailbox(visit: Visit, body: NewMailbox) -> Mailbox:
    """Add a mailbox; connect it then."""
    with _registry(visit) as registry:
        added = registry.add_mailbox(
            body.address, body.user or None, body.provider, aliases=body.aliases,
            log_sent=body.log_sent, at=body.at,
        )  # fmt: skip
    visit.note("add-mailbox", added.address)
    return _mailbox(added, visit.desk.clock())


@acts("POST", "/mailboxes/{mailbox}/connect", admin=True)
def connect(visit: Visit, mailbox: Address, body: Connect) -> shapes.Done:
    """Connect a mailbox; with `dry_run` only say what that would log."""
    with _registry(visit) as registry:
        address = registry.mailbox(mailbox).address
        if not body.dry_run and (body.at is not None or not body.replay):
            registry.connect(address, body.provider, at=body.at)
            visit.note("connect", address)
            return done(visit, work.Done(), dry_run=False)
    provider = (body.provider,) if body.provider else ()
    told = f" --provider {body.provider}" if body.provider else ""
    order = Order("connect", "", (address, *provider), f"replygate mailbox connect {address}{told}")
    result = carried_out(visit, [order], dry_run=body.dry_run)
    if not body.dry_run:
        visit.note("connect", address)
    return done(visit, result, dry_run=body.dry_run)


@acts("POST", "/mailboxes/{mailbox}/disconnect", admin=True)
def disconnect(visit: Visit, mailbox: Address, body: At) -> Mailbox:
    """End the connection of a mailbox; `/sequences/at-risk` says what that means."""
    with _registry(visit) as registry:
        box = registry.disconnect(mailbox, at=body.at)
    visit.note("disconnect", box.address)
    return _mailbox(box, visit.desk.clock())


@acts("POST", "/mailboxes/{mailbox}/provider", admin=True)
def change_provider(visit: Visit, mailbox: Address, body: NewProvider) -> Mailbox:
    """Say where a mailbox lives now; its connection stays as it is."""
    with _registry(visit) as registry:
        box = registry.change_provider(mailbox, body.provider, at=body.at)
    visit.note("change-provider", f"{box.address} {body.provider}")
    return _mailbox(box, visit.desk.clock())


@acts("PUT", "/mailboxes/{mailbox}/log-sent", admin=True)
def set_log_sent(visit: Visit, mailbox: Address, body: Sent) -> Mailbox:
    """Say what is logged of the mail that is sent from a mailbox."""
    with _registry(visit) as registry:
        box = registry.set_log_sent(mailbox, body.log_sent)
    visit.note("log-sent", f"{box.address} {body.log_sent}")
    return _mailbox(box, visit.desk.clock())


@reads("/sequences", admin=True)
def enrolments(visit: Visit, query: Open) -> Enrolments:
    """List contacts in sequences."""
    with _registry(visit) as registry:
        return _enrolments(registry.list_enrolments(only_open=query.only_open))


@reads("/sequences/at-risk", admin=True)
def at_risk(visit: Visit) -> Enrolments:
    """List the enrolments that no reply can end any more, and why."""
    with _registry(visit) as registry:
        return _enrolments(registry.at_risk())


@acts("POST", "/sequences", admin=True, status=201)
def enrol(visit: Visit, body: Enrol) -> Enrolment:
    """Enrol a contact in a sequence, which a reply to the mailbox ends."""
    with _registry(visit) as registry:
        made = registry.enroll(body.contact, body.sequence, body.mailbox)
    visit.note("enrol", f"{made.contact} {body.sequence}")
    return _enrolments([made]).enrolments[0]


@acts("POST", "/sequences/end", admin=True)
def end_enrolment(visit: Visit, body: End) -> Enrolments:
    """Take a contact out of a sequence by hand; lists the open enrolments that are left."""
    with _registry(visit) as registry:
        registry.unenroll(body.contact, body.sequence)
        visit.note("end-enrolment", f"{body.contact} {body.sequence}")
        return _enrolments(registry.list_enrolments(only_open=True))


def _registry(visit: Visit) -> Registry:
    return Registry(visit.config.store_path, clock=visit.desk.clock)


def _user(user: directory.User) -> User:
    return User(user.key, user.name, user.role, user.logging, user.permitted, list(user.further))


def _mailbox(box: directory.Mailbox, now: datetime) -> Mailbox:
    return Mailbox(
        mailbox=box.address,
        user=box.user,
        aliases=list(box.aliases),
        provider=box.provider_at(now),
        connected=box.connection_at(now) is not None,
        log_sent=box.log_sent,
        providers=[Move(one.since, one.provider) for one in box.providers],
        connections=[
            Connection(one.connected_at, one.provider, one.disconnected_at)
            for one in box.connections
        ],
    )


def _enrolments(found: list[Enrolled] | tuple[Enrolled, ...]) -> Enrolments:
    return Enrolments(
        [
            Enrolment(
                enrolment=one.enrolment.enrolment_id,
                contact=one.contact,
                contact_number=one.enrolment.contact_id,
                sequence=one.enrolment.sequence,
                mailbox=one.enrolment.mailbox,
                enrolled_at=one.enrolled_at,
                ended_at=one.ended_at,
                ended_by=one.ended_by,
                at_risk=one.at_risk,
            )
            for one in found
        ]
    )
