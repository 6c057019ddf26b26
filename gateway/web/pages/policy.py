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
from gateway.web.work import compare

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


@dataclass(frozen=True, slots=True)
class Switch:
    """A row of the table: what each preset says, and what holds here."""

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
        policies = [_preset(visit.config.policy, name) for name in PRESETS]
        found = compare(visit.config, policies, entry_ids, now)
        results = [_would_be(name, some) for name, some in zip(PRESETS, found, strict=True)]
    return visit.show(
        "policy.html",
        switches=_switches(visit.config.policy),
        presets=list(PRESETS),
        here=visit.config.policy.preset,
        results=results,
        judged=judged,
        days=DAYS,
        file=visit.config.file,
    )


def _preset(ours: Policy, name: str) -> Policy:
    return replace(PRESETS[name], **{setting: getattr(ours, setting) for setting in OURS})


def _switches(here: Policy) -> list[Switch]:
    names = [each.name for each in fields(Policy) if each.name not in OURS | {"preset"}]
    return [
        Switch(
            name.replace("_", " "),
            _words(getattr(here, name)),
            tuple(_words(getattr(policy, name)) for policy in PRESETS.values()),
        )
        for name in names
    ]


def _words(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, frozenset):
        return ", ".join(sorted(map(str, value))) or "all"
    if isinstance(value, tuple):
        return ", ".join(f"{key} {limit}" for key, limit in value) or "none"
    if isinstance(value, int) and value >= 10**6:
        return f"{value // 10**6} MB"
    return "none" if value is None else str(value).replace("-", " ")


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
