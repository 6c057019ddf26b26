"""Stage F, incoming: did it reach a mailbox that we follow, and the right one?"""

from __future__ import annotations

from gateway.model.case import Case
from gateway.model.decision import Evidence, Outcome, Reason
from gateway.model.envelope import Direction
from gateway.rules.reach import asked_starter, barred, last_connection
from gateway.rules.rule import rule
from gateway.rules.wording import day

CONNECT = "replygate mailbox connect {mailbox}"


@rule(
    Reason.PROVIDER_CHANGED,
    Outcome.NOT_LOGGED,
    source="S16",
    remedy="{mailbox} moved from {old} to {new}. "
    "Reconnect it with {new} so that replies are found again.",
    command="replygate mailbox connect {mailbox} --provider {new}",
    fixable=True,
)
def provider_changed(case: Case) -> Evidence | None:
    """The thread began under an earlier provider of the mailbox.

    And the mailbox is not connected with the provider that it has now.
    """
    if case.thread is None or case.thread.began_at is None:
        return None
    box = barred(case, Reason.PROVIDER_CHANGED)
    if box is None:
        return None
    old, new = box.provider_at(case.thread.began_at), box.provider_at(case.asked_at)
    return {"mailbox": box.address, "old": old, "new": new}


@rule(
    Reason.MAILBOX_DISCONNECTED,
    Outcome.NOT_LOGGED,
    source="S7",
    remedy="{mailbox} was disconnected since {date}. Reconnect it and replay the mail in between.",
    command=CONNECT,
    switch="disconnected_mailbox",
    fixable=True,
)
def mailbox_disconnected(case: Case) -> Evidence | None:
    """The mailbox that it reached was disconnected.

    With `provider_changed = follow` a change of provider is no disconnection.
    """
    box = barred(case, Reason.MAILBOX_DISCONNECTED)
    if box is None:
        return None
    last = last_connection(case, box)
    since = last.disconnected_at if last else None
    return {"mailbox": box.address, "date": day(since) if since else "it was added"}


@rule(
    Reason.OTHER_FOLDER,
    Outcome.NOT_LOGGED,
    source="S14",
    remedy="It was filed in {folder}; only the inbox is followed. "
    "Change the filter, or forward it.",
    command="replygate log {message_id}",
    fixable=True,
)
def other_folder(case: Case) -> Evidence | None:
    """It was filed outside the main inbox folder, child folders too, as told by the intake."""
    if not case.envelope.folder:
        return None
    box = barred(case, Reason.OTHER_FOLDER)
    return {"folder": case.envelope.folder, "mailbox": box.address} if box else None


@rule(
    Reason.SHARED_THREAD_MOVED,
    Outcome.NOT_LOGGED,
    source="S15",
    remedy="This thread began in {shared}. Answer from there, or forward the reply.",
    command="replygate log {message_id}",
    fixable=True,
)
def shared_thread_moved(case: Case) -> Evidence | None:
    """The thread began in a shared mailbox, and is answered by way of a personal one.

    The message it answers came from a personal one, and it did not reach the shared one.
    """
    thread = case.thread
    if case.policy.shared_thread_moved == "follow" or thread is None or thread.parent is None:
        return None
    boxes = case.directory.mailbox_by_key
    shared, sent_from = boxes.get(thread.began_in), boxes.get(thread.parent.mailbox)
    if shared is None or not shared.shared or sent_from is None or sent_from.shared:
        return None
    if thread.parent.direction is Direction.INCOMING or shared in case.reached:
        return None
    return {"shared": shared.address, "mailbox": sent_from.address}


@rule(
    Reason.NOT_STARTERS_MAILBOX,
    Outcome.NOT_LOGGED,
    source="S8",
    remedy="It went to {mailbox}, not to {starter}, who began the thread. Forward it to log it.",
    command="replygate log {message_id}",
    fixable=True,
)
def not_starters_mailbox(case: Case) -> Evidence | None:
    """It reached none of the mailboxes of the one who began the thread."""
    starter = asked_starter(case)
    if not starter:
        return None
    if not case.reached:
        return {"mailbox": next(iter(case.recipients), "nobody"), "starter": starter}
    box = barred(case, Reason.NOT_STARTERS_MAILBOX)
    return {"mailbox": box.address, "starter": starter} if box else None
