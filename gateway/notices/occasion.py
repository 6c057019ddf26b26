"""When a user is told something, and what: pure.

Only users are told, and only of copies that they sent themselves: never strangers, lists, robots
or null senders (RFC 3834 §2: an automatic message must not answer an automatic one).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gateway.interfaces import Passage
from gateway.mail.addresses import key_of
from gateway.mail.reading import read_heading
from gateway.model.decision import Decision, Evidence, Outcome, Reason
from gateway.model.directory import Directory
from gateway.model.envelope import RelayState
from gateway.model.message import Address, Heading
from gateway.rules.notices import is_notice_id
from gateway.rules.roles import is_robot_address

UNTOLD: Final = frozenset(
    {
        Reason.COPY_SENDER_UNKNOWN,
        Reason.MAIL_LOOP,
        Reason.OWN_NOTICE,
        Reason.JOURNAL_REPORT,
        Reason.JOURNAL_UNREADABLE,
    }
)
"""Reasons that are no matter of a user, or whose telling would make a loop go on."""
LIST_FIELDS: Final = ("list-id", "list-post", "list-unsubscribe", "mailing-list")
SUPPRESSED: Final = frozenset({b"all", b"autoreply"})


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that a user is told."""

    reason: Reason
    remedy: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Occasion:
    """A copy that its sender has to be told about."""

    user: str
    """Key of the user."""
    recipient: str
    """The address that he wrote from."""
    entry_id: str
    outcome: Outcome
    faults: tuple[Fault, ...]
    """The first one names the notice."""
    subject: str
    message_id: str


def occasions_of(passage: Passage, directory: Directory) -> Iterator[Occasion]:
    """Yield what a user is to be told of a message that went through; nothing of most."""
    if passage.relayed.state is not RelayState.CONSUMED or not passage.decisions:
        return
    ours = directory.logging_by_key
    keys = [key_of(recipient.addr_spec) for recipient in passage.envelope.recipients]
    if not passage.envelope.mail_from or not all(key in ours for key in keys):
        return
    if any(ours[key].use == "journal" for key in keys):
        return
    heading = read_heading(passage.envelope.content.octets)
    sender = sender_of(heading, directory)
    if sender is None or is_automatic(heading, directory.notice_key):
        return
    user = directory.user_of(sender.key)
    for entry_id, decision in passage.decisions if user else ():
        if faults := tuple(_faults(decision)):
            yield Occasion(
                user=user.key if user else "",
                recipient=sender.addr_spec,
                entry_id=entry_id,
                outcome=decision.outcome,
                faults=faults,
                subject=heading.subject,
                message_id=heading.message_id,
            )


def sender_of(heading: Heading, directory: Directory) -> Address | None:
    """Return the user's address that it was sent or redirected from, or None."""
    for named in (heading.authors, heading.resent_from):
        if len(named) == 1 and directory.user_of(named[0].key) is not None:
            return None if is_robot_address(named[0].key) else named[0]
    return None


def is_automatic(heading: Heading, notice_key: bytes) -> bool:
    """Whether a program sent it, or asks not to be answered by one."""
    submitted = (heading.first("auto-submitted") or b"no").strip().lower()
    precedence = (heading.first("precedence") or b"").strip().lower()
    suppressed = (heading.first("x-auto-response-suppress") or b"").lower().split(b",")
    return (
        not submitted.startswith(b"no")
        or precedence in {b"bulk", b"list", b"junk", b"auto_reply"}
        or not SUPPRESSED.isdisjoint(word.strip() for word in suppressed)
        or any(heading.first(name) is not None for name in LIST_FIELDS)
        or any(is_notice_id(one, notice_key) for one in (heading.message_id, *heading.cited))
    )


def _faults(decision: Decision) -> Iterator[Fault]:
    if decision.outcome in {Outcome.HELD, Outcome.NOT_LOGGED}:
        if decision.reason not in UNTOLD and decision.remedy:
            yield Fault(decision.reason, decision.remedy, decision.evidence)
    elif decision.outcome is Outcome.PARTIAL:
        for note in decision.notes:
            if note.partial:
                yield Fault(note.reason, note.remedy, note.evidence)
