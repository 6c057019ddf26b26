"""Stage E: what stops a message by its kind.

Incoming mail without a mark; `malware` even with one. Lists and robots are stopped only outside
tracked threads. `auto-generated` also stops outgoing mail without a mark: robots outside tracked
threads, automatic answers and receipts everywhere, since no person wrote them.
"""

from __future__ import annotations

from gateway.model.case import Case
from gateway.model.decision import Evidence, Outcome, Reason
from gateway.model.facts import ThreadMessage
from gateway.model.message import Kind
from gateway.rules.reach import barred, spam_verdict
from gateway.rules.rule import rule


@rule(
    Reason.MALWARE,
    Outcome.NOT_LOGGED,
    remedy="Blocked as malware; not logged.",
)
def malware(case: Case) -> Evidence | None:
    """A trusted scanner's verdict."""
    for verdict in case.heading.verdicts:
        if verdict.kind == "malware" and verdict.filter.lower() in case.policy.trusted_filters:
            return {"filter": verdict.filter, "verdict": verdict.evidence}
    return None


SPAM_REMEDY = "Marked as spam by {filter}. If it is genuine, report it as not spam and replay it."
REPLAY = "replygate replay {message_id}"


@rule(
    Reason.SPAM,
    Outcome.NOT_LOGGED,
    source="S10",
    remedy=SPAM_REMEDY,
    command=REPLAY,
)
def spam(case: Case) -> Evidence | None:
    """A trusted spam verdict or the junk folder, for mailboxes of the switch's providers."""
    return None if case.policy.spam == "hold" and case.in_tracked_thread else _spam(case)


@rule(
    Reason.SPAM_IN_THREAD,
    Outcome.HELD,
    source="S10",
    remedy=SPAM_REMEDY,
    command=REPLAY,
)
def spam_in_thread(case: Case) -> Evidence | None:
    """As `spam`, in a tracked thread, when the switch says `hold`."""
    return _spam(case) if case.policy.spam == "hold" and case.in_tracked_thread else None


@rule(
    Reason.SENDER_SPOOFED,
    Outcome.HELD,
    remedy="The sender's domain did not confirm this message. Check it before logging.",
    command="replygate log {message_id}",
    switch="spoofed",
)
def sender_spoofed(case: Case) -> Evidence | None:
    """The author is a user or a contact, and DMARC failed by a trusted Authentication-Results.

    Not when a trusted ARC chain vouches for it, or a list changed it on its way.
    """
    if not case.authenticity.spoofed or not _stoppable(case) or case.author is None:
        return None
    if case.message.kind is Kind.MAILING_LIST:
        return None
    if case.user is None and not case.author_contacts:
        return None
    told = case.authenticity
    return {"address": case.author.key, "domain": told.domain, "authserv_id": told.authserv_id}


@rule(
    Reason.BOUNCE_UNMATCHED,
    Outcome.NOT_LOGGED,
    remedy="A notice for a message that was not logged.",
)
def bounce_unmatched(case: Case) -> Evidence | None:
    """A delivery report of a message that is not logged, or that names no recipient of it."""
    return _unmatched(case, Kind.BOUNCE)


@rule(
    Reason.RECEIPT_UNMATCHED,
    Outcome.NOT_LOGGED,
    remedy="A notice for a message that was not logged.",
)
def receipt_unmatched(case: Case) -> Evidence | None:
    """A disposition notice of a message that is not logged, or that names no recipient of it."""
    return _unmatched(case, Kind.RECEIPT)


@rule(Reason.ABUSE_REPORT, Outcome.NOT_LOGGED)
def abuse_report(case: Case) -> Evidence | None:
    """A feedback report."""
    return _seen_as(case) if case.message.kind is Kind.ABUSE_REPORT and _stoppable(case) else None


@rule(
    Reason.AUTO_REPLY_UNTRACKED,
    Outcome.NOT_LOGGED,
    remedy="Automatic reply to mail that is not logged.",
)
def auto_reply_untracked(case: Case) -> Evidence | None:
    """An automatic reply outside tracked threads."""
    return _untracked(case, Kind.AUTO_REPLY)


