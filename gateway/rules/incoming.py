"""Stage F, incoming: whose thread is it, and who wrote?

What stops it by its mailbox stands in `mailboxes`, what answers by itself in `answers`.
"""

from __future__ import annotations

from gateway.model.case import Case
from gateway.model.decision import Evidence, Outcome, Reason
from gateway.model.message import Kind
from gateway.rules.people import author_contact, belongs_to_thread, contact_of_unknown
from gateway.rules.reach import passes
from gateway.rules.rule import rule

PEOPLE_WRITE = frozenset({Kind.PERSONAL, Kind.MAILING_LIST, Kind.BULK})
LOG = "replygate log {message_id}"
STRANGERS = frozenset({Reason.SENDER_NOT_CONTACT, Reason.ADOPTED_ORIGINAL})
NEVER_LOGGED = frozenset({Reason.NEVER_LOG_ACCOUNT, Reason.NEVER_LOG_USER})


@rule(
    Reason.THREAD_CONFLICT,
    Outcome.HELD,
    remedy="It belongs to two conversations. Pick one or link both.",
    command=LOG,
)
def thread_conflict(case: Case) -> Evidence | None:
    """Its ids lead to two tracked threads with different contacts."""
    if len(case.facts.threads) < 2 or case.facts.chosen_contact is not None:
        return None
    tied = [
        {contact.contact_id for contact in thread.contacts}
        for thread in case.facts.threads
        if thread.tracked and thread.contacts
    ]
    if len(tied) < 2 or not all(tied[0].isdisjoint(other) for other in tied[1:]):
        return None
    return {"threads": len(tied)}


@rule(
    Reason.ORIGINAL_TO_NEVER_LOG,
    Outcome.NOT_LOGGED,
    source="S6",
    remedy="The first message went to {address}, which is on the never-log list.",
    command="replygate never-log remove {entry}",
)
def original_to_never_log(case: Case) -> Evidence | None:
    """`never_log_original = thread`: the original was sent to a listed address."""
    original = case.thread.original if case.thread else None
    if original is None or case.policy.never_log_original != "thread":
        return None
    if original.reason in NEVER_LOGGED:
        return {"address": "an address", "entry": "PATTERN"}
    if not case.directory.never_log:
        return None
    for key in sorted(original.recipients):
        for whose in dict.fromkeys(("", original.user)):
            if (entry := case.directory.never_logged(key, case.asked_at, whose)) is not None:
                return {"address": key, "entry": entry.pattern}
    return None


@rule(Reason.TEAM_MAIL, Outcome.LOGGED, source="S3")
def team_mail(case: Case) -> Evidence | None:
    """To a shared mailbox, new or in a thread that began there; written by a person outside.

    No report, automatic or calendar mail. A stranger gets a contact as if it were marked.
    """
    if case.author is None or case.by_company or case.message.kind not in PEOPLE_WRITE:
        return None
    for box in case.reached:
        began_here = is_new(case) or (
            case.thread is not None and box.address == case.thread.began_in
        )
        if box.shared and began_here and passes(case, box):
            return {"mailbox": box.address, "address": case.author.key}
    return None


@rule(
    Reason.ORIGINAL_NOT_LOGGED,
    Outcome.NOT_LOGGED,
    source="S5 S11",
    remedy="The first message was sent without Log, so its replies are not logged. "
    "Forward it to {logging_address}, or log the thread.",
    command="replygate log {entry} --thread",
    fixable=True,
)
def original_not_logged(case: Case) -> Evidence | None:
    """`log = replies`: the thread is not tracked; its original is known and was not logged."""
    if case.policy.log != "replies" or case.thread is None or case.thread.tracked:
        return None
    original = case.thread.original
    if original is None or original.logged:
        return None
    return {
        "entry": original.entry_id,
        "original_reason": original.reason.value,
        "logging_address": case.policy.logging_address,
    }


@rule(
    Reason.ORIGINAL_UNKNOWN,
    Outcome.NOT_LOGGED,
    source="S1",
    remedy="The message it answers never passed here. Import your sent mail, then replay.",
    command="replygate import PATH --as-logged",
    fixable=True,
)
def original_unknown(case: Case) -> Evidence | None:
    """`log = replies`: the thread is not tracked, it cites ids, and its original is unknown."""
    if case.policy.log != "replies" or case.in_tracked_thread or not case.message.cited:
        return None
    if case.thread is not None and case.thread.original is not None:
        return None
    return {"cited": case.message.cited[0]}


@rule(
    Reason.SUBJECT_CHANGED,
    Outcome.NOT_LOGGED,
    remedy="The subject was changed, so it was not taken as a reply.",
    fixable=True,
)
def subject_changed(case: Case) -> Evidence | None:
    """`subject_must_match`: the base subject (RFC 5256) is not that of the tracked thread."""
    thread = case.thread
    if not case.policy.subject_must_match or not case.replies_in_tracked_thread or thread is None:
        return None
    known = {one.subject for one in (thread.parent, thread.original) if one and one.logged}
    subject = case.heading.base_subject.casefold()
    if not known or subject in {one.casefold() for one in known}:
        return None
    return {"changed": True}


@rule(
    Reason.COLLEAGUE_WROTE,
    Outcome.NOT_LOGGED,
    remedy="{address} is a colleague. "
    "Send it through your own mail server, or BCC {logging_address}.",
)
def colleague_wrote(case: Case) -> Evidence | None:
    """The author is of the company, but it came from outside.

    When that is proved it is judged as outgoing instead.
    """
    if case.author is None or not case.by_company:
        return None
    return {"address": case.author.key, "logging_address": case.policy.logging_address}


