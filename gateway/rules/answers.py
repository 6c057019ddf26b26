"""Stage F, incoming: what answers by itself in a tracked thread, and ends no enrolment."""

from __future__ import annotations

from gateway.model.case import Case
from gateway.model.decision import Evidence, Outcome, Reason
from gateway.model.message import Kind
from gateway.rules.kind import reported_by
from gateway.rules.people import belongs_to_thread
from gateway.rules.rule import rule

AUTOMATIC = frozenset({Kind.AUTO_REPLY, Kind.AUTO_GENERATED})


@rule(
    Reason.BOUNCE,
    Outcome.LOGGED,
    remedy="Your email to {recipient} was not delivered: {status}. Check the address.",
    command="replygate contact add-address {recipient} ADDRESS",
)
def bounce(case: Case) -> Evidence | None:
    """A delivery report that embeds an id of a logged message and names a recipient of it.

    Its action is `failed`; any other action is a note on the entry.
    """
    if case.message.kind is not Kind.BOUNCE or case.message.report is None:
        return None
    matched = reported_by(case)
    results = [one for one in case.message.report.results if one.recipient in matched]
    if not results:
        return None
    worst = next((one for one in results if one.action == "failed"), results[0])
    evidence: dict[str, str | int | bool] = {
        "recipient": worst.recipient,
        "status": worst.status or worst.diagnostic or "no status was given",
        "action": worst.action,
        "entry": matched[worst.recipient].entry_id,
    }
    return evidence if worst.action == "failed" else {**evidence, "nothing_to_do": True}


@rule(Reason.READ_RECEIPT, Outcome.LOGGED)
def read_receipt(case: Case) -> Evidence | None:
    """A disposition notice of a logged message that names a recipient of it."""
    if case.message.kind is not Kind.RECEIPT:
        return None
    matched = reported_by(case)
    found = next(iter(matched.items()), None)
    return {"recipient": found[0], "entry": found[1].entry_id} if found else None


@rule(
    Reason.AUTO_REPLY,
    Outcome.LOGGED,
    remedy="Automatic reply from {name}. It does not count as an answer.",
)
def auto_reply(case: Case) -> Evidence | None:
    """An automatic reply in a tracked thread, from one of its people.

    Out-of-office, and any other Auto-Submitted but `no` (RFC 3834). From a contact or, with
    `thread-contact`, from an address or domain of the thread. Never ends an enrolment.
    """
    return _from_its_people(case) if case.message.kind in AUTOMATIC else None


@rule(Reason.CALENDAR_IN_THREAD, Outcome.LOGGED)
def calendar_in_thread(case: Case) -> Evidence | None:
    """A calendar answer or invitation in a tracked thread; author as for `auto-reply`."""
    return _from_its_people(case) if case.message.kind is Kind.CALENDAR else None


def _from_its_people(case: Case) -> Evidence | None:
    if not case.in_tracked_thread or case.author is None or case.by_company:
        return None
    by_domain = case.policy.unknown_replier == "thread-contact" and belongs_to_thread(case)
    if not case.author_contacts and not by_domain:
        return None
    return {"name": case.author.name or case.author.key, "address": case.author.key}
