"""What follows from a decision: contacts, threads, sequences, reports, and who has the credit."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.model.arrival import Arrival
from gateway.model.case import Case
from gateway.model.decision import (
    AttachToEntry,
    Effect,
    EndEnrolment,
    JudgeAnew,
    MakeContact,
    Reason,
    SuggestAlias,
    TrackThread,
)
from gateway.model.envelope import Direction
from gateway.model.facts import Contact
from gateway.rules.intake import AUTOMATIC
from gateway.rules.kind import reported_by
from gateway.rules.people import author_contact, contact_of_unknown, may_be_tied
from gateway.rules.roles import is_role_address

MARKED = frozenset({Reason.OPTED_IN, Reason.BCC_COPY})
ENDS_ENROLMENT = frozenset({Reason.TRACKED_REPLY, Reason.REPLY_FROM_UNKNOWN, Reason.TEAM_MAIL})
BY_A_USER = frozenset({Reason.LOGGED_BY_FORWARD, Reason.LOGGED_BY_HAND, Reason.APPROVED})
"""A user's forward or hand makes him the starter of the thread."""
REPORTS = frozenset({Reason.BOUNCE, Reason.READ_RECEIPT})


def effects_of(case: Case, reason: Reason) -> tuple[Effect, ...]:
    """Return what a decision to log does, in the order in which it is to be done."""
    return (
        *_contacts_made(case, reason),
        *_alias_suggested(case, reason),
        *_thread_tracked(case, reason),
        *_enrolments_ended(case, reason),
        *_reports_attached(case, reason),
        *_strangers_adopted(case, reason),
    )


def contacts_of(case: Case, reason: Reason) -> tuple[str, ...]:
    """Return the address keys under whose contacts it is logged, the first one's own first."""
    primaries = (_primary(case, key) for key in _concerned(case, reason))
    return tuple(dict.fromkeys(key for key in primaries if key))


def credit_of(case: Case, reason: Reason) -> str:
    """Return the key of the user who has the credit; empty where a team has it."""
    directory = case.directory
    if reason is Reason.LOGGED_BY_FORWARD:
        sender = directory.user_of(case.brought_by.key) if case.brought_by else None
        return sender.key if sender else next((s.user for s in case.sightings if s.user), "")
    if not case.incoming:
        return case.user.key if case.user else ""
    if reason is Reason.TEAM_MAIL:
        return ""
    starter = case.thread.starter if case.thread and case.thread.tracked else ""
    if starter in directory.user_by_key:
        return starter
    return next((box.user for box in case.reached if box.user), "")


def mailboxes_of(arrival: Arrival) -> tuple[str, ...]:
    """Return the address keys of the mailboxes concerned, the sender's first."""
    # A user's own message that came in a forward is his as much as its copy by any other path.
    is_forwarded = arrival.is_forwarded if isinstance(arrival, Case) else arrival.inside_forward
    is_sent = not arrival.incoming or (is_forwarded and arrival.by_company)
    sent_from = arrival.sender_mailbox if is_sent else None
    first = (sent_from.address,) if sent_from else ()
    return tuple(dict.fromkeys((*first, *(box.address for box in arrival.reached))))


def _people(case: Case) -> Iterator[str]:
    """Yield the outside parties that may be tied to an entry, the author first."""
    return (key for key in case.outside if may_be_tied(case, key))


def _concerned(case: Case, reason: Reason) -> Iterator[str]:
    """Yield the addresses whose contacts the entry is for."""
    if reason in REPORTS:
        yield from (key for key in reported_by(case) if may_be_tied(case, key))
        return
    in_thread = reason is Reason.LOGGED_BY_FORWARD and case.in_tracked_thread
    if in_thread or reason is Reason.REPLY_FROM_UNKNOWN:
        yield contact_of_unknown(case)[0]
    makes = {effect.address for effect in _contacts_made(case, reason)}
    for key in _people(case):
        if key in makes or case.facts.contacts.get(key):
            yield key


def _primary(case: Case, key: str) -> str:
    """Return the primary address of the contact with this address, else the address."""
    author = case.author.key if case.author else ""
    settled = author_contact(case) if key == author else None
    found = (settled,) if settled else case.facts.contacts.get(key, ())
    return found[0].primary if len(found) == 1 and found[0] else key