@rule(Reason.ADOPTED_ORIGINAL, Outcome.LOGGED, source="S13")
def adopted_original(case: Case) -> Evidence | None:
    """`stranger_original = adopt`: a stranger's message that a user answered with a mark."""
    if case.policy.stranger_original != "adopt" or not _is_answered(case):
        return None
    return {"address": case.author.key} if case.author and _was_stranger(case) else None


@rule(
    Reason.REPLIER_NOT_CONTACT,
    Outcome.NOT_LOGGED,
    source="S9 S12",
    remedy="{address} is not a contact. Add it to {contact} or merge the two, then replay.",
    command="replygate contact add-address {contact} {address}",
    fixable=True,
)
def replier_not_contact(case: Case) -> Evidence | None:
    """`unknown_replier = skip`: a reply in a tracked thread from an address of no contact."""
    if case.policy.unknown_replier != "skip" or not _is_reply_of_unknown(case):
        return None
    return {"address": _author_key(case), "contact": contact_of_unknown(case)[0] or "CONTACT"}


@rule(
    Reason.STRANGER_IN_THREAD,
    Outcome.HELD,
    remedy="Someone outside this conversation answered it. Confirm before it appears.",
    command=LOG,
)
def stranger_in_thread(case: Case) -> Evidence | None:
    """`unknown_replier = thread-contact`: neither address nor domain are of the thread.

    Domains at which anybody may have an address never count.
    """
    if case.policy.unknown_replier == "skip" or not _is_reply_of_unknown(case):
        return None
    return None if belongs_to_thread(case) else {"address": _author_key(case)}


@rule(
    Reason.REPLY_FROM_UNKNOWN,
    Outcome.LOGGED,
    source="S9 S12",
    remedy="{address} is not a contact yet; logged under {contact}. Add it as a second address?",
    command="replygate contact add-address {contact} {address}",
)
def reply_from_unknown(case: Case) -> Evidence | None:
    """`unknown_replier = thread-contact`: logged under a contact of the thread.

    The one of the same domain, else the one in To or Cc, else its first recipient, who becomes a
    contact if none is.
    """
    if case.policy.unknown_replier == "skip" or not _is_reply_of_unknown(case):
        return None
    return {"address": _author_key(case), "contact": contact_of_unknown(case)[0] or "CONTACT"}


@rule(
    Reason.CONTACT_AMBIGUOUS,
    Outcome.HELD,
    remedy="{n} contacts use {address}. Choose one.",
    command="replygate log {message_id} --contact CONTACT",
)
def contact_ambiguous(case: Case) -> Evidence | None:
    """Several contacts share the address; thread and owner do not settle it."""
    if len(case.author_contacts) < 2 or author_contact(case) is not None:
        return None
    return {"n": len(case.author_contacts), "address": _author_key(case)}


@rule(Reason.TRACKED_REPLY, Outcome.LOGGED, source="S1 S13")
def tracked_reply(case: Case) -> Evidence | None:
    """A reply in a tracked thread from a contact, and nothing above."""
    if not case.replies_in_tracked_thread or not case.author_contacts:
        return None
    return {"address": _author_key(case), "thread": case.thread.thread_id if case.thread else 0}


@rule(Reason.RECEIVED, Outcome.LOGGED)
def received(case: Case) -> Evidence | None:
    """`log = all`: from a contact, not in a tracked thread."""
    if case.policy.log != "all" or not _is_unasked_of_contact(case):
        return None
    return {"address": _author_key(case)}


@rule(
    Reason.NOT_A_REPLY,
    Outcome.NOT_LOGGED,
    source="S2",
    remedy="Only replies are logged. Forward it to {logging_address}.",
    command=LOG,
    fixable=True,
)
def not_a_reply(case: Case) -> Evidence | None:
    """`log = replies`: new mail from a contact."""
    if case.policy.log != "replies" or not _is_unasked_of_contact(case):
        return None
    return {"address": _author_key(case), "logging_address": case.policy.logging_address}


@rule(
    Reason.SENDER_NOT_CONTACT,
    Outcome.NOT_LOGGED,
    source="S13",
    remedy="{address} is not a contact. Answer it with Log or BCC: later replies are then logged.",
    command="replygate contact add {address}",
    fixable=True,
)
def sender_not_contact(case: Case) -> Evidence:
    """What is left: from no contact, not in a tracked thread; no contact is made."""
    return {"address": _author_key(case)}


def is_new(case: Case) -> bool:
    """Whether it is tied to no other message that we know."""
    return case.thread is None


def _is_reply_of_unknown(case: Case) -> bool:
    """Whether an address of no contact wrote in a tracked thread."""
    return case.replies_in_tracked_thread and not case.author_contacts


def _is_unasked_of_contact(case: Case) -> bool:
    """Whether a contact wrote it, and not in answer to a tracked thread."""
    if case.replies_in_tracked_thread or not case.author_contacts:
        return False
    return not (_is_answered(case) and _was_stranger(case))


def _is_answered(case: Case) -> bool:
    """Whether a user answered this very message with a mark.

    Of several messages with one id it is that of whom the thread's mail goes to: anybody who got
    the answer could send another one under the id that it cites.
    """
    if not case.facts.answered_with_mark:
        return False
    is_alone = not case.facts.seen or case.same_message is not None
    return is_alone or bool(case.author and case.thread and case.author.key in case.thread.outside)


def _was_stranger(case: Case) -> bool:
    """Whether the author was no contact, even if the answer to this made him one since."""
    return not case.author_contacts or case.facts.judged_before in STRANGERS


def _author_key(case: Case) -> str:
    """Return the author's address; of a message without one, the reverse-path."""
    return case.author.key if case.author else case.envelope.mail_from
