"""Stage B: what a copy holds inside."""

from __future__ import annotations

from gateway.model.case import Case
from gateway.model.decision import Evidence, Outcome, Reason
from gateway.rules.rule import rule

JOURNALLED = frozenset({"journal-report", "always-bcc"})


@rule(
    Reason.JOURNAL_UNREADABLE,
    Outcome.HELD,
    remedy="The journal copy had no readable original. Check the journal format.",
)
def journal_unreadable(case: Case) -> Evidence | None:
    """A journal report without a readable message inside."""
    # A report that could be read has a Case of what was inside, with its wrapping.
    unread = case.copy == "journal-report" and not case.message.journal
    told = case.copy in JOURNALLED and case.message.journal == "unreadable"
    return {"route": case.envelope.route} if unread or told else None


@rule(
    Reason.JOURNAL_REPORT,
    Outcome.NOT_LOGGED,
    remedy="Technical notice; nothing to log.",
)
def journal_report(case: Case) -> Evidence | None:
    """A notice about journalling itself."""
    if case.copy not in JOURNALLED or case.message.journal != "notice":
        return None
    return {"route": case.envelope.route}


@rule(
    Reason.FORWARD_ORIGINAL_UNKNOWN,
    Outcome.HELD,
    source="S2",
    remedy="Who wrote this? Forward it as an attachment, or start your text with "
    '"From: name@example.com".',
    command="replygate log {message_id}",
)
def forward_original_unknown(case: Case) -> Evidence | None:
    """A forward whose original author cannot be read."""
    if case.copy != "forward":
        return None
    # What a forward holds with a readable author has a Case of its own, with its wrapping.
    return {"forwards": len(case.message.forwards)}


@rule(
    Reason.FORWARD_INTERNAL,
    Outcome.NOT_LOGGED,
    source="S2",
    remedy="This forward only involves colleagues.",
)
def forward_internal(case: Case) -> Evidence | None:
    """Only colleagues are in the forwarded message."""
    if not case.inside_forward or case.outside:
        return None
    return {"parties": len(case.parties)}
