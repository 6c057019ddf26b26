"""What the switches of the policy and their values are called on the pages."""

from __future__ import annotations

from gateway.web.templating import size
from gateway.words.catalogue import Tongue

SWITCHES = {
    "preset": "Preset",
    "log": "What is logged",
    "unmarked_in_thread": "A user writes on in a tracked thread, unmarked",
    "reply_mailbox": "Which mailbox a reply has to reach",
    "unknown_replier": "A reply from an address of no contact",
    "suggest_alias": "Suggest second addresses of contacts",
    "subject_must_match": "A reply has to keep the subject",
    "disconnected_mailbox": "A reply to a disconnected mailbox",
    "provider_changed": "A reply after a change of provider",
    "shared_thread_moved": "A thread of a shared mailbox goes on in a personal one",
    "other_folder": "Mail filed outside the inbox",
    "other_folder_providers": "Providers whose folders count",
    "spam": "Spam",
    "spam_providers": "Providers whose spam verdict counts",
    "never_log_original": "The first message went to a never-log address",
    "complete_attachments": "Wait for files that are being scanned",
    "find_true_original": "Use the true original of a forward",
    "stranger_original": "A stranger's message that was answered with a mark",
    "create_contacts": "Make contacts",
    "create_role_contacts": "Make contacts of role, list and no-reply addresses",
    "spoofed": "The sender's domain denies it",
    "attachments": "Store attachments",
    "attachment_limit_in": "Largest incoming file",
    "attachment_limit_out": "Largest outgoing file",
    "attachment_limit_out_total": "All files of an outgoing message together",
    "attachment_limit_by_user": "Largest file by user",
    "attachment_limit_by_type": "Largest file by type",
    "body_limit": "Longest text on the timeline",
    "pending_minutes": "Minutes to wait for a file that is being scanned",
}
VALUES = {
    "replies": "replies only",
    "all": "all mail with contacts",
    "skip": "not logged",
    "log": "logged",
    "hold": "held",
    "follow": "followed",
    "starter": "one of who began the thread",
    "any": "any mailbox",
    "thread-contact": "logged under the contact of the thread",
    "thread": "none of its replies is logged",
    "participant": "logged for the others",
    "leave": "stays off the timeline",
    "adopt": "is logged too",
    "on-mark": "when it is marked",
    "never": "never",
    "yes": "yes",
    "no": "no",
    "none": "none",
    "every": "all of them",
}
"""What the values of switches mean."""


def value_in(told: Tongue, value: object) -> str:
    """Return the value of a switch in words."""
    if isinstance(value, bool):
        return told.say(VALUES["yes" if value else "no"])
    if isinstance(value, frozenset):
        return ", ".join(sorted(map(str, value))) or told.say(VALUES["every"])
    if isinstance(value, tuple):
        return ", ".join(f"{key} {size(limit)}" for key, limit in value) or told.say(VALUES["none"])
    if isinstance(value, int):
        return size(value) if value >= SIZES_FROM else str(value)
    return told.say(VALUES["none"] if value is None else VALUES.get(str(value), str(value)))


SIZES_FROM = 10**5
"""A number from here on is one of octets."""
