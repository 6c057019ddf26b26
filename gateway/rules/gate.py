"""Stage 0: the privacy gate, on addresses and header fields alone (D-9, D-15).

Of what a forward came in only `marked-private` is asked here; all others are asked of the message
inside, but `internal-only`, for which `forward-internal` answers.
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway.model.arrival import Arrival
from gateway.model.decision import Evidence, Outcome, Reason
from gateway.model.directory import NeverLog
from gateway.rules.rule import note, rule
from gateway.rules.wording import day


@rule(
    Reason.NEVER_LOG_ACCOUNT,
    Outcome.NOT_LOGGED,
    source="S6",
    remedy="{address} is on the company never-log list ({entry}). "
    "An admin can remove it for future mail.",
    command="replygate never-log remove {entry}",
)
def never_log_account(arrival: Arrival) -> Evidence | None:
    """The author of incoming mail is on the company's never-log list.

    Of outgoing mail every outside recipient is. The list holds addresses and domains.
    """
    return _all_listed(arrival, "")


@rule(
    Reason.NEVER_LOG_USER,
    Outcome.NOT_LOGGED,
    source="S6",
    remedy="{address} is on your never-log list. Remove it there to log future mail.",
    command="replygate never-log remove {entry} --user {user}",
)
def never_log_user(arrival: Arrival) -> Evidence | None:
    """As `never-log-account`, on the list of the only user concerned."""
    user = only_user(arrival)
    return _all_listed(arrival, user) if user else None


@note(
    Reason.NEVER_LOG_PARTICIPANT,
    source="S6",
    remedy="{address} is on the never-log list; logged for the others only.",
    command="replygate never-log remove {entry}",
)
def never_log_participant(arrival: Arrival) -> Iterator[tuple[str, Evidence]]:
    """Others on the message are listed: they are not tied to the entry, no contact is made."""
    if not arrival.directory.never_log:
        return
    for key in arrival.outside:
        if (entry := listed(arrival, key)) is not None:
            yield key, {"address": key, "entry": entry.pattern}


@rule(
    Reason.MARKED_PRIVATE,
    Outcome.NOT_LOGGED,
    remedy="This message was marked private.",
)
def marked_private(arrival: Arrival) -> Evidence | None:
    """`Sensitivity: private`, `personal`, `company-confidential`, or the subject tag `[nolog]`."""
    return {"mark": arrival.heading.private} if arrival.heading.private else None


@rule(
    Reason.NO_TRACKED_MAILBOX,
    Outcome.NOT_LOGGED,
    remedy="None of the addresses belongs to a tracked user. "
    "Add {address} to a mailbox if it does.",
    command="replygate mailbox add {address}",
)
def no_tracked_mailbox(arrival: Arrival) -> Evidence | None:
    """No party is a mailbox, an alias or former address of one, or a user who has one.

    Of a copy from nobody's address `copy-sender-unknown` speaks.
    """
    directory = arrival.directory
    boxes = directory.mailbox_by_key
    if any(key in boxes for key in arrival.parties):
        return None
    if any(directory.mailboxes_of(user.key) for user in arrival.users_concerned):
        return None
    if arrival.inside_forward or arrival.copy in {"bcc", "forward"}:
        sender = arrival.brought_by
        if not is_ours(arrival) or (sender and sender.key in boxes):
            return None
    ours = (key for key in arrival.parties if directory.is_company(key))
    return {"address": next(ours, next(iter((*arrival.recipients, *arrival.parties)), ""))}


@rule(
    Reason.USER_OPTED_OUT,
    Outcome.NOT_LOGGED,
    remedy="Logging is off for {user}. Turn it on, then replay from {date}.",
    command="replygate user logging-on {user}",
)
def user_opted_out(arrival: Arrival) -> Evidence | None:
    """No shared mailbox is on it, and logging is off for every user on it."""
    users = arrival.users_concerned
    if not users or any(user.logging for user in users):
        return None
    boxes = arrival.directory.mailbox_by_key
    if any(key in boxes and boxes[key].shared for key in arrival.parties):
        return None
    return {"user": users[0].key, "date": day(arrival.envelope.received_at)}


@rule(
    Reason.INTERNAL_ONLY,
    Outcome.NOT_LOGGED,
    remedy="Internal email is not logged.",
)
def internal_only(arrival: Arrival) -> Evidence | None:
    """Every party is of the company; delivery reports excepted."""
    if arrival.outside or arrival.author is None or arrival.reports_delivery:
        return None
    if arrival.inside_forward:
        return None
    return {"parties": len(arrival.parties)}


@rule(
    Reason.ERASED,
    Outcome.NOT_LOGGED,
    remedy="Removed on request; not logged again.",
)
def erased(arrival: Arrival) -> Evidence | None:
    """Every outside party was erased on request."""
    if not arrival.directory.erased or not arrival.outside:
        return None
    gone = all(map(arrival.directory.is_erased, arrival.outside))
    return {"parties": len(arrival.outside)} if gone else None


def is_ours(arrival: Arrival) -> bool:
    """Whether a copy was sent from an address of a user, or of a team's mailbox."""
    sender = arrival.brought_by
    directory = arrival.directory
    return sender is not None and (
        directory.user_of(sender.key) is not None or sender.key in directory.mailbox_by_key
    )


def only_user(arrival: Arrival) -> str:
    """Return the key of the only user concerned; empty for none or several."""
    users = arrival.users_concerned
    return users[0].key if len(users) == 1 else ""


def listed(arrival: Arrival, key: str) -> NeverLog | None:
    """Return the entry of the company's list, or of the only user's, that names the address."""
    company = arrival.directory.never_logged(key, arrival.asked_at)
    user = only_user(arrival)
    if company is not None or not user:
        return company
    return arrival.directory.never_logged(key, arrival.asked_at, user)


def _all_listed(arrival: Arrival, user: str) -> Evidence | None:
    """Return the listed author or recipient when the list of this user keeps the message out."""
    directory = arrival.directory
    if not directory.never_log:
        return None
    author = (arrival.author.key,) if arrival.author else ()
    concerned = author if arrival.incoming else tuple(k for k in arrival.outside if k not in author)
    found = None
    for key in concerned:
        if (found := directory.never_logged(key, arrival.asked_at, user)) is None:
            return None
    if found is None:
        return None
    evidence: dict[str, str] = {"address": concerned[0], "entry": found.pattern}
    return {**evidence, "user": user} if user else evidence
