"""What would change if a source were followed: pure, so that a dry run shows exactly that.

Nothing is ever deleted. Addresses of the company are no contacts. A user who left the directory
keeps his mail: his mailbox is disconnected. Entries of a never-log list that people made stay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from gateway.mail.addresses import key_of
from gateway.model.directory import Mailbox, User
from gateway.model.facts import Contact
from gateway.sync.companies import company_of
from gateway.sync.found import Found, FoundContact, FoundUser


class Do(StrEnum):
    """Kinds of change."""

    ADD_CONTACT = "add-contact"
    ADD_ADDRESS = "add-address"
    MERGE = "merge"
    NAME = "change-name"
    OWNER = "change-owner"
    COMPANY = "change-company"
    NEVER_LOG = "never-log"
    LOG_AGAIN = "log-again"
    ADD_USER = "add-user"
    ADD_MAILBOX = "add-mailbox"
    ADD_ALIAS = "add-alias"
    DISCONNECT = "disconnect"


@dataclass(frozen=True, slots=True)
class Change:
    """One change to what the gateway knows."""

    do: Do
    subject: str
    """The address that it is about."""
    value: str = ""
    """What is set: a name, an owner, an address."""
    company: str = ""
    """The company of a contact, by its domain; empty for free mail."""
    name: str = ""
    owner: str = ""
    also: tuple[str, ...] = ()
    """Further addresses of a new contact, aliases of a new mailbox."""
    company_name: str = ""
    """What the company of a new contact is called."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What is remembered of a source from one time to the next; it can be read anew."""

    mark: str = ""
    users: frozenset[str] = frozenset()
    """Users who came from it."""
    never_log: frozenset[str] = frozenset()
    """Addresses that it put on the never-log list."""


@dataclass(frozen=True)
class Known:
    """What the gateway knows now."""

    contacts: Mapping[str, tuple[Contact, ...]] = field(default_factory=dict)
    """By each address."""
    users: Mapping[str, User] = field(default_factory=dict)
    mailboxes: Mapping[str, Mailbox] = field(default_factory=dict)
    """By address and alias."""
    never_log: frozenset[str] = frozenset()
    is_company: Callable[[str], bool] = lambda _: False


def plan(found: Found, known: Known, memory: Memory) -> tuple[Change, ...]:
    """Return the changes that follow a source, users first: contacts may be theirs."""
    users = frozenset(key_of(one.address) for one in found.users)
    told: dict[Change, None] = {}
    for user in found.users:
        told |= dict.fromkeys(_of_user(user, known))
    if found.users:
        for gone in sorted(memory.users - users):
            box = known.mailboxes.get(gone)
            if box is not None and any(c.disconnected_at is None for c in box.connections):
                told[Change(Do.DISCONNECT, box.address)] = None
    seen: set[str] = set()
    for contact in found.contacts:
        told |= dict.fromkeys(_of_contact(contact, known, users, seen, memory))
    return tuple(told)


def remembered(found: Found, memory: Memory, changes: tuple[Change, ...]) -> Memory:
    """Return what is to be remembered once these changes are made."""
    users = frozenset(key_of(one.address) for one in found.users) or memory.users
    added = {change.subject for change in changes if change.do is Do.NEVER_LOG}
    gone = {change.subject for change in changes if change.do is Do.LOG_AGAIN}
    return Memory(found.mark or memory.mark, users, (memory.never_log | added) - gone)


def _of_user(user: FoundUser, known: Known) -> Iterator[Change]:
    key = key_of(user.address)
    if "@" not in key:
        return
    aliases = [key_of(one) for one in user.aliases]
    aliases = [one for one in dict.fromkeys(aliases) if "@" in one and one != key]
    if key not in known.users:
        yield Change(Do.ADD_USER, key, name=user.name)
    box = known.mailboxes.get(key)
    if box is None:
        free = tuple(one for one in aliases if one not in known.mailboxes)
        yield Change(Do.ADD_MAILBOX, key, also=free)
        return
    for alias in aliases:
        if alias not in known.mailboxes:
            yield Change(Do.ADD_ALIAS, box.address, alias)


def _of_contact(
    contact: FoundContact, known: Known, users: frozenset[str], seen: set[str], memory: Memory
) -> Iterator[Change]:
    keys = [key_of(one) for one in (contact.address, *contact.further)]
    keys = [one for one in dict.fromkeys(keys) if "@" in one and one not in users]
    keys = [one for one in keys if not known.is_company(one) and one not in seen]
    if not keys:
        return
    seen.update(keys)
    owner = key_of(contact.owner)
    owner = owner if owner in known.users or owner in users else ""
    there = {one.contact_id: one for key in keys for one in known.contacts.get(key, ())}
    if not there:
        told = Change(Do.ADD_CONTACT, keys[0], contact.name, company_of(keys[0]))
        also = tuple(keys[1:])
        yield replace(
            told, value="", name=contact.name, owner=owner, also=also, company_name=contact.company
        )
    else:
        yield from _of_known(contact, keys, owner, list(there.values()), known)
    yield from _of_list(contact, keys, known, memory)


def _of_known(
    contact: FoundContact, keys: list[str], owner: str, there: list[Contact], known: Known
) -> Iterator[Change]:
    """Yield what makes one contact of ours what the source has."""
    kept = next((one for one in there if keys[0] in one.addresses), there[0])
    for other in there:
        # Two contacts that share one address are people's doing: they are not made one.
        shared = any(len(known.contacts.get(key, ())) > 1 for key in other.addresses)
        if other is not kept and not shared:
            yield Change(Do.MERGE, kept.primary, other.primary)
    held = {address for one in there for address in one.addresses}
    for key in keys:
        if key not in held:
            yield Change(Do.ADD_ADDRESS, kept.primary, key)
    if contact.name and contact.name != kept.name:
        yield Change(Do.NAME, kept.primary, contact.name)
    if owner and owner != kept.owner:
        yield Change(Do.OWNER, kept.primary, owner)
    if contact.company and contact.company != kept.company:
        yield Change(Do.COMPANY, kept.primary, contact.company)


def _of_list(
    contact: FoundContact, keys: list[str], known: Known, memory: Memory
) -> Iterator[Change]:
    for key in keys:
        if contact.never_log and key not in known.never_log:
            yield Change(Do.NEVER_LOG, key)
        elif contact.never_log is False and key in known.never_log & memory.never_log:
            yield Change(Do.LOG_AGAIN, key)
