"""Says what kind of message it is; the first that fits in the order of Kind.

Standards: RFC 3464, RFC 8098, RFC 5965, RFC 3834, RFC 5546, RFC 2369, RFC 2919.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import msgspec

from gateway.mail.autoreplies import auto_reply_evidence
from gateway.mail.bounces import looks_like_bounce, read_old_bounce
from gateway.mail.reports import (
    DELIVERY_TYPES,
    DISPOSITION_TYPES,
    FEEDBACK_TYPE,
    Group,
    delivery_results,
    disposition_results,
    feedback_results,
    ids_in_header,
    original_ids,
    original_recipient,
    read_groups,
)
from gateway.model.envelope import Octets
from gateway.model.message import Heading, Kind, Part, RecipientStatus, Report

_MESSAGE_ID: Final = re.compile(r"(?mi)^[ \t>|]*Message-ID:\s*(<[^<>\s]+>)")
_BULK: Final = re.compile(rb"\s*(?:bulk|junk)\b", re.IGNORECASE)
_LIST_FIELDS: Final = frozenset(
    (
        "list-id",
        "list-post",
        "x-mailing-list",
        "x-beenthere",
        "mailing-list",
        "x-listname",
        "x-ml-name",
    )
)
_BULK_FIELDS: Final = frozenset(
    (
        "list-unsubscribe",
        "feedback-id",
        "x-campaign",
        "x-campaignid",
        "x-campaign-id",
        "x-mailgun-tag",
        "x-csa-complaints",
        "x-mc-user",
        "x-sg-eid",
    )
)
_TELLING_FIELDS: Final = _LIST_FIELDS | _BULK_FIELDS | {"precedence", "auto-submitted"}
_ROBOT: Final = re.compile(
    r"(?:no|do-?not)[-_.]?reply|mailer-?daemon|notifications?\b|cron\b|daemon\b", re.IGNORECASE
)


class Finding(msgspec.Struct, frozen=True):
    """The kind, what shows it, and the report when it is one."""

    kind: Kind
    evidence: str = ""
    report: Report | None = None


def find_kind(
    octets: Octets, heading: Heading, parts: Sequence[Part], leaves: Sequence[Part], text: str
) -> Finding:
    """Return the kind of a message; `text` is what it shows, new words and old."""
    return (
        _find_report(octets, heading, parts, leaves, text)
        or _find_calendar(leaves)
        or _find_automatic(heading, text)
        or _find_mass(heading)
        or Finding(Kind.PERSONAL)
    )


def calendar_method(leaves: Sequence[Part]) -> str:
    """Return the METHOD of the meeting mail (RFC 5546), in lower case; empty when none."""
    for part in leaves:
        if part.media_type == "text/calendar" and part.params.get("method"):
            return part.params["method"].lower()
    return ""


def _find_report(
    octets: Octets, heading: Heading, parts: Sequence[Part], leaves: Sequence[Part], text: str
) -> Finding | None:
    """Return the finding when it is a report."""
    for part in leaves:
        media_type = part.media_type
        if not media_type.startswith("message/"):
            continue
        if media_type in DELIVERY_TYPES:
            return _delivery(octets, heading, parts, read_groups(octets, part), text)
        if media_type in DISPOSITION_TYPES:
            groups = read_groups(octets, part)
            ids = original_ids(octets, parts, groups)
            return Finding(Kind.RECEIPT, media_type, Report(disposition_results(groups), ids))
        if media_type == FEEDBACK_TYPE:
            groups = read_groups(octets, part)
            ids = original_ids(octets, parts, groups)
            return Finding(Kind.ABUSE_REPORT, media_type, Report(feedback_results(groups), ids))
    declared = (
        parts[0].params.get("report-type", "") if parts[0].media_type == "multipart/report" else ""
    )
    evidence = looks_like_bounce(heading, text)
    if not evidence and declared.lower() == "delivery-status":
        evidence = "report-type=delivery-status"
    return _old_bounce(octets, heading, parts, text, evidence) if evidence else None


def _delivery(
    octets: Octets, heading: Heading, parts: Sequence[Part], groups: list[Group], text: str
) -> Finding:
    """Return a delivery report in the standard's form."""
    results = delivery_results(groups, text) or read_old_bounce(heading, text)
    if not all(one.diagnostic for one in results):
        # What the machine's part leaves out, the people's part often says.
        told = {one.recipient: one for one in read_old_bounce(heading, text) if one.recipient}
        results = tuple([one if one.diagnostic else _completed(one, told) for one in results])
    ids = original_ids(octets, parts, groups) or _ids_in_text(text)
    results = _named(results, octets, parts, text)
    return Finding(Kind.BOUNCE, "message/delivery-status", Report(results, ids))


def _completed(one: RecipientStatus, told: Mapping[str, RecipientStatus]) -> RecipientStatus:
    """Return a recipient's status with what the text says of him."""
    other = told.get(one.recipient)
    if other is None or one.action != "failed":
        return one
    hard = one.hard if other.hard is None else other.hard
    return replace(one, diagnostic=other.diagnostic, status=other.status or one.status, hard=hard)


def _named(
    results: tuple[RecipientStatus, ...], octets: Octets, parts: Sequence[Part], text: str
) -> tuple[RecipientStatus, ...]:
    """Return the results; a single one that names nobody means the original's only recipient."""
    if len(results) != 1 or results[0].recipient:
        return results
    return (replace(results[0], recipient=original_recipient(octets, parts, text)),)


def _old_bounce(
    octets: Octets, heading: Heading, parts: Sequence[Part], text: str, evidence: str
) -> Finding:
    """Return a delivery report in words."""
    results = _named(read_old_bounce(heading, text), octets, parts, text)
    ids = original_ids(octets, parts, ()) or _ids_in_text(text)
    return Finding(Kind.BOUNCE, evidence, Report(results, ids))


def _ids_in_text(text: str) -> tuple[str, ...]:
    """Return the Message-ID of an original that is quoted in the text."""
    found = _MESSAGE_ID.search(text)
    if found is None:
        return ()
    return tuple(
        ids_in_header(b"Message-ID: " + found.group(1).encode("utf-8", "replace") + b"\n\n")
    )


def _find_calendar(leaves: Sequence[Part]) -> Finding | None:
    """Return the finding when it is meeting mail; an attached .ics alone is none."""
    method = calendar_method(leaves)
    return Finding(Kind.CALENDAR, f"METHOD {method.upper()}") if method else None


def _find_automatic(heading: Heading, text: str) -> Finding | None:
    """Return the finding when it answers by itself."""
    evidence = auto_reply_evidence(heading, text)
    return Finding(Kind.AUTO_REPLY, evidence) if evidence else None


def _find_mass(heading: Heading) -> Finding | None:
    """Return the finding when it goes to many or comes from a robot."""
    bulk = generated = ""
    for field in () if _TELLING_FIELDS.isdisjoint(heading.values) else heading.fields:
        name = field.name
        if name in _LIST_FIELDS or (name == "precedence" and field.value[:4].lower() == b"list"):
            return Finding(Kind.MAILING_LIST, name)
        if name in _BULK_FIELDS or (name == "precedence" and _BULK.match(field.value)):
            bulk = bulk or name
        elif name == "auto-submitted" and field.value.strip()[:2].lower() != b"no":
            generated = name
    if bulk:
        return Finding(Kind.BULK, bulk)
    if not generated and heading.author and _ROBOT.match(heading.author.key):
        generated = heading.author.key
    return Finding(Kind.AUTO_GENERATED, generated) if generated else None
