"""The policy: the presets side by side, and what the last days would have been under each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import timedelta

from starlette.responses import Response

from gateway.model.policy import Policy
from gateway.replay import Change
from gateway.rules.presets import PRESETS
from gateway.web.desk import Visit
from gateway.web.templating import size
from gateway.web.work import compare
from gateway.words.catalogue import Tongue

MOST = 500
"""Kept messages that are judged for a comparison; the newest ones."""
DAYS = 14
OURS = frozenset(
    {
        "logging_address", "mark_field", "folder_field", "trusted_filters", "retention",
        "received_limit", "copies_limit", "inspection_limit",
    }
)  # fmt: skip
"""Settings of a policy that are no matter of a preset."""
SWITCHES = {
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


@dataclass(frozen=True, slots=True)
class Switch:
    """A row of the table: what each preset says, and what holds here."""

    key: str
    name: str
    here: str
    presets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WouldBe:
    """What the messages would have been under one preset."""

    preset: str
    logged: int
    more: int
    """Logged, that are not logged now."""
    fewer: int
    of_whom: tuple[tuple[str, int], ...]
    """Those more, by the mailbox that they reached; the most first."""


def policy(visit: Visit) -> Response:
    """Show the presets, and when asked, what they would have made of the last days."""
    results: list[WouldBe] = []
    judged = 0
    if visit.asked("compare"):
        now = visit.desk.clock()
        entry_ids = visit.views.kept_ids(now - timedelta(days=DAYS), MOST)
        judged = len(entry_ids)
        policies = [of_preset(visit.config.policy, name) for name in PRESETS]
        found = compare(visit.config, policies, entry_ids, now)
        results = [_would_be(name, some) for name, some in zip(PRESETS, found, strict=True)]
    return visit.show(
        "policy.html",
        switches=_switches(visit, visit.config.policy),
        presets=list(PRESETS),
        here=visit.config.policy.preset,
        results=results,
        judged=judged,
        days=DAYS,
        file=visit.config.file,
    )


def of_preset(ours: Policy, name: str) -> Policy:
    """Return a preset, with our own settings around it."""
    return replace(PRESETS[name], **{setting: getattr(ours, setting) for setting in OURS})


def _switches(visit: Visit, here: Policy) -> list[Switch]:
    names = [each.name for each in fields(Policy) if each.name not in OURS | {"preset"}]
    return [
        Switch(
            name,
            visit.say(SWITCHES[name]),
            value_in(visit.tongue, getattr(here, name)),
            tuple(value_in(visit.tongue, getattr(policy, name)) for policy in PRESETS.values()),
        )
        for name in names
    ]


def value_in(told: Tongue, value: object) -> str:
    """Return the value of a switch in words."""
    if isinstance(value, bool):
        return told.say(VALUES["yes" if value else "no"])
    if isinstance(value, frozenset):
        return ", ".join(sorted(map(str, value))) or told.say(VALUES["every"])
    if isinstance(value, tuple):
        return ", ".join(f"{key} {size(limit)}" for key, limit in value) or told.say(VALUES["none"])
    if isinstance(value, int):
        return size(value) if value >= 10**5 else str(value)
    return told.say(VALUES["none"] if value is None else VALUES.get(str(value), str(value)))


def _would_be(preset: str, changes: Sequence[Change]) -> WouldBe:
    after = [change for change in changes if change.after.outcome.on_timeline]
    more = [change for change in after if not change.before[0].on_timeline]
    fewer = [
        change
        for change in changes
        if change.before[0].on_timeline and not change.after.outcome.on_timeline
    ]
    boxes = Counter(box for change in more for box in change.after.mailboxes)
    return WouldBe(preset, len(after), len(more), len(fewer), tuple(boxes.most_common(3)))
