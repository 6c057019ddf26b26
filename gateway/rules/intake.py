"""Stage A: is it a message at all, and may who sent a copy have it logged?"""

from __future__ import annotations

from gateway.model.case import Case
from gateway.model.decision import Evidence, Outcome, Reason
from gateway.model.message import Kind
from gateway.rules.gate import is_ours
from gateway.rules.notices import is_notice_id
from gateway.rules.rule import rule
from gateway.rules.wording import size

UNANSWERED = "unanswered"
"""Evidence: names of keys that no server answered for; it is tried again later."""
AUTOMATIC = frozenset({Kind.AUTO_REPLY, Kind.AUTO_GENERATED, Kind.BOUNCE, Kind.RECEIPT})


@rule(
    Reason.TOO_LARGE_TO_INSPECT,
    Outcome.NOT_LOGGED,
    remedy="The message ({size}) is above the inspection limit ({limit}). "
    "Ask your admin to raise it.",
    command="replygate check-config",
    fixable=True,
)
def too_large_to_inspect(case: Case) -> Evidence | None:
    """It is over the inspection limit; it was still relayed."""
    if case.envelope.content.size <= case.policy.inspection_limit:
        return None
    limit = case.policy.inspection_limit
    return {"size": size(case.envelope.content.size), "limit": size(limit)}


@rule(
    Reason.MAIL_LOOP,
    Outcome.NOT_LOGGED,
    remedy="A mail loop was stopped. Check the automatic forwarding between {a} and {b}.",
)
def mail_loop(case: Case) -> Evidence | None:
    """More Received fields, or more copies within two hours, than a letter has that arrives.

    Copies are those of one content, or automatic ones of one author who is no user.
    """
    received, copies = case.heading.received_count, case.facts.recent_copies
    if received <= case.policy.received_limit and copies <= case.policy.copies_limit:
        return None
    return {
        "a": case.author.key if case.author else case.envelope.mail_from,
        "b": next(iter(case.recipients), ""),
        "received": received,
        "copies": copies,
    }


@rule(
    Reason.OWN_NOTICE,
    Outcome.NOT_LOGGED,
    remedy="Notices of this gateway are not logged.",
)
def own_notice(case: Case) -> Evidence | None:
    """It is a notice of this gateway, known by its signed id, or an automatic answer to one."""
    key = case.directory.notice_key
    if not key:
        return None
    answered = case.message.cited if case.message.kind in AUTOMATIC else ()
    found = (one for one in (case.message.message_id, *answered) if is_notice_id(one, key))
    notice = next(found, None)
    return {"notice": notice} if notice else None


@rule(
    Reason.UNPARSEABLE,
    Outcome.HELD,
    remedy="The message is malformed ({detail}). Open the stored copy and assign it by hand.",
    command="replygate log {message_id}",
)
def unparseable(case: Case) -> Evidence | None:
    """It has no usable author, or its top level is not a message."""
    if case.message.unparseable:
        return {"detail": case.message.unparseable}
    return {"detail": "it has no usable author"} if case.author is None else None


@rule(
    Reason.COPY_SENDER_UNKNOWN,
    Outcome.NOT_LOGGED,
    remedy="{address} is not one of your addresses. Add it under My addresses, then forward again.",
    command="replygate user add-address USER {address}",
)
def copy_sender_unknown(case: Case) -> Evidence | None:
    """A BCC copy or forward whose author is nobody of the company; no notice is sent."""
    if not _asks_to_log(case) or is_ours(case):
        return None
    return {"address": case.brought_by.key if case.brought_by else case.envelope.mail_from}


@rule(
    Reason.COPY_SENDER_UNVERIFIED,
    Outcome.HELD,
    remedy="We could not prove that this came from you. "
    "Approve it once; your admin can trust the route.",
    command="replygate log {message_id}",
)
def copy_sender_unverified(case: Case) -> Evidence | None:
    """A BCC copy or forward whose author is a user, but nothing proves that he sent it.

    So is a journal report by nobody's client whom the admin trusts, and an MTA's copy of what a
    colleague seems to have written.

    Proofs: a trusted client, a login, an aligned DKIM signature, a trusted ARC chain or
    Authentication-Results, a secret address, an earlier sighting of the same message by login.
    """
    if case.proven or not _needs_proof(case):
        return None
    evidence = {"address": case.brought_by.key if case.brought_by else ""}
    silent = ", ".join(case.authenticity.unanswered)
    return {**evidence, UNANSWERED: silent} if silent else evidence


@rule(
    Reason.USER_NOT_PERMITTED,
    Outcome.NOT_LOGGED,
    remedy="Your account may not log email. Ask an admin.",
    command="replygate user permit {user}",
)
def user_not_permitted(case: Case) -> Evidence | None:
    """The user who wrote or forwarded it may not log mail."""
    if case.incoming and not _asks_to_log(case):
        return None
    sender = case.brought_by
    user = case.directory.user_of(sender.key) if sender else None
    return {"user": user.key} if user and not user.permitted else None


def _asks_to_log(case: Case) -> bool:
    """Whether it is a BCC copy or a forward."""
    return case.inside_forward or case.copy in {"bcc", "forward"}


def _needs_proof(case: Case) -> bool:
    """Whether it is a copy that anybody could have made up."""
    if case.message.journal_report is not None:
        return True
    if case.copy == "always-bcc" or (case.wrapping and not case.inside_forward):
        return case.by_company
    return _asks_to_log(case) and is_ours(case)
