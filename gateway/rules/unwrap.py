"""Stage B: what a copy holds inside."""

from __future__ import annotations

from gateway.model.case import Case
from gateway.model.decision import Evidence, Outcome, Reason
from gateway.rules.rule import rule


@rule(
    Reason.JOURNAL_UNREADABLE,
    Outcome.HELD,
    remedy="The journal copy had no readable original. Check the journal format.",
)
def journal_unreadable(case: Case) -> Evidence | None:
    """A journal report without a readable message inside."""
    if case.message.journal == "unreadable":
        return {"route": case.envelope.route}
    return None


@rule(
    Reason.JOURNAL_REPORT,
    Outcome.NOT_LOGGED,
    remedy="Technical notice; nothing to log.",
)
def journal_report(case: Case) -> Evidence | None:
    """A notice about journalling itself."""
    return {"route": case.envelope.route} if case.message.journal == "notice" else None


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
    if case.wrapping is None or case.wrapping.kind != "forward" or case.outside:
        return None
    return {"parties": len(case.parties)}