@rule(
    Reason.CALENDAR,
    Outcome.NOT_LOGGED,
    remedy="Meeting mail is not logged.",
)
def calendar(case: Case) -> Evidence | None:
    """`text/calendar` with a METHOD outside tracked threads; an attached file does not count."""
    return _untracked(case, Kind.CALENDAR)


LIST_REMEDY = "Newsletters and system mail are not logged. Allow {address} to change this."
ALLOW = "replygate allow add {address}"


@rule(
    Reason.MAILING_LIST,
    Outcome.NOT_LOGGED,
    remedy=LIST_REMEDY,
    command=ALLOW,
)
def mailing_list(case: Case) -> Evidence | None:
    """List mail outside tracked threads, from nobody who is allowed to."""
    return _not_allowed(case, Kind.MAILING_LIST)


@rule(
    Reason.BULK,
    Outcome.NOT_LOGGED,
    remedy=LIST_REMEDY,
    command=ALLOW,
)
def bulk(case: Case) -> Evidence | None:
    """A newsletter outside tracked threads, from nobody who is allowed to."""
    return _not_allowed(case, Kind.BULK)


@rule(
    Reason.AUTO_GENERATED,
    Outcome.NOT_LOGGED,
    remedy=LIST_REMEDY,
    command=ALLOW,
)
def auto_generated(case: Case) -> Evidence | None:
    """Robot mail outside tracked threads; outgoing also automatic answers and receipts."""
    if case.message.kind is Kind.AUTO_GENERATED:
        return _not_allowed(case, Kind.AUTO_GENERATED, outgoing=True)
    if case.message.kind not in {Kind.AUTO_REPLY, Kind.RECEIPT} or case.incoming or case.mark:
        return None
    return None if _allowed(case) else _seen_as(case)


def reported_by(case: Case) -> dict[str, ThreadMessage]:
    """Return the logged messages that a report speaks of, by the recipient that it names.

    Both are the proof that the report is no forgery: an id of a message that was logged, and
    somebody who got it.
    """
    if case.message.report is None:
        return {}
    named = [result.recipient for result in case.message.report.results]
    found: dict[str, ThreadMessage] = {}
    for original in case.facts.reported:
        if original.logged:
            for recipient in named:
                if recipient in original.recipients:
                    found.setdefault(recipient, original)
    return found


def _stoppable(case: Case) -> bool:
    """Whether this stage is asked of it at all."""
    return case.incoming and not case.mark


def _seen_as(case: Case) -> Evidence:
    """Return what kind it is, and why."""
    return {
        "address": case.author.key if case.author else "",
        "kind": case.message.kind.value,
        "because": case.message.kind_evidence,
    }


def _spam(case: Case) -> Evidence | None:
    verdict = spam_verdict(case)
    if verdict is None or not _stoppable(case):
        return None
    seen = {"filter": verdict.filter, "verdict": verdict.evidence}
    if not case.policy.spam_providers:
        return seen
    box = barred(case, Reason.SPAM)
    return {**seen, "mailbox": box.address} if box else None


def _unmatched(case: Case, kind: Kind) -> Evidence | None:
    if case.message.kind is not kind or not _stoppable(case) or reported_by(case):
        return None
    return _seen_as(case)


def _untracked(case: Case, kind: Kind) -> Evidence | None:
    if case.message.kind is not kind or case.in_tracked_thread or not _stoppable(case):
        return None
    return _seen_as(case)


def _not_allowed(case: Case, kind: Kind, *, outgoing: bool = False) -> Evidence | None:
    if case.message.kind is not kind or case.in_tracked_thread or case.mark:
        return None
    asked = case.incoming or outgoing
    return _seen_as(case) if asked and not _allowed(case) else None


def _allowed(case: Case) -> bool:
    """Whether the admin allowed list and robot mail of the author."""
    allowed = case.directory.allowed_senders
    author = case.author
    return author is not None and (author.key in allowed or author.domain in allowed)
