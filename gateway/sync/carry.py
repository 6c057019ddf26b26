"""Reads what the gateway knows, carries changes out, and remembers a source.

Each change is a transaction of its own: what was done when something fails stays done, and the
next look goes on from the old mark, which does no harm.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path

from gateway.model.facts import Contact
from gateway.store.faults import AlreadyKnownError, BadAddressError, NotListedError
from gateway.store.registry import Registry
from gateway.sync.plan import Change, Do, Known, Memory


def known_now(registry: Registry, domains: Iterable[str]) -> Known:
    """Return what the gateway knows; `domains` are the company's."""
    contacts: dict[str, tuple[Contact, ...]] = {}
    for one in registry.list_contacts():
        for address in one.addresses:
            contacts[address] = (*contacts.get(address, ()), one)
    users = {key: user for user in registry.list_users() for key in (user.key, *user.further)}
    boxes = registry.list_mailboxes()
    mailboxes = {key: box for box in boxes for key in (box.address, *box.aliases)}
    ours = frozenset(domains)

    def is_company(key: str) -> bool:
        return key.rpartition("@")[2] in ours or key in users or key in mailboxes

    lists = registry.list_never_log()
    never_log = frozenset(entry.pattern for entry in lists if not entry.user)
    return Known(contacts, users, mailboxes, never_log, is_company)


def carry_out(
    registry: Registry, changes: Iterable[Change], provider: str, step: Callable[[int], None]
) -> tuple[str, ...]:
    """Make these changes; return what could not be made, in words."""
    faults: list[str] = []
    for change in changes:
        try:
            _carry_out(registry, change, provider)
        except (AlreadyKnownError, BadAddressError, NotListedError, LookupError) as error:
            faults.append(f"{change.do} {change.subject}: {error}")
        step(1)
    return tuple(faults)


def _carry_out(registry: Registry, change: Change, provider: str) -> None:
    subject, value = change.subject, change.value
    match change.do:
        case Do.ADD_CONTACT:
            registry.add_contact(subject, change.name, change.owner, company=change.company_name)
            for address in change.also:
                registry.add_address(subject, address)
        case Do.ADD_USER:
            registry.add_user(subject, change.name)
        case Do.ADD_MAILBOX:
            registry.add_mailbox(subject, subject, provider, aliases=change.also)
            registry.connect(subject)
        case Do.NAME:
            registry.change_contact(subject, name=value)
        case Do.OWNER:
            registry.change_contact(subject, owner=value)
        case Do.COMPANY:
            registry.change_contact(subject, company=value)
        case Do.ADD_ADDRESS | Do.MERGE | Do.ADD_ALIAS:
            two: dict[Do, Callable[[str, str], object]] = {
                Do.ADD_ADDRESS: registry.add_address,
                Do.MERGE: registry.merge,
                Do.ADD_ALIAS: registry.add_alias,
            }
            two[change.do](subject, value)
        case Do.NEVER_LOG | Do.LOG_AGAIN | Do.DISCONNECT:
            one: dict[Do, Callable[[str], object]] = {
                Do.NEVER_LOG: registry.add_never_log,
                Do.LOG_AGAIN: registry.remove_never_log,
                Do.DISCONNECT: registry.disconnect,
            }
            one[change.do](subject)


def recall(file: Path) -> Memory:
    """Return what is remembered of a source; nothing of one that is new, or whose file is odd."""
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        users, never_log = map(frozenset, (told["users"], told["never_log"]))
        return Memory(str(told["mark"]), users, never_log)
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return Memory()


def remember(file: Path, memory: Memory) -> None:
    """Keep it for the next time."""
    told = {
        "mark": memory.mark,
        "users": sorted(memory.users),
        "never_log": sorted(memory.never_log),
    }
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = file.with_suffix(".new")
    fresh.write_text(json.dumps(told), encoding="utf-8")
    fresh.replace(file)
