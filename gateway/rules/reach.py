"""Which of the mailboxes that a message reached stand open for it, and what bars the others.

`provider-changed`, `mailbox-disconnected`, `other-folder`, `not-starters-mailbox` and `spam` by
provider match only if no mailbox that it reached passes all of them; they speak of the starter's
mailbox then, else of the first reached.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from gateway.model.case import Case
from gateway.model.decision import Reason
from gateway.model.directory import Connection, Mailbox
from gateway.model.message import Verdict

MAIN_FOLDERS: Final = frozenset({"", "inbox"})
JUNK_FOLDERS: Final = frozenset(
    {
        "\\junk",
        "bulk",
        "bulk mail",
        "correo no deseado",
        "courrier indésirable",
        "indésirables",
        "junk",
        "junk e-mail",
        "junk email",
        "junk mail",
        "junk-e-mail",
        "posta indesiderata",
        "spam",
        "unerwünscht",
        "迷惑メール",
        "垃圾邮件",
    }
)
"""Last part of the name of a folder for junk, as providers call it, in lower case."""


def is_junk_folder(folder: str) -> bool:
    """Whether a folder, child or not, is one for junk."""
    name = folder.casefold().replace(".", "/").rpartition("/")[2]
    return name in JUNK_FOLDERS


def spam_verdict(case: Case) -> Verdict | None:
    """Return the spam verdict of a filter that the admin trusts, or of the folder."""
    for verdict in case.heading.verdicts:
        if verdict.kind == "spam" and verdict.filter.lower() in case.policy.trusted_filters:
            return verdict
    folder = case.envelope.folder
    if folder and is_junk_folder(folder):
        return Verdict("spam", f"the folder {folder}", folder)
    return None


def has_moved(case: Case, box: Mailbox) -> bool:
    """Whether the thread began under an earlier provider, and the present one is not connected."""
    thread = case.thread
    if thread is None or thread.began_at is None or case.policy.provider_changed == "follow":
        return False
    now = box.provider_at(case.asked_at)
    if box.provider_at(thread.began_at) == now:
        return False
    connection = box.connection_at(case.asked_at)
    return connection is None or connection.provider != now


def is_disconnected(case: Case, box: Mailbox) -> bool:
    """Whether the mailbox is not connected, and not only because it changed its provider."""
    if box.connection_at(case.asked_at) is not None:
        return False
    last = last_connection(case, box)
    if case.policy.provider_changed != "follow" or last is None or last.disconnected_at is None:
        return True
    return box.provider_at(last.disconnected_at) == last.provider


def last_connection(case: Case, box: Mailbox) -> Connection | None:
    """Return the newest connection that was begun by then, or None."""
    begun = (one for one in reversed(box.connections) if one.connected_at <= case.asked_at)
    return next(begun, None)


def is_filed_elsewhere(case: Case, box: Mailbox) -> bool:
    """Whether the intake told a folder that is not the inbox, and that counts for the provider."""
    policy, folder = case.policy, case.envelope.folder
    if policy.other_folder == "log" or folder.casefold() in MAIN_FOLDERS:
        return False
    counted = policy.other_folder_providers
    return not counted or box.provider_at(case.asked_at) in counted


def is_not_starters(case: Case, box: Mailbox) -> bool:
    """Whether the reply has to reach a mailbox of the thread's starter, and this is none."""
    starter = asked_starter(case)
    return bool(starter) and starter not in {box.user, box.address}


def asked_starter(case: Case) -> str:
    """Return the starter whose mailbox a reply has to reach; empty when any will do."""
    if case.policy.reply_mailbox == "any" or not case.replies_in_tracked_thread:
        return ""
    return case.thread.starter if case.thread else ""


def is_spam_for(case: Case, box: Mailbox) -> bool:
    """Whether there is a spam verdict, and it counts by the provider of the mailbox."""
    counted = case.policy.spam_providers
    if not counted or spam_verdict(case) is None:
        return False
    return box.provider_at(case.asked_at) in counted


BARS: Final[Mapping[Reason, Callable[[Case, Mailbox], bool]]] = {
    Reason.PROVIDER_CHANGED: has_moved,
    Reason.MAILBOX_DISCONNECTED: is_disconnected,
    Reason.OTHER_FOLDER: is_filed_elsewhere,
    Reason.NOT_STARTERS_MAILBOX: is_not_starters,
    Reason.SPAM: is_spam_for,
}


def passes(case: Case, box: Mailbox) -> bool:
    """Whether nothing bars this mailbox."""
    return not any(bars(case, box) for bars in BARS.values())


def barred(case: Case, reason: Reason) -> Mailbox | None:
    """Return the mailbox to speak of when this bars the message; None when it does not."""
    boxes = case.reached
    if not boxes:
        return None
    spoken_of = starters_first(case)
    if not BARS[reason](case, spoken_of) or any(passes(case, box) for box in boxes):
        return None
    return spoken_of


def starters_first(case: Case) -> Mailbox:
    """Return the starter's mailbox among those reached, else the first; one must be reached."""
    starter = case.thread.starter if case.thread else ""
    owned = (box for box in case.reached if starter and starter in {box.user, box.address})
    return next(owned, case.reached[0])