def _contacts_made(case: Case, reason: Reason) -> tuple[MakeContact, ...]:
    """Return the contacts that are made: by a mark, a forward, or mail to a team."""
    if case.policy.create_contacts == "never":
        return ()
    wanted = [
        key
        for key in _wanted(case, reason)
        if not case.facts.contacts.get(key) and may_be_tied(case, key)
    ]
    if not case.policy.create_role_contacts:
        wanted = [key for key in wanted if not is_role_address(key)]
    names = {a.key: a.name for a in (*case.heading.authors, *case.heading.to, *case.heading.cc)}
    return tuple(MakeContact(key, names.get(key, "")) for key in dict.fromkeys(wanted))


def _wanted(case: Case, reason: Reason) -> Iterator[str]:
    """Yield the addresses that should have a contact because of this decision."""
    if reason in MARKED:
        yield from _people(case)
    elif reason is Reason.TEAM_MAIL:
        yield case.author.key if case.author else ""
    elif reason is Reason.LOGGED_BY_FORWARD:
        under = contact_of_unknown(case)[1] if case.in_tracked_thread else None
        author = case.author.key if case.author else ""
        if under is None:
            yield from (key for key in _people(case) if case.by_company or key == author)
    elif reason is Reason.REPLY_FROM_UNKNOWN:
        address, contact = contact_of_unknown(case)
        if contact is None and address:
            yield address


def _alias_suggested(case: Case, reason: Reason) -> Iterator[SuggestAlias]:
    """Yield the suggestion that the author's address is a second one of the thread's contact."""
    by_forward = reason is Reason.LOGGED_BY_FORWARD and case.in_tracked_thread
    by_reply = reason is Reason.REPLY_FROM_UNKNOWN and case.policy.suggest_alias
    if not (by_forward or by_reply) or case.author is None or case.by_company:
        return
    contact = contact_of_unknown(case)[1]
    if contact is not None and not case.author_contacts:
        yield SuggestAlias(case.author.key, contact.contact_id)


def _thread_tracked(case: Case, reason: Reason) -> Iterator[TrackThread]:
    """Yield the beginning of a tracked thread, unless it is one already."""
    if case.in_tracked_thread or reason in REPORTS:
        return
    boxes = mailboxes_of(case)
    mailbox = boxes[0] if boxes else ""
    if reason is Reason.TEAM_MAIL:
        shared = next(box.address for box in case.reached if box.shared)
        yield TrackThread(shared, shared)
    elif reason in BY_A_USER or not case.incoming:
        starter = credit_of(case, reason)
        yield TrackThread(starter or mailbox, mailbox or _first_mailbox(case, starter))
    else:
        yield TrackThread("", mailbox)


def _first_mailbox(case: Case, user: str) -> str:
    owned = case.directory.mailboxes_of(user) if user else ()
    return owned[0].address if owned else ""


def _enrolments_ended(case: Case, reason: Reason) -> Iterator[EndEnrolment]:
    """Yield the enrolments that a person's reply ends; automatic mail never does."""
    if reason not in ENDS_ENROLMENT or case.thread is None or case.message.kind in AUTOMATIC:
        return
    replied: Contact | None = author_contact(case)
    if reason is Reason.REPLY_FROM_UNKNOWN:
        replied = contact_of_unknown(case)[1]
    for enrolment in case.facts.enrolments:
        if replied is not None and enrolment.contact_id == replied.contact_id:
            yield EndEnrolment(enrolment.enrolment_id)


def _reports_attached(case: Case, reason: Reason) -> Iterator[AttachToEntry]:
    """Yield what a report says of each recipient, for the entry of its original."""
    if reason not in REPORTS or case.message.report is None:
        return
    matched = reported_by(case)
    for result in case.message.report.results:
        if result.recipient in matched:
            entry = matched[result.recipient].entry_id
            yield AttachToEntry(entry, result.recipient, result.status, result.action)


def _strangers_adopted(case: Case, reason: Reason) -> Iterator[JudgeAnew]:
    """Yield the stranger's message that a user answered with a mark (S13)."""
    parent = case.thread.parent if case.thread else None
    if case.policy.stranger_original != "adopt" or reason not in MARKED or parent is None:
        return
    if parent.direction is Direction.INCOMING and parent.reason is Reason.SENDER_NOT_CONTACT:
        yield JudgeAnew(parent.entry_id)
