"""Stage F: outgoing mail, and the copies of users."""

from __future__ import annotations

from gateway.model.case import Case
from gateway.model.decision import Evidence, Outcome, Reason
from gateway.rules.reach import is_disconnected, last_connection
from gateway.rules.rule import rule
from gateway.rules.wording import day

LOG = "replygate log {message_id}"
BY_OUR_ADDRESS = frozenset({"logging-address", "forward"})


@rule(
    Reason.MAILBOX_DISCONNECTED,
    Outcome.NOT_LOGGED,
    source="S5",
    remedy="{mailbox} is not connected. Reconnect it, or BCC {logging_address}.",
    command="replygate mailbox connect {mailbox}",
    switch="disconnected_mailbox",
    fixable=True,
)
def mailbox_disconnected(case: Case) -> Evidence | None:
    """Marked, by no logging address, but the sender's mailbox is not connected."""
    if not case.mark or case.mark in BY_OUR_ADDRESS:
        return None
    box = case.sender_mailbox
    if box is None or not is_disconnected(case, box):
        return None
    last = last_connection(case, box)
    since = last.disconnected_at if last else None
    return {
        "mailbox": box.address,
        "date": day(since) if since else "it was added",
        "logging_address": case.policy.logging_address,
    }


@rule(Reason.BCC_COPY, Outcome.LOGGED, source="S13")
def bcc_copy(case: Case) -> Evidence | None:
    """A BCC copy of a user's own message."""
    if not case.is_bcc_copy or case.author is None:
        return None
    return {"by": case.author.key, "proof": _proof_of(case)}


@rule(Reason.LOGGED_BY_FORWARD, Outcome.LOGGED, source="S2 S11")
def logged_by_forward(case: Case) -> Evidence | None:
    """An accepted forward; the forwarder gets the credit.

    In its thread under the thread's contact, else under the original author (of a user's own
    mail: its outside recipients), who becomes a contact. An unknown alias is suggested.
    """
    if not case.is_forwarded:
        return None
    by = case.brought_by if case.inside_forward else None
    user = by.key if by else next((s.user for s in case.sightings if s.user), "")
    return {"by": user, "proof": _proof_of(case)}


@rule(Reason.OPTED_IN, Outcome.LOGGED, source="S1 S5 S13")
def opted_in(case: Case) -> Evidence | None:
    """Marked.

    Contacts are made for its recipients by policy; the thread is tracked from here on.
    """
    return {"mark": case.mark} if case.mark else None


@rule(
    Reason.SHARED_THREAD_MOVED,
    Outcome.NOT_LOGGED,
    source="S15",
    remedy="This thread began in {shared}. Answer from there, or BCC {logging_address}.",
    command=LOG,
    fixable=True,
)
def shared_thread_moved(case: Case) -> Evidence | None:
    """Not marked, from a personal mailbox in a thread that began in a shared one."""
    if case.policy.shared_thread_moved == "follow" or case.mark or case.thread is None:
        return None
    shared = case.directory.mailbox_by_key.get(case.thread.began_in)
    sent_from = case.sender_mailbox
    if shared is None or not shared.shared or (sent_from is not None and sent_from.shared):
        return None
    return {"shared": shared.address, "logging_address": case.policy.logging_address}


@rule(Reason.SENT_IN_THREAD, Outcome.LOGGED)
def sent_in_thread(case: Case) -> Evidence | None:
    """`unmarked_in_thread = log`: in a tracked thread."""
    if case.policy.unmarked_in_thread != "log" or not case.in_tracked_thread:
        return None
    return {"thread": case.thread.thread_id if case.thread else 0}


@rule(Reason.SENT, Outcome.LOGGED)
def sent(case: Case) -> Evidence | None:
    """`log = all`: a recipient is a contact."""
    if case.policy.log != "all":
        return None
    known = next((key for key in case.outside if case.facts.contacts.get(key)), None)
    return {"address": known} if known else None


@rule(
    Reason.SENT_NOT_MARKED,
    Outcome.NOT_LOGGED,
    source="S5 S11",
    remedy="You did not tick Log. BCC or forward it to {logging_address}, or log the thread.",
    command="replygate log {message_id} --thread",
    fixable=True,
)
def sent_not_marked(case: Case) -> Evidence | None:
    """`log = replies`: no mark, and nothing above. Its replies get `original-not-logged`."""
    if case.policy.log != "replies" or case.mark:
        return None
    return {"logging_address": case.policy.logging_address}


@rule(
    Reason.RECIPIENT_NOT_CONTACT,
    Outcome.NOT_LOGGED,
    remedy="{address} is not a contact. Use Log or BCC to log it and make the contact.",
    command="replygate contact add {address}",
    fixable=True,
)
def recipient_not_contact(case: Case) -> Evidence:
    """What is left, under `log = all`: no mark, and no recipient is a contact."""
    return {"address": next(iter((*case.outside, *case.recipients)), "")}


def _proof_of(case: Case) -> str:
    """Return what proves the sender, with what is known of it, such as domain and selector."""
    detail = case.proof.detail if case.proof else ""
    return f"{case.proven} {detail}".strip()
