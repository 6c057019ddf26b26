"""What the reasons are called where a code would be too short for people: on lists and charts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, get_args

from gateway.model.decision import Reason
from gateway.words.catalogue import Language, Tongue, tongue

REASONS: Final[Mapping[Reason, str]] = {
    Reason.NEVER_LOG_ACCOUNT: "On the company's never-log list",
    Reason.NEVER_LOG_USER: "On a personal never-log list",
    Reason.NEVER_LOG_PARTICIPANT: "Somebody on it is never logged",
    Reason.MARKED_PRIVATE: "Marked private",
    Reason.NO_TRACKED_MAILBOX: "No mailbox of ours",
    Reason.USER_OPTED_OUT: "Logging is off for the user",
    Reason.INTERNAL_ONLY: "Among colleagues",
    Reason.ERASED: "Removed on request",
    Reason.STORE_UNAVAILABLE: "Storage was away",
    Reason.INSPECTION_DEFERRED: "Still being read",
    Reason.TOO_LARGE_TO_INSPECT: "Too large to read",
    Reason.MAIL_LOOP: "Mail loop",
    Reason.OWN_NOTICE: "Notice of this gateway",
    Reason.UNPARSEABLE: "Malformed message",
    Reason.COPY_SENDER_UNKNOWN: "Copy from an unknown address",
    Reason.COPY_SENDER_UNVERIFIED: "Sender of the copy not proved",
    Reason.USER_NOT_PERMITTED: "The user may not log mail",
    Reason.JOURNAL_UNREADABLE: "Unreadable journal copy",
    Reason.JOURNAL_REPORT: "Notice about journalling",
    Reason.FORWARD_ORIGINAL_UNKNOWN: "Original author unknown",
    Reason.FORWARD_INTERNAL: "Forward among colleagues",
    Reason.COMPLETED: "Missing files arrived",
    Reason.REDELIVERED: "Delivered again",
    Reason.SEEN_AGAIN: "Seen before",
    Reason.FORWARD_OF_SEEN: "Forward of a known message",
    Reason.MESSAGE_ID_REUSED: "Same id as another message",
    Reason.MESSAGE_ID_MISSING: "No id of its own",
    Reason.MALWARE: "Malware",
    Reason.SPAM: "Spam",
    Reason.SPAM_IN_THREAD: "Spam verdict in a conversation",
    Reason.SENDER_SPOOFED: "Sender's domain denies it",
    Reason.BOUNCE_UNMATCHED: "Bounce of unlogged mail",
    Reason.RECEIPT_UNMATCHED: "Receipt of unlogged mail",
    Reason.ABUSE_REPORT: "Abuse report",
    Reason.AUTO_REPLY_UNTRACKED: "Automatic reply to unlogged mail",
    Reason.CALENDAR: "Meeting mail",
    Reason.MAILING_LIST: "Mailing list",
    Reason.BULK: "Newsletter",
    Reason.AUTO_GENERATED: "Robot mail",
    Reason.THREAD_CONFLICT: "Belongs to two conversations",
    Reason.PROVIDER_CHANGED: "Mailbox moved to another provider",
    Reason.MAILBOX_DISCONNECTED: "Mailbox not connected",
    Reason.OTHER_FOLDER: "Filed outside the inbox",
    Reason.ORIGINAL_TO_NEVER_LOG: "First message to a never-log address",
    Reason.TEAM_MAIL: "Mail to the team",
    Reason.ORIGINAL_NOT_LOGGED: "First message was not logged",
    Reason.ORIGINAL_UNKNOWN: "First message was never seen",
    Reason.SHARED_THREAD_MOVED: "Left the shared mailbox",
    Reason.NOT_STARTERS_MAILBOX: "Went to another mailbox",
    Reason.BOUNCE: "Bounce",
    Reason.READ_RECEIPT: "Read receipt",
    Reason.AUTO_REPLY: "Automatic reply",
    Reason.CALENDAR_IN_THREAD: "Meeting mail in a conversation",
    Reason.SUBJECT_CHANGED: "Subject was changed",
    Reason.COLLEAGUE_WROTE: "A colleague wrote from outside",
    Reason.ADOPTED_ORIGINAL: "First message, added later",
    Reason.REPLIER_NOT_CONTACT: "Reply from no contact",
    Reason.STRANGER_IN_THREAD: "Stranger in the conversation",
    Reason.REPLY_FROM_UNKNOWN: "Reply from a new address",
    Reason.CONTACT_AMBIGUOUS: "Several contacts fit",
    Reason.TRACKED_REPLY: "Reply in a conversation",
    Reason.RECEIVED: "Received from a contact",
    Reason.NOT_A_REPLY: "New mail, not a reply",
    Reason.SENDER_NOT_CONTACT: "Sender is no contact",
    Reason.BCC_COPY: "Logged by BCC",
    Reason.LOGGED_BY_FORWARD: "Logged by forwarding",
    Reason.OPTED_IN: "Marked for the log",
    Reason.SENT_IN_THREAD: "Sent in a conversation",
    Reason.SENT: "Sent to a contact",
    Reason.SENT_NOT_MARKED: "Sent without a mark",
    Reason.RECIPIENT_NOT_CONTACT: "Recipient is no contact",
    Reason.ATTACHMENT_TOO_LARGE: "Attachment too large",
    Reason.ATTACHMENT_PENDING: "Attachment still being scanned",
    Reason.ATTACHMENT_STRIPPED: "Attachment taken out by a scanner",
    Reason.ATTACHMENT_TYPE_MISMATCH: "Attachment is of another type",
    Reason.ATTACHMENTS_OFF: "Attachments are not stored",
    Reason.ATTACHMENT_ENCODING: "Attachment damaged",
    Reason.BODY_TOO_LARGE: "Text shortened",
    Reason.ENCRYPTED: "Encrypted",
    Reason.CRM_RETRYING: "CRM is tried again",
    Reason.CRM_REFUSED: "Refused by the CRM",
    Reason.APPROVED: "Approved by a person",
    Reason.DISCARDED: "Discarded by a person",
    Reason.HOLD_EXPIRED: "Nobody decided in time",
    Reason.LOGGED_BY_HAND: "Logged by hand",
    Reason.IMPORTED: "Imported history",
    Reason.NOT_DELIVERED: "Not delivered",
}
"""The rules' own sentences say more, and the codes stay what programs know them by."""


def reason_in(told: Tongue, reason: Reason | str) -> str:
    """Return what a reason is called in this language."""
    return told.template(REASONS[Reason(reason)])


def reason_called(name: str) -> Reason | None:
    """Return the reason that is called so, in any language; None for none."""
    asked = " ".join(name.split()).casefold()
    for language in get_args(Language):
        for reason in Reason:
            if asked == reason_in(tongue(language), reason).casefold():
                return reason
    return None
