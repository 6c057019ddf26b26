"""Who is who outside: the contact that wrote, and the one that a stranger stands for."""

from __future__ import annotations

from gateway.model.case import Case
from gateway.model.facts import Contact
from gateway.rules.free_mail import own_domain
from gateway.rules.gate import listed


def author_contact(case: Case) -> Contact | None:
    """Return the contact that wrote it; None for nobody, and for several that nothing tells apart.

    What tells them apart: the choice of a person, the thread, the owner.
    """
    found = case.author_contacts
    if len(found) < 2:
        return found[0] if found else None
    tied = {contact.contact_id for contact in case.thread.contacts} if case.thread else set()
    owners = {user.key for user in case.users_concerned}
    for settled in (
        [one for one in found if one.contact_id == case.facts.chosen_contact],
        [one for one in found if one.contact_id in tied],
        [one for one in found if one.owner in owners],
    ):
        if len(settled) == 1:
            return settled[0]
    return None


def belongs_to_thread(case: Case) -> bool:
    """Whether the author's address or own domain is among the thread's outside parties."""
    if case.thread is None or case.author is None:
        return False
    key, outside = case.author.key, case.thread.outside
    if key in outside:
        return True
    domain = own_domain(key)
    return bool(domain) and any(other.rpartition("@")[2] == domain for other in outside)


def may_be_tied(case: Case, key: str) -> bool:
    """Whether an entry may be tied to this address: on no never-log list, and not erased."""
    directory = case.directory
    if directory.never_log and listed(case, key) is not None:
        return False
    return not directory.is_erased(key)


def contact_of_unknown(case: Case) -> tuple[str, Contact | None]:
    """Return the address key that a reply of no contact goes under, with its contact if any.

    Empty when the thread has nobody outside who may be tied to it.
    """
    thread, author = case.thread, case.author
    if thread is None or author is None:
        return "", None
    domain = own_domain(author.key)
    written_to = {a.key for a in (*case.heading.to, *case.heading.cc)}
    tests = (
        lambda key: bool(domain) and own_domain(key) == domain,
        lambda key: key in written_to,
        lambda _: True,
    )
    tied = [one for one in thread.contacts if may_be_tied(case, one.primary)]
    for test in tests:
        for contact in tied:
            if any(map(test, contact.addresses or (contact.primary,))):
                return contact.primary, contact
    first = sorted(thread.original.recipients & thread.outside) if thread.original else []
    others = (key for key in (*first, *sorted(thread.outside)) if may_be_tied(case, key))
    return next(others, ""), None
